import Interchange
import Testing

/// The encoder against bytes worked out by hand from the format's description, and against the
/// reader beside this file.
@Suite("Protocol buffers")
struct ProtobufMessageTests {
  private func bytes(_ fill: (inout ProtobufMessage) -> Void) -> [UInt8] {
    ProtobufMessage(fill).bytes
  }

  @Test func `Whole numbers are groups of seven bits, the lowest first`() {
    // The first three are examples of the format's own description.
    #expect(bytes { $0.put(1, 150) } == [0x08, 0x96, 0x01])
    #expect(bytes { $0.put(1, 1) } == [0x08, 0x01])
    #expect(bytes { $0.put(1, -2) } == [0x08, 0xFE] + Array(repeating: 0xFF, count: 8) + [0x01])
    #expect(bytes { $0.put(15, 127) } == [0x78, 0x7F])
    #expect(bytes { $0.put(16, 128) } == [0x80, 0x01, 0x80, 0x01])
    #expect(bytes { $0.put(403, 0) } == [0x98, 0x19, 0x00])
    #expect(
      bytes { $0.put(1, Int.max) } == [0x08] + Array(repeating: 0xFF, count: 8) + [0x7F])
    #expect(bytes { $0.put(3, true) } == [0x18, 0x01])
    #expect(bytes { $0.put(3, false) } == [0x18, 0x00])
  }

  @Test func `Numbers in 32 bits begin with their lowest byte`() {
    #expect(bytes { $0.put(2, Float(1)) } == [0x15, 0x00, 0x00, 0x80, 0x3F])
    #expect(bytes { $0.put(2, Float(-0.15625)) } == [0x15, 0x00, 0x00, 0x20, 0xBE])
  }

  @Test func `Texts, bytes and messages say their length`() {
    #expect(bytes { $0.put(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
    #expect(bytes { $0.put(2, "ü") } == [0x12, 0x02, 0xC3, 0xBC])
    #expect(bytes { $0.put(2, "") } == [0x12, 0x00])
    #expect(bytes { $0.put(3) { $0.put(1, 150) } } == [0x1A, 0x03, 0x08, 0x96, 0x01])
    let long = [UInt8](repeating: 7, count: 300)
    #expect(bytes { $0.put(1, long) } == [0x0A, 0xAC, 0x02] + long)
  }

  @Test func `Lists stand under one tag or under one each`() {
    #expect(
      bytes { $0.putPacked(6, [3, 270, 86942]) }
        == [0x32, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05])
    #expect(
      bytes { $0.putPacked(1, [Float(1), -2]) }
        == [0x0A, 0x08, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    #expect(bytes { $0.putPacked(1, [Float]()) } == [] && bytes { $0.putPacked(1, [Int]()) } == [])
    #expect(bytes { $0.putEach(8, [1, 2]) } == [0x40, 0x01, 0x40, 0x02])
  }

  @Test func `What was written is read back`() throws {
    let values: [Float] = [0, -0.0, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
    let message = ProtobufMessage {
      $0.put(1, "name")
      $0.put(1280) { $0.putPacked(1, values) }
      for number in [0, 1, 127, 128, 16_383, 16_384, Int.max, Int.min, -1] { $0.put(7, number) }
      $0.put(9, Float.pi)
    }
    let reader = try ProtobufReader(message.bytes)
    #expect(reader.texts(1) == ["name"])
    #expect(try reader.message(1280).floats(1).map(\.bitPattern) == values.map(\.bitPattern))
    #expect(reader.numbers(7) == [0, 1, 127, 128, 16_383, 16_384, Int.max, Int.min, -1])
    #expect(reader.float(9) == .pi)
  }
}
