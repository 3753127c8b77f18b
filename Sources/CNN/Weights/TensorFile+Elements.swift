extension TensorFile {
  /// Turns an array's bytes into floats, of which none may be infinite or none.
  ///
  /// - scales: the factors of 8-bit elements, as many as the last extent.
  /// - target: as many floats as `place` has elements.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, of place: Layout.Place,
    scales: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Float>
  ) throws(TensorFileError) {
    precondition(
      target.count * place.type.bytes == bytes.count, "\(place.name): floats for its bytes")
    switch place.type {
    case .single:
      UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
    case .half:
      decodeHalves(bytes, into: target)
    case .brain:
      for index in 0..<target.count {
        let half = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        target[index] = Float(bitPattern: UInt32(UInt16(littleEndian: half)) << 16)
      }
    case .long:
      for index in 0..<target.count {
        let number = bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)
        target[index] = Float(Int64(littleEndian: number))
      }
    case .signedByte:
      precondition(scales.count == place.shape.last, "\(place.name): a factor for each channel")
      decodeBytes(bytes, scales, into: target)
    case .byte:
      preconditionFailure("\(place.name) is no array of numbers")
    }
    try checkFinite(UnsafeBufferPointer(target), name: place.name)
  }

  /// Factors must be above zero, so that there is one way to write a channel.
  package static func checkScales(
    _ scales: UnsafeBufferPointer<Float>, name: String
  ) throws(TensorFileError) {
    if let index = scales.firstIndex(where: { $0 <= 0 }) { throw .scale(name: name, index: index) }
  }

  /// IEEE 754 binary16 to binary32 in steps that are vector code on any processor.
  ///
  /// Exact; an infinity or NaN stays one.
  private static func decodeHalves(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    for index in 0..<target.count {
      let half = UInt32(bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      let magnitude = half & 0x7FFF
      // The exponent's bias grows from 15 to 127; all its bits set mean the same in both formats.
      let special: UInt32 = magnitude >= 0x7C00 ? 112 << 23 : 0
      let normal = magnitude << 13 + 112 << 23 + special
      // Without an exponent it is a count of 2^-24.
      let small = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern
      let bits = magnitude < 0x0400 ? small : normal
      target[index] = Float(bitPattern: (half & 0x8000) << 16 | bits)
    }
  }

  private static func decodeBytes(
    _ bytes: UnsafeRawBufferPointer, _ scales: UnsafeBufferPointer<Float>,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    for row in stride(from: 0, to: target.count, by: scales.count) {
      for channel in 0..<scales.count {
        let value = Int8(bitPattern: bytes[row + channel])
        target[row + channel] = Float(value) * scales[channel]
      }
    }
  }
}
