// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target.
let base: [SwiftSetting] = [
  // The linker leaves out each function that nothing calls, and not only whole files of them.
  .unsafeFlags(["-Xfrontend", "-function-sections"]),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings of every Swift target but the kernels.
///
/// This pass puts what a loop hands on in the order of its addresses in memory, which differ from one
/// build to the next; LLVM unrolls loops too.
let common = base + [.unsafeFlags(["-Xllvm", "-sil-disable-pass=loop-unroll"])]

/// Settings of a module that works with words and files: small code is as fast there.
let small = common + [.unsafeFlags(["-Osize"])]

/// Settings of a kernel module: no checks in leaf loops, and the instruction set it is built for.
///
/// `-Xcc -march` sets the target of Swift code too; without the wide vector preference LLVM
/// splits 512-bit arithmetic that it has itself put together.
func kernelSettings(_ flags: [String] = [], define: String? = nil) -> [SwiftSetting] {
  base + [
    .unsafeFlags(["-Ounchecked", "-Xfrontend", "-disable-cmo"] + flags.flatMap { ["-Xcc", $0] })
  ]
    + (define.map { [.define($0)] } ?? [])
}

/// What leaves symbols out of the program.
let strip = Context.environment["CNNCTL_SYMBOLS"] == nil ? ["-Xlinker", "--strip-all"] : []

/// Swift's own libraries inside the program: a shared Foundation costs more at each start than an
/// answer on a small picture, and the program runs where no toolchain is.
///
/// The two named libraries are parts of Foundation's static library that a module compiled for the
/// shared one does not name. lld, because the toolchain's default linker warns of code in Foundation.
/// Symbols and debug information, half of the file, stay outside unless CNNCTL_SYMBOLS asks for them.
/// Nothing loads the program as a library, so that it need not export them either.
let staticLibraries: [LinkerSetting] = [
  .unsafeFlags(
    ["-static-stdlib", "-use-ld=lld", "-Xlinker", "--no-export-dynamic"] + strip,
    .when(platforms: [.linux])),
  .linkedLibrary("_FoundationCShims", .when(platforms: [.linux])),
  .linkedLibrary("_FoundationCollections", .when(platforms: [.linux])),
]

// The same sources, compiled once a level: KernelsAVX2 and KernelsAVX512 are links to Kernels.
#if arch(x86_64)
  let wideKernels: [Target] = [
    .target(
      name: "KernelsAVX2", dependencies: ["KernelTypes"],
      swiftSettings: kernelSettings(["-march=x86-64-v3"], define: "KERNELS_AVX2")),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelTypes"],
      swiftSettings: kernelSettings(
        ["-march=x86-64-v4", "-mprefer-vector-width=512"], define: "KERNELS_AVX512")),
  ]
#else
  let wideKernels: [Target] = []
#endif

// Tests, and what they share: comparing, references in Double, fixtures.
let tests: [Target] = [
  .testTarget(
    name: "InterchangeTests",
    dependencies: [
      "Interchange", "Classifier", "Training", "CNN", "ImageData", "Compute", "TestSupport",
      "Primitives",
    ],
    exclude: ["Fixtures"], swiftSettings: common),
  .testTarget(
    name: "TrainingTests",
    dependencies: [
      "Training", "Classifier", "CNN", "ImageData", "Compute", "Primitives", "Ranks",
      "TestSupport",
    ], swiftSettings: common),
  .testTarget(
    name: "ClassifierTests",
    dependencies: ["Classifier", "CNN", "ImageData", "Compute", "Primitives", "TestSupport"],
    exclude: ["Fixtures"], swiftSettings: common),
  .testTarget(
    name: "ReportTests",
    dependencies: ["Report", "Drawing", "Training", "Classifier", "ImageData", "Primitives"],
    exclude: ["Fixtures"], swiftSettings: common),
  .testTarget(
    name: "ImageDataTests",
    dependencies: [
      "ImageData", "CImageCodecs", "Compute", "KernelTypes", "Primitives", "Ranks",
      "TestSupport",
    ],
    exclude: ["Fixtures"], swiftSettings: common),
  .target(
    name: "TestSupport",
    dependencies: ["Compute", "KernelTypes", "Primitives", "Ranks"],
    path: "Tests/TestSupport", swiftSettings: common),
  .testTarget(
    name: "SortingTests", dependencies: ["Sorting", "Primitives"], swiftSettings: common),
  .testTarget(name: "RanksTests", dependencies: ["Ranks", "TestSupport"], swiftSettings: common),
  .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: common),
  .testTarget(
    name: "PrimitivesTests", dependencies: ["Primitives", "TestSupport"], swiftSettings: common),
  .testTarget(
    name: "KernelTests", dependencies: ["KernelTypes", "Compute", "Primitives", "TestSupport"],
    swiftSettings: common),
  .testTarget(
    name: "CNNTests",
    dependencies: ["CNN", "Compute", "TestSupport", "Primitives", "Ranks"],
    exclude: ["Fixtures"], swiftSettings: common),
]

let package = Package(
  name: "cnnctl",
  products: [
    .executable(name: "cnnctl", targets: ["cnnctl"]),
    .library(name: "CNN", targets: ["CNN"]),
  ],
  targets: [
    // Commands on top; arrows go down only.
    .executableTarget(
      name: "cnnctl", dependencies: ["Commands"], swiftSettings: common,
      linkerSettings: staticLibraries),
    .target(
      name: "Commands",
      dependencies: [
        "Interchange", "Report", "Drawing", "Training", "Classifier", "ImageData", "CNN", "Compute",
        "Primitives", "Ranks", "Sorting",
      ],
      swiftSettings: small),
    // What a run has left, as a page with its charts and images.
    .target(
      name: "Report",
      dependencies: [
        "Training", "Classifier", "Drawing", "ImageData", "CNN", "Compute", "KernelTypes",
        "Primitives",
      ],
      swiftSettings: small),
    // Models as other programs write and read them.
    .target(
      name: "Interchange",
      dependencies: ["Classifier", "ImageData", "CNN", "CImageCodecs", "Primitives"],
      swiftSettings: common),
    .target(
      name: "Training",
      dependencies: [
        "Classifier", "CNN", "ImageData", "Compute", "KernelTypes", "Primitives", "Ranks",
      ],
      swiftSettings: common),
    // A model with its classes: what it answers, how well, and where it looks.
    .target(
      name: "Classifier",
      dependencies: ["CNN", "ImageData", "Compute", "KernelTypes", "Primitives", "CBoxedModels"],
      swiftSettings: common),

    // Charts and drawings: of numbers, names and images, without models.
    .target(
      name: "Drawing", dependencies: ["CImageCodecs", "Primitives"], swiftSettings: small),

    // Photos into folders, with a journal that takes it back.
    .target(
      name: "Sorting", dependencies: ["CSystem", "Primitives"], swiftSettings: small),

    // Images and networks: neither knows the other.
    .target(
      name: "ImageData",
      dependencies: ["CImageCodecs", "Compute", "KernelTypes", "Primitives", "Ranks"],
      swiftSettings: common),
    .target(
      name: "CNN", dependencies: ["Compute", "KernelTypes", "Primitives", "Ranks"],
      swiftSettings: common),

    // Kernels: which to use and on which threads, the code itself, and what it looks like. The last
    // two import nothing of the system.
    .target(
      name: "Compute",
      dependencies: ["KernelTypes", "Kernels", "CSystem", "Primitives"]
        + wideKernels.map { .target(name: $0.name) },
      swiftSettings: common),
    .target(name: "Kernels", dependencies: ["KernelTypes"], swiftSettings: kernelSettings()),
    .target(name: "KernelTypes", swiftSettings: common),
    .target(name: "Primitives", dependencies: ["CSystem"], swiftSettings: common),

    // Several processes that work together.
    .target(
      name: "Ranks", dependencies: ["CMPI", "CSystem", "Primitives"], swiftSettings: common),

    // C: leaf functions over the system.
    .target(name: "CSystem"),
    // MPI, whose library is opened when it is wanted.
    .target(
      name: "CMPI", cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    // The model inside the program; the compiler reads its file.
    .target(
      name: "CBoxedModels", exclude: ["cats-dogs.safetensors"],
      cSettings: [.treatAllWarnings(as: .error)]),
    .target(
      name: "CImageCodecs", dependencies: ["CJPEG", "CPNG"],
      cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [
        .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z"),
        .linkedLibrary("dl", .when(platforms: [.linux])),
      ]),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),

    .testTarget(
      name: "CommandsTests",
      dependencies: [
        "Commands", "Report", "Drawing", "Classifier", "Training", "ImageData", "CNN", "Compute",
        "Primitives", "TestSupport",
      ],
      exclude: ["Fixtures", "Golden"], swiftSettings: common),
  ] + wideKernels + tests,
  swiftLanguageModes: [.v6]
)
