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
    let figures = try MutantFigures(of: &mutants, count: count, reader) { bytes, failure, number in
      #expect(failure == MutantFigures.failure(bytes, reader), "mutant \(number)")
      guard let failure else { return }
      #expect(failure.code != .missingLibrary, "mutant \(number)")
      #expect(MutantFigures.failure(bytes, strict) != nil, "mutant \(number)")
    }
    Measurement.tell("\(count) mutants of \(names[0]) and others, \(figures.text)")
    #expect(figures.slowest < 2)
    #expect(figures.growth < 32 << 10)
    #expect(figures.verdicts.count >= 3)
  }
}
