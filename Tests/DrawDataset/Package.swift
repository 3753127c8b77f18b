// swift-tools-version: 6.2
import PackageDescription

// Draws the pictures of dataset/, which the tests and the first steps of the README use. A package
// of its own: nobody who builds cnnctl needs it. What both need are links to cnnctl's sources.
let package = Package(
  name: "draw-dataset",
  targets: [
    .executableTarget(
      name: "draw-dataset", dependencies: ["CImageCodecs"],
      swiftSettings: [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ]),
    .target(
      name: "CImageCodecs", dependencies: ["CJPEG", "CPNG"],
      cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z")]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg"),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng"),
  ],
  swiftLanguageModes: [.v6]
)
