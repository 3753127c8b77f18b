import Compute
import FoundationEssentials
import Glibc
import ImageData
import KernelTypes
import Primitives
import TestSupport
import Testing

/// The folder of the committed pictures.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path

/// The folder with cats-dogs, pngsuite and the rest, where there is one.
let realData: String? = ProcessInfo.processInfo.environment["CNNCTL_DATA"]

/// An engine of every level under test.
let engines: [Engine] = TestEngine.instructionSets.compactMap {
  try? Engine(threads: 2, instructionSet: $0)
}

/// The bytes of a committed file.
func fixture(_ name: String) throws -> [UInt8] {
  try FileBytes.read("\(fixtures)/\(name)")
}

/// The expected picture `NAME.rgb`.
func golden(_ name: String) throws -> RGBImage {
  let bytes = try fixture(name + ".rgb")
  func number(_ at: Int) -> Int {
    bytes[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
  return RGBImage(width: number(0), height: number(4), pixels: Array(bytes.dropFirst(8)))
}

/// The expected floats of a file.
func goldenFloats(_ name: String) throws -> [Float] {
  let bytes = try fixture(name)
  return stride(from: 0, to: bytes.count, by: 4).map { at in
    Float(bitPattern: bytes[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }
}

/// The greatest difference of two pictures' bytes, or nil if their sizes differ.
func difference(_ a: RGBImage, _ b: RGBImage) -> Int? {
  guard a.width == b.width, a.height == b.height else { return nil }
  return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max()
}

/// A folder of this test's own, removed at its end.
final class TemporaryFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory.appending(path: "images-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file, making the folders on the way.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    let folder = URL(filePath: file).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: file))
    return file
  }

  /// Makes an empty folder.
  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }

  /// Makes a link.
  func link(_ name: String, to target: String) throws {
    try #require(symlink(target, "\(path)/\(name)") == 0)
  }
}

/// A picture in the simplest of formats: an uncompressed PNG of one colour and a number.
///
/// Files of different numbers differ in content.
func tinyPNG(_ number: Int, side: Int = 8) -> [UInt8] {
  var raw: [UInt8] = []
  for row in 0..<side {
    raw.append(0)
    for column in 0..<side {
      raw += [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
      raw.append(UInt8(truncatingIfNeeded: row * side + column))
    }
  }
  return png(width: side, height: side, depth: 8, colour: 2, raw: raw)
}

/// A PNG of uncompressed rows, each with its filter byte.
func png(width: Int, height: Int, depth: UInt8, colour: UInt8, raw: [UInt8]) -> [UInt8] {
  var a = 1
  var b = 0
  for byte in raw {
    a = (a + Int(byte)) % 65521
    b = (b + a) % 65521
  }
  var stream: [UInt8] = [0x78, 0x01]
  var rest = raw[...]
  repeat {
    let block = rest.prefix(65535)
    rest = rest.dropFirst(block.count)
    let length = UInt16(block.count)
    stream.append(rest.isEmpty ? 1 : 0)
    for value in [length, ~length] { stream += [UInt8(value & 255), UInt8(value >> 8)] }
    stream += block
  } while !rest.isEmpty
  stream += big(b << 16 | a, 4)
  return PNG.signature + PNG.header(width, height, depth: depth, colour: colour)
    + PNG.chunk("IDAT", stream) + PNG.end
}
