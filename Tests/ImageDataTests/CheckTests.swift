import Compute
import ImageData
import TestSupport
import Testing

/// Whole reports of datasets, clean or with several flaws.
@Suite struct CheckTests {
  @Test("A clean dataset gives no finding, with its counts")
  func clean() throws {
    let folder = try TemporaryFolder.cleanDataset()
    try folder.write("README.md", Array("a set".utf8))
    let report = try folder.check()
    #expect(report.findings == [])
    #expect(report.classes == ["cats", "dogs"])
    #expect(report.folders.map(\.name) == ["train", "test"])
    #expect(report.folders.map(\.counts) == [[3, 3], [2, 2]])
    #expect(report.images == 10)
    #expect(report.decoded == 10)
    #expect(report.kinds == [.png: 10])
    #expect(report.widths?.median == 48)
    #expect(report.shapes.landscape == 10)
  }

  @Test("Class folders alone are checked as they are")
  func unsplit() throws {
    let folder = try TemporaryFolder()
    for number in 0..<4 {
      try folder.write("\(number % 2)/\(number).png", Pattern(number: number).png)
    }
    #expect(try folder.check().findings == [])
    try folder.write("1/x.png", Pattern(number: 0).png)
    try folder.write("1/.DS_Store", [0])
    let findings = try folder.check().findings
    #expect(findings.map(\.kind) == [.twoClasses, .hidden])
    #expect(findings.first?.paths == ["0/0.png", "1/x.png"])
    #expect(findings.first?.message == "the same file")
  }

  @Test("The rest is checked where a layout is refused, and several defects are all found")
  func several() throws {
    let folder = try TemporaryFolder.cleanDataset()
    try folder.link("train/dogs/again", to: "../../train")
    try folder.write("test/horses/1.png", Array("no picture".utf8))
    try folder.write("train/cats/x.png", Pattern(number: 0, hasAlpha: true).png)
    let report = try folder.check()
    #expect(
      report.findings.map(\.kind)
        == [.emptyClass, .unknownClass, .linkLoop, .undecodable, .duplicate])
    #expect(report.findings.map(\.kind.isError) == [true, true, true, true, false])
    #expect(report.findings.last?.message == "the same pixels in different files")
    #expect(report.images == 12)
  }

  @Test("Flat pictures are no look-alikes, but the same pixels are found")
  func flat() throws {
    let folder = try TemporaryFolder()
    for grey in 0..<40 {
      let row = [0] + [UInt8](repeating: UInt8(grey), count: 24)
      let raw = (0..<24).flatMap { _ in row }
      try folder.write(
        "\(grey % 2)/\(grey).png", png(width: 24, height: 24, depth: 8, colour: 0, raw: raw))
    }
    #expect(try folder.check().findings == [])
    let raw = (0..<24).flatMap { _ in [0] + [UInt8](repeating: 7, count: 72) }
    try folder.write("1/x.png", png(width: 24, height: 24, depth: 8, colour: 2, raw: raw))
    #expect(try folder.check().findings.map(\.paths) == [["1/7.png", "1/x.png"]])
  }

  @Test("What is no folder is an error, not a finding")
  func noFolder() throws {
    let folder = try TemporaryFolder()
    let engine = try TestEngine.make()
    func kind(_ path: String) -> DatasetError.Kind? {
      let error = #expect(throws: DatasetError.self) {
        try DatasetCheck.run(path, workers: engine.workers, kernels: engine.kernels)
      }
      return error?.kind
    }
    #expect(kind("\(folder.path)/none") == .missing)
    #expect(kind(try folder.write("file", [1])) == .badData)
  }
}
