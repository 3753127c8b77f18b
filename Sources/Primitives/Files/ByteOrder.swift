extension FixedWidthInteger {
  /// The bytes, the lowest first.
  @inlinable
  package var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }

  /// The bytes, the highest first.
  @inlinable
  package var bigEndianBytes: [UInt8] { littleEndianBytes.reversed() }
}

extension Sequence<UInt8> {
  /// The number of these bytes, the highest first.
  @inlinable
  package var bigEndianNumber: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }

  /// The number of these bytes, the lowest first.
  @inlinable
  package var littleEndianNumber: UInt64 { reversed().bigEndianNumber }
}
