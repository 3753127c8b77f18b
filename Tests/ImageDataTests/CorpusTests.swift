import FoundationEssentials
import ImageData
import Primitives
import TestSupport
import Testing

/// Small files that the fuzzer made of the committed pictures, each for a path of its own through
/// the parsers and decoders, or for a fault that is mended.
///
/// `Fixtures/corpus.txt` says what becomes of each. With `CNNCTL_RECORD_CORPUS` set to a path what
/// is found is written there instead.
@Suite struct CorpusTests {
  private static let folder = "\(fixtures)/corpus"

  /// The words for a file: the failure's code, or the sides of the picture.
  private func words(_ bytes: [UInt8], _ name: String) throws -> String {
    if let failure = agreed(bytes, name) { return failure.code.rawValue }
    let image = try ImageReader.decode(bytes: bytes)
    #expect(try ImageReader.decode(bytes: bytes) == image, "\(name): decoded again")
    return "\(image.width)x\(image.height)"
  }

  @Test("Every file has its verdict, twice, at every size and in time")
  func replay() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
    var found: [String: String] = [:]
    for name in names {
      let bytes = try FileBytes.read("\(Self.folder)/\(name)")
      let start = Measurement.seconds()
      let first = try words(bytes, name)
      #expect(try words(bytes, name) == first, "\(name)")
      #expect(Measurement.seconds() - start < 2, "\(name)")
      found[name] = first
    }
    let lines = found.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    if let path = ProcessInfo.processInfo.environment["CNNCTL_RECORD_CORPUS"] {
      try Data(lines.utf8).write(to: URL(filePath: path))
      return
    }
    #expect(lines == String(decoding: try fixture("corpus.txt"), as: UTF8.self))
    // It holds something of everything that needs no large file.
    let codes = Set(found.values)
    #expect(codes.isSuperset(of: ["damaged", "truncated", "tooLarge", "unsupported"]))
    #expect(found.values.contains { $0.first?.isNumber == true })
  }
}
