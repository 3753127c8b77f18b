import Compute
import FoundationEssentials
import ImageData
import TestSupport
import Testing

@Suite(.enabled(if: realData != nil, "CNNCTL_DATA is not set: no real pictures to try"))
struct CheckRealDataTests {
  private func check(_ path: String) throws -> CheckReport {
    let engine = try TestEngine.make()
    return try DatasetCheck.run(path, workers: engine.workers, kernels: engine.kernels)
  }

  @Test("Cats and dogs: one pair in training, no leak, and four pairs that do look alike")
  func catsAndDogs() throws {
    let report = try check("\(realData ?? "")/cats-dogs")
    #expect(report.decoded == 9000)
    let exact = report.findings.filter { $0.kind == .duplicate }.map(\.paths)
    #expect(exact == [["training_set/dogs/dog.2027.jpg", "training_set/dogs/dog.3082.jpg"]])
    let leaks = report.findings.filter { $0.kind == .nearLeak }.map(\.paths)
    #expect(leaks == [["training_set/cats/cat.2580.jpg", "test_set/cats/cat.4726.jpg"]])
    // Each was looked at: the same photo, compressed or cut in another way.
    let near = report.findings.filter { $0.kind == .nearDuplicate }.map(\.paths)
    #expect(
      near == [
        ["training_set/cats/cat.2565.jpg", "training_set/cats/cat.3565.jpg"],
        ["training_set/dogs/dog.1273.jpg", "training_set/dogs/dog.980.jpg"],
        ["training_set/dogs/dog.180.jpg", "training_set/dogs/dog.74.jpg"],
      ])
    #expect(report.findings.count == 5)
  }

  @Test("Flowers: every class was enlarged from a quarter of its size")
  func flowers() throws {
    let report = try check("\(realData ?? "")/flowers")
    #expect(report.widths?.median == 128)
    let enlarged = report.findings.filter { $0.kind == .enlarged }
    #expect(enlarged.map(\.paths) == [["daisy", "dandelion", "rose", "sunflower", "tulip"]])
    #expect(
      enlarged.map(\.message)
        == ["most show no detail finer than 4 pixels: 32 pixels per side would be enough"])
  }

  @Test("Each file has the verdict that decoding it gives")
  func verdicts() throws {
    let folder = try TemporaryFolder()
    var expected: [String: ImageFailure] = [:]
    var count = 0
    for (name, source) in [("png", "pngsuite/png"), ("jpeg", "damaged-jpeg")] {
      let path = "\(realData ?? "")/\(source)"
      for file in try FileManager.default.contentsOfDirectory(atPath: path)
      where Dataset.isCandidate(file) {
        count += 1
        let bytes = try FileBytes.read("\(path)/\(file)")
        try folder.write("\(name)/\(file)", bytes)
        do throws(ImageFailure) {
          _ = try ImageReader.decode(bytes: bytes)
        } catch {
          expected["\(name)/\(file)"] = error
        }
      }
    }
    let report = try check(folder.path)
    let bad = report.findings.filter { $0.kind == .undecodable }
    #expect(report.images == count)
    #expect(report.decoded == count - expected.count)
    #expect(bad.count == expected.count)
    for finding in bad {
      let failure = expected[finding.paths.first ?? ""]
      #expect(finding.message == failure?.message && finding.code == failure?.code)
    }
  }
}
