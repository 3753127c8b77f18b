import Compute
import FoundationEssentials
import Glibc
import ImageData
import KernelTypes
import TestSupport
import Testing

/// Many damaged files through the path that every command takes.
///
/// `CNNCTL_MUTANTS` sets how many; each takes some 30 microseconds.
@Suite struct MutantTests {
  @Test("Mutants of the committed pictures: no crash, no hang, no growth, one verdict")
  func mutants() async {
    // In a process of its own, so that memory is measured of nothing else.
    await #expect(processExitsWith: .success) {
      let wanted = ProcessInfo.processInfo.environment["CNNCTL_MUTANTS"].flatMap { Int($0) }
      try MutantTests.run(wanted ?? 100_000)
    }
  }

  private static func run(_ count: Int) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: fixtures).sorted()
      .filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".png") }
    var mutants = Mutants(of: try names.map(fixture), seed: 5)
    let reader = ImageReader(
      Preprocessing(width: 32, height: 24, filter: .area, shrinkMargin: 1.1),
      kernels: try TestEngine.make().kernels)
    let whole = ImageReader(
      Preprocessing(width: 16, height: 16), kernels: try TestEngine.make().kernels)
    let start = Measurement.seconds()
    let figures = try MutantFigures(of: &mutants, count: count, reader) { bytes, failure, number in
      #expect(failure == MutantFigures.failure(bytes, whole), "mutant \(number)")
    }
    Measurement.tell("\(count) mutants in \(Measurement.seconds() - start) s, \(figures.text)")
    #expect(figures.slowest < 2)
    // A leak of so little as a kilobyte a file is seen in a long run.
    #expect(figures.growth < 16 << 10)
    #expect(figures.verdicts.count >= 4)
    #expect((figures.verdicts["decoded"] ?? 0) > count / 100)
  }

  @Test("The libraries print nothing, whatever they are given")
  func silence() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = try folder.write("said", [])
      let (output, errors) = (dup(1), dup(2))
      let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
      dup2(file, 1)
      dup2(file, 2)
      let names = try FileManager.default.contentsOfDirectory(atPath: fixtures).sorted()
        .filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".png") }
      var mutants = Mutants(of: try names.map(fixture), seed: 6)
      for _ in 0..<2000 {
        let bytes = mutants.next()
        _ = try? ImageReader.decode(bytes: bytes)
        _ = try? ImageReader.facts(bytes: bytes)
      }
      // Also what waits in the C library's buffers.
      fflush(nil)
      dup2(output, 1)
      dup2(errors, 2)
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      #expect(size == 0)
    }
  }
}
