internal import Primitives

extension TensorFile {
  /// Reads a file's bytes strictly.
  ///
  /// With `requiresDigest` false, files of other programs are accepted; an existing digest must
  /// match in any case. The header may have `headerLimit` bytes.
  package init(
    decoding file: [UInt8], requiresDigest: Bool = true, headerLimit: Int = headerLimit
  ) throws(TensorFileError) {
    let end = try Layout.headerEnd(
      prefix: file.prefix(8), fileBytes: file.count, limit: headerLimit)
    let layout = try Layout(head: Array(file[..<end]), fileBytes: file.count)
    guard layout.digest != nil || !requiresDigest else { throw .noDigest }
    if let place = layout.digest {
      var digest = SHA256()
      digest.update(file[..<place.lowerBound])
      try TensorFile.check(digest: digest.finalize(), expected: Array(file[place]))
    }
    var tensors: [Tensor] = []
    for place in layout.tensors {
      tensors.append(try TensorFile.tensor(place, of: file))
    }
    tensors.sort { TensorFile.precedes($0.name, $1.name) }
    self.init(tensors: tensors, metadata: layout.metadata)
  }

  /// Compares the digest of a file's bytes with the stored one.
  package static func check(
    digest found: [UInt8], expected: [UInt8]
  ) throws(TensorFileError) {
    guard found == expected else {
      throw .digest(expected: hexadecimal(expected), found: hexadecimal(found))
    }
  }

  /// Refuses infinite numbers and NaN.
  package static func checkFinite(
    _ values: UnsafeBufferPointer<Float>, name: String
  ) throws(TensorFileError) {
    // Counted without an early exit, so that the loop is vectorized.
    var strange = 0 as UInt32
    for value in values {
      strange &+= value.bitPattern & 0x7f80_0000 == 0x7f80_0000 ? 1 : 0
    }
    guard strange == 0 else {
      throw .notFinite(name: name, index: values.firstIndex { !$0.isFinite } ?? 0)
    }
  }

  /// An array of a file, with its scales if it has some.
  private static func tensor(
    _ place: Layout.Place, of file: [UInt8]
  ) throws(TensorFileError) -> Tensor {
    var scales: [Float] = []
    if let place = place.scales {
      scales = try floats(place.shape.reduce(1, *)) { target throws(TensorFileError) in
        try decode(place, file[place.bytes], scales: [], into: target)
        try checkScales(UnsafeBufferPointer(target), name: place.name)
      }
    }
    let values = try floats(place.shape.reduce(1, *)) { target throws(TensorFileError) in
      try decode(place, file[place.bytes], scales: scales, into: target)
    }
    let storage: Storage =
      switch place.type {
      case .single, .brain, .byte: .single
      case .long: .long
      case .half: .half
      case .signedByte: .bytes(scales: scales)
      }
    return Tensor(name: place.name, shape: place.shape, values: values, storage: storage)
  }

  private static func floats(
    _ count: Int, _ fill: (UnsafeMutableBufferPointer<Float>) throws(TensorFileError) -> Void
  ) throws(TensorFileError) -> [Float] {
    try [Float](unsafeUninitializedCapacity: count) { buffer, initialized throws(TensorFileError) in
      buffer.initialize(repeating: 0)
      try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  private static func decode(
    _ place: Layout.Place, _ bytes: ArraySlice<UInt8>, scales: [Float],
    into target: UnsafeMutableBufferPointer<Float>
  ) throws(TensorFileError) {
    try bytes.withUnsafeBufferPointer { bytes throws(TensorFileError) in
      try scales.withUnsafeBufferPointer { scales throws(TensorFileError) in
        try decode(UnsafeRawBufferPointer(bytes), of: place, scales: scales, into: target)
      }
    }
  }

  /// Decodes an array's bytes to floats, all of which must be finite.
  ///
  /// - scales: the scales of 8-bit elements, as many as the last extent.
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
      guard let source = bytes.baseAddress, let floats = target.baseAddress else { return }
      if decodeHalves(source, into: floats, count: target.count) { return }
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

  /// Scales must be positive, so that a channel has only one encoding.
  package static func checkScales(
    _ scales: UnsafeBufferPointer<Float>, name: String
  ) throws(TensorFileError) {
    if let index = scales.firstIndex(where: { $0 <= 0 }) { throw .scale(name: name, index: index) }
  }

  /// Converts IEEE 754 binary16 to binary32 in steps that vectorize on any processor.
  ///
  /// Exact; an infinity or NaN stays one. Returns whether all are finite. Pointers and wrapping sums:
  /// a check in the loop would keep it from being vectorized.
  private static func decodeHalves(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>, count: Int
  ) -> Bool {
    var strange: UInt32 = 0
    for index in 0..<count {
      let half = UInt32((source + index &* 2).loadUnaligned(as: UInt16.self))
      let magnitude = half & 0x7FFF
      // The exponent's bias changes from 15 to 127; all bits set mean the same in both formats.
      let special: UInt32 = magnitude >= 0x7C00 ? 112 << 23 : 0
      strange |= special
      let normal = magnitude << 13 &+ 112 << 23 &+ special
      // Subnormal: a multiple of 2^-24.
      let small = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern
      let bits = magnitude < 0x0400 ? small : normal
      target[index] = Float(bitPattern: (half & 0x8000) << 16 | bits)
    }
    return strange == 0
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
