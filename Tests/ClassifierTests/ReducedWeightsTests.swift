import CNN
import Primitives
import TestSupport
import Testing

private let sample = TensorFile(
  tensors: [
    TensorFile.Tensor(
      name: "a.filters", shape: [1, 3, 2],
      values: [0.5, -1e-3, 1.25, 2e-3, -2, 0.37e-3]),
    TensorFile.Tensor(name: "a.bias", shape: [3], values: [0.1, 1e20, -1e-30]),
    TensorFile.Tensor(name: "zeros", shape: [2, 1], values: [0, 0]),
  ],
  metadata: ["classes": "[]"])

/// The number that 16 bits mean, by IEEE 754-2019, 3.4.
private func number(_ half: UInt16) -> Double {
  let exponent = Int(half >> 10 & 31)
  let fraction = Double(half & 1023)
  let sign: Double = half >> 15 == 1 ? -1 : 1
  func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
  return sign
    * (exponent == 0 ? fraction * power(-24) : (1 + fraction / 1024) * power(exponent - 15))
}

@Test("Each of the 65,536 halves becomes its number, infinities and NaN are refused")
func everyHalf() throws {
  let finite = (0...UInt16.max).filter { $0 & 0x7C00 != 0x7C00 }
  let shape = [finite.count / 2, 2]
  func bytes(_ halves: [UInt16], _ shape: [Int]) -> [UInt8] {
    weightsFile(
      "{\"a\":{\"dtype\":\"F16\",\"shape\":\(shape),\"data_offsets\":[0,\(2 * halves.count)]}}",
      halves.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
  }
  let back = try TensorFile(decoding: bytes(finite, shape), requiresDigest: false)
  let values = try #require(back["a"]?.values)
  #expect(values.count == 63_488)
  let wrong = zip(finite, values).filter { half, value in
    Double(value) != number(half) || value.sign != (half >> 15 == 1 ? .minus : .plus)
  }
  #expect(wrong.isEmpty)
  for strange: UInt16 in [0x7C00, 0xFC00, 0x7C01, 0x7E00, 0xFFFF] {
    #expect(decodingError(bytes([0, strange], [2, 1])) == .notFinite(name: "a", index: 1))
  }
}

@Test("Rounding to halves is to the nearest, ties to even; what is too large is refused")
func roundingToHalves() throws {
  let cases: [(Float, Float)] = [
    (1 + 0x1p-11, 1), (1 + 3 * 0x1p-11, 1 + 0x1p-9), (-0.1, -0.0999755859375),
    (0x1p-25, 0), (0x1.8p-25, 0x1p-24), (65_519, 65_504),
  ]
  let original = TensorFile(tensors: [
    TensorFile.Tensor(name: "a", shape: [cases.count, 1], values: cases.map(\.0))
  ])
  #expect(try original.reduced(to: .half)["a"]?.values == cases.map(\.1))
  for value: Float in [65_520, -1e30] {
    let large = TensorFile(tensors: [
      TensorFile.Tensor(name: "a", shape: [2, 1], values: [1, value])
    ])
    #expect(throws: TensorFileError.notInHalves(name: "a", index: 1, value: value)) {
      try large.reduced(to: .half)
    }
  }
}

@Test("Only weights of two and more extents are reduced, each within its rounding, and come back")
func reducedRoundTrip() throws {
  for precision in TensorFile.Precision.allCases {
    let reduced = try sample.reduced(to: precision)
    let bytes = reduced.encoded()
    let back = try TensorFile(decoding: bytes)
    #expect(back.tensors.map(\.name) == ["a.bias", "a.filters", "zeros"])
    for tensor in reduced.tensors { #expect(back[tensor.name] == tensor, "\(precision)") }
    #expect(back.encoded() == bytes && back.metadata == sample.metadata)
    #expect(back["a.bias"]?.values == sample["a.bias"]?.values)
    let exact = try #require(sample["a.filters"]?.values)
    let found = try #require(back["a.filters"]?.values)
    // The largest magnitude of each of the two channels.
    let largest: [Double] = [2, 2e-3]
    for (index, (a, b)) in zip(exact, found).enumerated() {
      let bound =
        switch precision {
        case .single: 0.0
        case .half: max(abs(Double(a)) * 0x1p-11, 0x1p-25)
        case .bytes: largest[index % 2] / 127 / 2 * (1 + 1e-6)
        }
      #expect(abs(Double(a) - Double(b)) <= bound, "\(precision) \(index)")
    }
    #expect((found == exact) == (precision == .single))
  }
  let sizes = try TensorFile.Precision.allCases.map { try sample.reduced(to: $0).encoded() }
  let header = sizes.map { 8 + Int($0[0]) + Int($0[1]) << 8 }
  // 8 weights; two and one factors.
  #expect(zip(sizes, header).map { $0.count - $1 - 32 - 12 } == [32, 16, 8 + 12])
}

@Test("In a file every array begins at a multiple of its elements' size")
func alignment() throws {
  let tensors = (1..<6).map { count in
    TensorFile.Tensor(
      name: "\(count)", shape: [count, 3], values: [Float](repeating: 0.5, count: 3 * count))
  }
  var mixed = try TensorFile(tensors: tensors).reduced(to: .bytes)
  mixed.tensors[1] = try TensorFile(tensors: [tensors[1]]).reduced(to: .half).tensors[0]
  mixed.tensors[3] = tensors[3]
  let bytes = mixed.encoded()
  let end = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
  let layout = try TensorFile.Layout(head: Array(bytes[..<end]), fileBytes: bytes.count)
  #expect(layout.arrays.allSatisfy { $0.bytes.lowerBound % $0.type.bytes == 0 })
  #expect(layout.arrays.count == 8 && layout.tensors.count == 5)
  let back = try TensorFile(decoding: bytes)
  for tensor in mixed.tensors { #expect(back[tensor.name] == tensor) }
}

@Test("Every shorter file and every flipped bit of reduced weights is refused")
func reducedDamage() throws {
  for precision in [TensorFile.Precision.half, .bytes] {
    let bytes = try sample.reduced(to: precision).encoded()
    #expect(decodingError(bytes, requiresDigest: true) == nil)
    for count in 0..<bytes.count {
      #expect(decodingError(Array(bytes.prefix(count)), requiresDigest: true) != nil)
    }
    for bit in 0..<(8 * bytes.count) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(decodingError(damaged, requiresDigest: true) != nil, "\(precision) bit \(bit)")
    }
  }
}

private func entry(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

private func floats(_ values: Float...) -> [UInt8] {
  values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 255) } }
}

@Test("8-bit weights need one positive finite factor a channel, in single precision")
func wrongScales() throws {
  let weights = entry("a", "I8", "[1,2]", "[8,10]")
  let scale = entry("a.scale", "F32", "[2]", "[0,8]")
  let right = weightsFile("{\(scale),\(weights)}", floats(0.5, 2) + [3, 0x80])
  #expect(try TensorFile(decoding: right, requiresDigest: false)["a"]?.values == [1.5, -256])
  #expect(
    try TensorFile(decoding: right, requiresDigest: false).tensors.map(\.name) == ["a"])
  let cases: [(String, [UInt8], String)] = [
    ("{\(entry("a", "I8", "[1,2]", "[0,2]"))}", [1, 2], "found none"),
    (
      "{\(entry("a.scale", "F32", "[1]", "[0,4]")),\(entry("a", "I8", "[1,2]", "[4,6]"))}",
      floats(1) + [1, 2], "found F32 [1]"
    ),
    (
      "{\(entry("a.scale", "F32", "[1,2]", "[0,8]")),\(weights)}", floats(1, 1) + [1, 2],
      "found F32 [1, 2]"
    ),
    (
      "{\(entry("a.scale", "F16", "[2]", "[0,4]")),\(entry("a", "I8", "[1,2]", "[4,6]"))}",
      [0, 0x3C, 0, 0x3C, 1, 2], "found F16 [2]"
    ),
    (
      "{\(scale),\(entry("a", "I8", "[2]", "[8,10]"))}", floats(1, 1) + [1, 2],
      "at least 2 extents"
    ),
    ("{\(scale),\(weights)}", floats(0, 1) + [1, 2], "element 0 is not above zero"),
    ("{\(scale),\(weights)}", floats(1, -1) + [1, 2], "element 1 is not above zero"),
    ("{\(scale),\(weights)}", floats(.nan, 1) + [1, 2], "a.scale: element 0 is not finite"),
    ("{\(scale),\(weights)}", floats(1, .infinity) + [1, 2], "a.scale: element 1 is not finite"),
    ("{\(scale),\(weights)}", floats(1, 3e38) + [1, 2], "tensor a: element 1 is not finite"),
    ("{\(entry("a", "F16", "[1,2]", "[0,3]"))}", [0, 0, 0], "expected 4 bytes"),
    ("{\(entry("a", "BF16", "[1,2]", "[0,4]"))}", [0, 0, 0, 0], "expected type F32, F16 or I8"),
    ("{\(entry("a", "U8", "[1,2]", "[0,2]"))}", [0, 0], "expected type F32, F16 or I8"),
  ]
  for (header, data, part) in cases {
    let error = try #require(decodingError(weightsFile(header, data)), "\(part)")
    #expect(error.description.contains(part), "\(error)")
  }
}
