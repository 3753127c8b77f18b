import CNN
import Primitives
import Testing

private let sample = TensorFile(
  tensors: [
    TensorFile.Tensor(
      name: "b", shape: [2, 3], values: [0, -0.0, 1.5, -2, .leastNonzeroMagnitude, 3e38]),
    TensorFile.Tensor(name: "a.weights", shape: [1], values: [0.1]),
  ],
  metadata: ["classes": "[\"Löwe\\n\",\"\\\"x\\\"\"]", "a": "tab\tand \u{1} \\ line\nend"])

@Test("A weights file comes back as it was, sorted by name, and is written to the same bytes")
func roundTrip() throws {
  let bytes = sample.encoded()
  let back = try TensorFile(decoding: bytes)
  #expect(back.tensors.map(\.name) == ["a.weights", "b"])
  #expect(back["b"]?.shape == [2, 3])
  #expect(back["b"]?.values.map(\.bitPattern) == sample["b"]?.values.map(\.bitPattern))
  #expect(back.metadata == sample.metadata)
  #expect(back.encoded() == bytes)
  #expect((8 + Int(bytes[0]) + Int(bytes[1]) << 8) % 8 == 0)
  var digest = SHA256()
  digest.update(bytes.dropLast(32))
  #expect(Array(bytes.suffix(32)) == digest.finalize())
}

@Test("Every shorter file and every flipped bit is refused")
func damage() {
  let bytes = sample.encoded()
  #expect(decodingError(bytes, requiresDigest: true) == nil)
  for count in 0..<bytes.count {
    #expect(
      decodingError(Array(bytes.prefix(count)), requiresDigest: true) != nil, "prefix \(count)")
  }
  #expect(decodingError(bytes + [0], requiresDigest: true) != nil)
  for bit in 0..<(8 * bytes.count) {
    var damaged = bytes
    damaged[bit / 8] ^= 1 << (bit % 8)
    #expect(decodingError(damaged, requiresDigest: true) != nil, "bit \(bit)")
  }
}

@Test("A file without a digest is refused where one is required")
func digestRequired() {
  let bytes = weightsFile(
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", data: 4)
  #expect(decodingError(bytes) == nil)
  #expect(decodingError(bytes, requiresDigest: true) == .noDigest)
}

private func entry(
  _ name: String, type: String = "\"F32\"", shape: String = "[1]", offsets: String = "[0,4]"
) -> String {
  "\"\(name)\":{\"dtype\":\(type),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

@Test(
  "Each kind of wrong header has its error",
  arguments: [
    ("", 0), (" {}", 0), ("[]", 0), ("{", 0), ("{}x", 0), ("{} ", 1),
    ("{\(entry("a")),\(entry("a", offsets: "[4,8]"))}", 8),
    ("{\(entry("\u{e9}")),\(entry("e\u{301}", offsets: "[4,8]"))}", 8),
    ("{\(entry("\\u0061")),\(entry("a", offsets: "[4,8]"))}", 8),
    ("{\(entry("a", type: "\"F64\""))}", 4), ("{\(entry("a", type: "4"))}", 4),
    ("{\(entry("a", shape: "[1.0]"))}", 4), ("{\(entry("a", shape: "[1e0]"))}", 4),
    ("{\(entry("a", shape: "[-1]"))}", 4), ("{\(entry("a", shape: "[01]"))}", 4),
    ("{\(entry("a", shape: "[2]"))}", 4), ("{\(entry("a", shape: "[0]", offsets: "[0,0]"))}", 0),
    ("{\(entry("a", shape: "[1,1,1,1,1,1,1,1,1]"))}", 4),
    ("{\(entry("a", shape: "[4294967296,4294967296]", offsets: "[0,0]"))}", 0),
    ("{\(entry("a", shape: "[9223372036854775808]"))}", 4),
    ("{\(entry("a", shape: "[1000000000000]", offsets: "[0,4000000000000]"))}", 4),
    ("{\(entry("a", offsets: "[4,0]"))}", 4), ("{\(entry("a", offsets: "[0]"))}", 4),
    ("{\(entry("a", offsets: "[0,4,8]"))}", 8), ("{\(entry("a", offsets: "[4,8]"))}", 8),
    ("{\(entry("a")),\(entry("b"))}", 4), ("{\(entry("a"))}", 8), ("{\(entry("a"))}", 0),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4), ("{\"a\":1}", 0),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"path\":\"x\"}}", 4),
    ("{\"__metadata__\":{\"a\":1}}", 0), ("{\"__metadata__\":[]}", 0),
    ("{\"__metadata__\":{\"a\":\"\u{1}\"}}", 0), ("{\"__metadata__\":{\"a\":\"\\ud800\"}}", 0),
    ("{\"a\":[[[[1]]]]}", 0), ("{\(entry(""))}", 4), ("{\(entry("a/../b"))}", 4),
    ("{\(entry(String(repeating: "n", count: 257)))}", 4), ("{\(entry("\\u0007"))}", 4),
    ("{\(entry("__sha256__", type: "\"U8\"", shape: "[32]", offsets: "[0,32]"))}", 32),
    ("{\(entry("__sha256__"))}", 4),
  ])
func wrongHeaders(header: String, data: Int) {
  #expect(decodingError(weightsFile(header, data: data)) != nil)
}

@Test("A length that lies is refused before anything is read")
func wrongLengths() {
  let limit = 1 << 20
  #expect(decodingError([UInt8](repeating: 255, count: 8)) == .headerLength(found: .max, limit: 0))
  #expect(decodingError([UInt8](repeating: 255, count: 7)) == .tooShort(bytes: 7))
  let long = weightsFile("{" + String(repeating: " ", count: limit) + "}")
  #expect(decodingError(long) == .headerLength(found: UInt64(limit + 2), limit: limit))
}

@Test("Numbers that are not finite are refused with their place")
func notFinite() {
  for value in [Float.nan, .infinity, -.infinity] {
    let bytes = TensorFile(tensors: [
      TensorFile.Tensor(name: "a", shape: [3], values: [0, 1, value])
    ]).encoded()
    #expect(decodingError(bytes) == .notFinite(name: "a", index: 2))
  }
}

@Test("Bytes that are not UTF-8 in a name are refused")
func wrongEncoding() {
  var bytes = weightsFile("{\(entry("ab"))}", data: 4)
  bytes[10] = 0xFF
  #expect(decodingError(bytes) != nil)
}
