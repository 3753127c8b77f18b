/// The type of a tensor's numbers in another program's file.
package enum NumberType: String, Sendable, Hashable, CaseIterable {
  /// 64-bit floating point.
  case float64
  /// 32-bit floating point.
  case float32
  /// 16-bit floating point.
  case float16
  /// The upper half of 32-bit floating point.
  case bfloat16
  /// 64-bit whole numbers.
  case int64
  /// 32-bit whole numbers.
  case int32
  /// 16-bit whole numbers.
  case int16
  /// 8-bit whole numbers.
  case int8
  /// 8-bit whole numbers from 0.
  case uint8
  /// Truth values in a byte each.
  case bool

  var bytes: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether weights can have it.
  package var isFloating: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    case .int64, .int32, .int16, .int8, .uint8, .bool: false
    }
  }

  /// The name of PyTorch's class of bytes with such numbers, without its module.
  var storageName: String {
    switch self {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    }
  }

  /// Turns numbers into floats: `places` has the place of each among those of `bytes`.
  func decode(
    _ bytes: UnsafeRawBufferPointer, _ places: StridedPlaces,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    func each<Word: FixedWidthInteger>(_ number: (Word) -> Float) {
      places.visit { index, place in
        let word = bytes.loadUnaligned(
          fromByteOffset: place * MemoryLayout<Word>.size, as: Word.self)
        target[index] = number(Word(littleEndian: word))
      }
    }
    switch self {
    case .float64: each { (word: UInt64) in Float(Double(bitPattern: word)) }
    case .float32: each { (word: UInt32) in Float(bitPattern: word) }
    case .float16: each { (word: UInt16) in Float(Float16(bitPattern: word)) }
    case .bfloat16: each { (word: UInt16) in Float(bitPattern: UInt32(word) << 16) }
    case .int64: each { (word: Int64) in Float(word) }
    case .int32: each { (word: Int32) in Float(word) }
    case .int16: each { (word: Int16) in Float(word) }
    case .int8: each { (word: Int8) in Float(word) }
    case .uint8, .bool: each { (word: UInt8) in Float(word) }
    }
  }
}
