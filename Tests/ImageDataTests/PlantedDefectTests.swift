import Compute
import FoundationEssentials
import Glibc
import ImageData
import Primitives
import Testing

/// A defect that is put into a clean dataset, and what a check must say of it.
private struct Defect: Sendable, CustomTestStringConvertible {
  var name: String
  var kinds: [CheckFinding.Kind]
  /// Paths that some finding must name.
  var paths: [String]
  var plant: @Sendable (TemporaryFolder) throws -> Void

  init(
    _ name: String, _ kinds: CheckFinding.Kind..., naming paths: [String],
    plant: @escaping @Sendable (TemporaryFolder) throws -> Void
  ) {
    self.name = name
    self.kinds = kinds
    self.paths = paths
    self.plant = plant
  }

  var testDescription: String { name }
}

/// The number of the first picture of train/cats and others that are in no file.
private let first = 0
private let unused = 100

private func remove(_ name: String, _ folder: TemporaryFolder) throws {
  try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
}

private let files: [Defect] = [
  Defect("a file cut short", .undecodable, naming: ["train/cats/x.png"]) {
    try $0.write("train/cats/x.png", Pattern(number: unused).png.dropLast(500))
  },
  Defect("an empty file", .undecodable, naming: ["test/dogs/x.png"]) {
    try $0.write("test/dogs/x.png", [])
  },
  Defect("a text that is named as a picture", .undecodable, naming: ["train/cats/x.jpg"]) {
    try $0.write("train/cats/x.jpg", Array("no picture".utf8))
  },
  Defect("a pipe", .undecodable, naming: ["train/dogs/x.png"]) {
    try #require(mkfifo("\($0.path)/train/dogs/x.png", 0o600) == 0)
  },
  Defect("a folder that is named as a picture", .undecodable, naming: ["train/dogs/x.png"]) {
    try $0.makeFolder("train/dogs/x.png")
  },
  Defect("a link that leads nowhere", .undecodable, naming: ["train/dogs/x.png"]) {
    try $0.link("train/dogs/x.png", to: "none.png")
  },
  Defect(
    "an empty file whose name is not UTF-8", .undecodable,
    naming: ["train/cats/\(String(fileName: [0xFF, 0x41])).png"]
  ) {
    try $0.makeInvalidName(in: "train/cats", ending: ".png", isFolder: false)
  },
  Defect("a PNG that is named as a JPEG", .wrongExtension, naming: ["train/cats/x.jpg"]) {
    try $0.write("train/cats/x.jpg", Pattern(number: unused).png)
  },
  Defect("a PNG that is named as a text", .unnamedImage, naming: ["train/cats/x.txt"]) {
    try $0.write("train/cats/x.txt", Pattern(number: unused).png)
  },
  Defect("a PNG that is named as a WebP", .wrongExtension, naming: ["train/cats/x.webp"]) {
    try $0.write("train/cats/x.webp", Pattern(number: unused).png)
  },
  Defect("a TIFF", .otherFile, naming: ["train/cats/x.tif"]) {
    try $0.write("train/cats/x.tif", Array("II*\0".utf8))
  },
  Defect("a folder of small copies", .hidden, naming: ["train/cats/@eaDir"]) {
    try $0.write("train/cats/@eaDir/0.png", Pattern(number: unused).png)
  },
  Defect("a text among the pictures", .otherFile, naming: ["train/cats/x.txt"]) {
    try $0.write("train/cats/x.txt", Array("a note".utf8))
  },
  Defect("a text beside the class folders", .otherFile, naming: ["train/x.txt"]) {
    try $0.write("train/x.txt", Array("a note".utf8))
  },
  Defect("a hidden file", .hidden, naming: ["train/cats/.thumb.png"]) {
    try $0.write("train/cats/.thumb.png", Pattern(number: first).png)
  },
  Defect("a hidden folder", .hidden, naming: [".trash"]) {
    try $0.write(".trash/cats/1.png", Pattern(number: first).png)
  },
  Defect("a tiny picture", .tiny, naming: ["train/cats/x.png"]) {
    try $0.write("train/cats/x.png", Pattern(number: unused, width: 7, height: 30).png)
  },
  Defect("a very long picture", .extremeShape, naming: ["train/cats/x.png"]) {
    try $0.write("train/cats/x.png", Pattern(number: unused, width: 61, height: 12).png)
  },
  Defect("a link out of the dataset", .linkOutside, naming: ["train/cats/y.png"]) {
    let outside = $0.path + "-outside"
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    try Data(Pattern(number: unused).png).write(to: URL(filePath: outside + "/x.png"))
    try $0.link("train/cats/y.png", to: outside + "/x.png")
  },
]

private let copies: [Defect] = [
  Defect(
    "a file in two classes", .twoClasses, naming: ["train/cats/0.png", "train/dogs/x.png"]
  ) {
    try $0.write("train/dogs/x.png", Pattern(number: first).png)
  },
  Defect("pixels in two classes", .twoClasses, naming: ["train/cats/0.png", "train/dogs/x.png"]) {
    try $0.write("train/dogs/x.png", Pattern(number: first, hasAlpha: true).png)
  },
  Defect("a file in two splits", .leak, naming: ["train/cats/0.png", "test/cats/x.png"]) {
    try $0.write("test/cats/x.png", Pattern(number: first).png)
  },
  Defect("pixels in two splits", .leak, naming: ["train/cats/0.png", "test/cats/x.png"]) {
    try $0.write("test/cats/x.png", Pattern(number: first, hasAlpha: true).png)
  },
  Defect(
    "a file in two splits and classes", .twoClasses, .leak,
    naming: ["train/cats/0.png", "test/dogs/x.png"]
  ) {
    try $0.write("test/dogs/x.png", Pattern(number: first).png)
  },
  Defect("a file again", .duplicate, naming: ["train/cats/0.png", "train/cats/x.png"]) {
    try $0.write("train/cats/x.png", Pattern(number: first).png)
  },
  Defect("pixels again", .duplicate, naming: ["train/cats/0.png", "train/cats/x.png"]) {
    try $0.write("train/cats/x.png", Pattern(number: first, hasAlpha: true).png)
  },
  Defect("a link to a picture", .duplicate, naming: ["train/cats/0.png", "train/cats/x.png"]) {
    try $0.link("train/cats/x.png", to: "0.png")
  },
  Defect(
    "a picture of another size", .nearDuplicate, naming: ["train/cats/0.png", "train/cats/x.png"]
  ) {
    try $0.write("train/cats/x.png", Pattern(number: first, width: 90, height: 70).png)
  },
  Defect(
    "a brighter picture", .nearDuplicate, naming: ["train/cats/0.png", "train/cats/x.png"]
  ) {
    try $0.write("train/cats/x.png", Pattern(number: first, brightness: 1.15).png)
  },
  Defect(
    "a mirrored picture", .nearDuplicate, naming: ["train/cats/0.png", "train/cats/x.png"]
  ) {
    try $0.write("train/cats/x.png", Pattern(number: first, isMirrored: true).png)
  },
  Defect(
    "a cropped picture in another split", .nearLeak,
    naming: ["train/cats/0.png", "test/cats/x.png"]
  ) {
    try $0.write("test/cats/x.png", Pattern(number: first, crop: 0.02).png)
  },
  Defect(
    "a similar picture in another class", .nearTwoClasses,
    naming: ["train/cats/0.png", "train/dogs/x.png"]
  ) {
    try $0.write("train/dogs/x.png", Pattern(number: first, brightness: 0.9).png)
  },
]

private let layouts: [Defect] = [
  Defect("an empty class", .emptyClass, naming: ["train/birds"]) {
    try $0.makeFolder("train/birds")
    try $0.write("test/birds/1.png", Pattern(number: unused).png)
  },
  Defect("an empty class of the test folder", .emptyClass, naming: ["test/cats"]) {
    for image in 0..<2 { try remove("test/cats/\(image).png", $0) }
  },
  Defect(
    "a class without a good picture", .emptyClass, .undecodable,
    naming: ["train/birds", "train/birds/1.png"]
  ) {
    try $0.write("train/birds/1.png", Array("no picture".utf8))
    try $0.write("test/birds/1.png", Pattern(number: unused).png)
  },
  Defect("a class that is not trained on", .unknownClass, naming: ["test/horses"]) {
    try $0.write("test/horses/1.png", Pattern(number: unused).png)
  },
  Defect("a class that is not tested", .missingClass, naming: ["test/dogs"]) {
    try remove("test/dogs", $0)
  },
  Defect("uneven classes", .imbalance, naming: ["train/cats", "train/dogs"]) {
    for image in 0..<7 {
      try $0.write("train/cats/x\(image).png", Pattern(number: unused + image).png)
    }
  },
  Defect("two training folders", .severalFolders, naming: ["train", "training_set"]) {
    for (place, name) in ["cats", "dogs"].enumerated() {
      try $0.write("training_set/\(name)/1.png", Pattern(number: unused + place).png)
    }
  },
  Defect("no training folder", .noTraining, naming: ["test"]) { try remove("train", $0) },
  Defect("one class", .oneClass, naming: ["train/cats"]) {
    try remove("train/dogs", $0)
    try remove("test/dogs", $0)
  },
  Defect("no classes", .noClasses, naming: ["train"]) {
    try remove("test", $0)
    for name in ["cats", "dogs"] { try remove("train/\(name)", $0) }
  },
  Defect("a folder beside the splits", .otherFolder, naming: ["unlabelled"]) {
    try $0.write("unlabelled/cats/1.png", Pattern(number: first).png)
  },
  Defect("a folder that may be two splits", .unclearFolder, .otherFolder, naming: ["eval"]) {
    try $0.write("eval/cats/1.png", Pattern(number: unused).png)
    try $0.write("eval/dogs/1.png", Pattern(number: unused + 1).png)
  },
  Defect("an image beside the class folders", .looseImage, naming: ["train/1.png"]) {
    try $0.write("train/1.png", Pattern(number: unused).png)
  },
  Defect("a run of this program", .skippedFolder, naming: ["train/run"]) {
    try $0.write("train/run/config.json", Array("{}".utf8))
    try $0.write("train/run/run.json", Array("{}".utf8))
    try $0.write("train/run/weights/best.safetensors", [0])
  },
  Defect("a test folder of images alone", .unlabelled, naming: ["test"]) {
    for name in ["cats", "dogs"] { try remove("test/\(name)", $0) }
    try $0.write("test/1.png", Pattern(number: unused).png)
  },
  Defect("a link in a circle", .linkLoop, naming: ["train/dogs/again"]) {
    try $0.link("train/dogs/again", to: "../../train")
  },
  Defect(
    "a class that could steer a terminal", .className, .className,
    naming: ["train/a\u{1B}b", "test/a\u{1B}b"]
  ) {
    try $0.write("train/a\u{1B}b/1.png", Pattern(number: unused).png)
    try $0.write("test/a\u{1B}b/1.png", Pattern(number: unused + 1).png)
  },
  Defect(
    "a class that could turn the direction of text", .className, .className,
    naming: ["train/a\u{202E}b", "test/a\u{202E}b"]
  ) {
    try $0.write("train/a\u{202E}b/1.png", Pattern(number: unused).png)
    try $0.write("test/a\u{202E}b/1.png", Pattern(number: unused + 1).png)
  },
  Defect(
    "two classes of the same letters in two forms", .className, .className,
    naming: ["train/e\u{301}", "test/e\u{301}"]
  ) {
    for (number, name) in ["\u{E9}", "e\u{301}"].enumerated() {
      try $0.write("train/\(name)/1.png", Pattern(number: unused + 2 * number).png)
      try $0.write("test/\(name)/1.png", Pattern(number: unused + 2 * number + 1).png)
    }
  },
  Defect(
    "a class whose name is not UTF-8", .emptyClass, .className, .missingClass,
    naming: ["train/\(String(fileName: [0xFF, 0x41]))"]
  ) {
    try $0.makeInvalidName(in: "train", isFolder: true)
  },
]

/// Defects that are planted one by one in a dataset that has none.
@Suite struct PlantedDefectTests {
  @Test("A planted defect is found, and nothing else", arguments: files + copies + layouts)
  private func planted(_ defect: Defect) throws {
    let folder = try TemporaryFolder.cleanDataset()
    defer { try? FileManager.default.removeItem(atPath: folder.path + "-outside") }
    try defect.plant(folder)
    let report = try folder.check()
    #expect(report.findings.map(\.kind) == defect.kinds, "\(report.findings)")
    let named = Set(report.findings.flatMap(\.paths))
    #expect(named.isSuperset(of: defect.paths), "\(report.findings)")
  }

  @Test("The report does not depend on the number of threads")
  func threads() throws {
    let folder = try TemporaryFolder.cleanDataset()
    for defect in copies where defect.name != "a link to a picture" { try defect.plant(folder) }
    let reports = try [1, 2, 5].map { try folder.check(threads: $0).findings }
    #expect(reports[0].count > 1)
    #expect(reports.allSatisfy { $0 == reports[0] })
  }

  @Test("A check writes nothing and needs no permission to")
  func readOnly() throws {
    let folder = try TemporaryFolder.cleanDataset()
    for name in ["a pipe", "a hidden file", "a tiny picture", "a link out of the dataset"] {
      try files.first { $0.name == name }?.plant(folder)
    }
    defer { try? FileManager.default.removeItem(atPath: folder.path + "-outside") }
    func set(_ mode: mode_t) {
      for name in ["", "/train", "/train/cats", "/test"] { chmod(folder.path + name, mode) }
    }
    func state() throws -> [String] {
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      return ([""] + names).map { name in
        var status = stat()
        lstat("\(folder.path)/\(name)", &status)
        return "\(name) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec) "
          + "\(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)"
      }
    }
    set(0o555)
    defer { set(0o755) }
    let before = try state()
    let report = try folder.check()
    #expect(report.findings.count == 4)
    #expect(try state() == before)
  }
}
