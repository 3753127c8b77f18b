internal import Primitives

/// The bytes of pickles, read from the front as far as they are wanted.
struct PickleBytes {
  let source: WeightBytes
  /// Bytes that were taken.
  private(set) var position = 0
  private var loaded: [UInt8] = []

  /// Bytes that pickles may have: they hold names and places, never weights.
  private static let limit = 1 << 24
  private static let pieceBytes = 1 << 18

  init(_ source: WeightBytes) { self.source = source }

  /// The next byte.
  mutating func byte() throws(TrainingError) -> UInt8 { try take(1).first ?? 0 }

  /// The next whole number, the lowest byte first.
  mutating func number(_ width: Int) throws(TrainingError) -> UInt64 {
    try take(width).number(at: 0, width)
  }

  /// The next bytes, `count` of them.
  mutating func take(_ count: UInt64) throws(TrainingError) -> ArraySlice<UInt8> {
    guard count <= UInt64(source.count - position) else {
      throw source.refusal("its pickle ends too early: the file is truncated or damaged")
    }
    return try take(Int(count))
  }

  private mutating func take(_ count: Int) throws(TrainingError) -> ArraySlice<UInt8> {
    guard count <= source.count - position else {
      throw source.refusal("its pickle ends too early: the file is truncated or damaged")
    }
    let end = position + count
    guard end <= PickleBytes.limit else {
      throw source.refusal(
        "its pickle is too long", expected: "at most \(PickleBytes.limit) bytes")
    }
    if end > loaded.count {
      let next = min(source.count, max(end, loaded.count + PickleBytes.pieceBytes))
      loaded += try source.bytes(loaded.count..<next)
    }
    defer { position = end }
    return loaded[position..<end]
  }

  /// The next bytes as text.
  mutating func text(_ count: UInt64) throws(TrainingError) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw source.refusal("a text in its pickle is not UTF-8")
    }
    return text
  }

  /// The next bytes up to a line's end, of which a name has few.
  mutating func line() throws(TrainingError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      guard bytes.count < 256 else { throw source.refusal("a name in its pickle is too long") }
      bytes.append(byte)
    }
  }
}
