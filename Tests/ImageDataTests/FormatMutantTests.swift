import Compute
import FoundationEssentials
import ImageData
import KernelTypes
import Primitives
import TestSupport
import Testing

/// Many damaged files of formats beside JPEG and PNG through the path that every command takes.
///
/// `CNNCTL_MUTANTS` sets how many of each kind.
@Suite struct FormatMutantTests {
  @Test("Mutants of BMP and GIF files: no crash, no hang, no growth, one verdict")
  func own() async {
    // In processes of their own, as a library that is given such files may end one.
    await #expect(processExitsWith: .success) {
      try FormatMutantTests.run(Formats.names("bmp"), 20_000)
    }
    await #expect(processExitsWith: .success) {
      try FormatMutantTests.run(Formats.names("gif"), 20_000)
    }
  }

  @Test("Mutants of WebP files: no crash, no hang, no growth, one verdict", .libwebp)
  func webp() async {
    await #expect(processExitsWith: .success) {
      try FormatMutantTests.run(Formats.names("webp"), 10_000)
    }
  }

  @Test("Mutants of HEIC and AVIF files: no crash, no hang, no growth, one verdict", .libheif)
  func heif() async {
    await #expect(processExitsWith: .success) {
      try FormatMutantTests.run(Formats.names("heic"), 1_000)
    }
    await #expect(processExitsWith: .success) {
      try FormatMutantTests.run(Formats.names("avif"), 1_000)
    }
  }

  private static func run(_ names: [String], _ usual: Int) throws {
    let wanted = ProcessInfo.processInfo.environment["CNNCTL_MUTANTS"].flatMap { Int($0) }
    let count = wanted ?? usual
    var mutants = Mutants(of: try names.map(Formats.bytes), seed: 27)
    let kernels = try TestEngine.make().kernels
    // A changed number soon makes a screen of millions of pixels.
    let reader = ImageReader(
      Preprocessing(width: 32, height: 24, maxPixels: 1 << 20), kernels: kernels)
    let strict = ImageReader(
      Preprocessing(width: 16, height: 16, maxPixels: 1 << 12), kernels: kernels)
    var verdicts: [String: Int] = [:]
    var slowest = 0.0
    var before = 0
    for number in 0..<count {
      if number == count / 5 { before = try Measurement.memory("VmRSS") }
      let bytes = mutants.next()
      let began = Measurement.seconds()
      let failure = failure(bytes, reader)
      slowest = max(slowest, Measurement.seconds() - began)
      #expect(failure == self.failure(bytes, reader), "mutant \(number)")
      if let failure {
        #expect(failure.message.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(number)")
        #expect(failure.code != .tooSlow && failure.code != .missingLibrary, "mutant \(number)")
        #expect(self.failure(bytes, strict) != nil, "mutant \(number)")
      } else {
        let facts = try ImageReader.facts(bytes: bytes)
        #expect(facts.width > 0 && facts.height > 0, "mutant \(number)")
      }
      verdicts[failure?.code.rawValue ?? "decoded", default: 0] += 1
    }
    let growth = try Measurement.memory("VmRSS") - before
    let figures = verdicts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    Measurement.tell(
      "\(count) mutants of \(names[0]) and others, slowest \(slowest) s, growth \(growth) kB: "
        + figures.joined(separator: ", "))
    #expect(slowest < 2)
    #expect(growth < 32 << 10)
    #expect(verdicts.count >= 3)
  }

  private static func failure(_ bytes: [UInt8], _ reader: ImageReader) -> ImageFailure? {
    do throws(ImageFailure) {
      let image = try reader.read(bytes: bytes)
      precondition(reader.tensor(image).allSatisfy(\.isFinite), "numbers are finite")
      return nil
    } catch {
      return error
    }
  }
}
