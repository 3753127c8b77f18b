internal import Primitives

extension TensorFile {
  /// Reads a file's bytes strictly.
  ///
  /// `requiresDigest` false accepts files that other programs wrote; a digest that is there must
  /// fit in any case. The header may have `headerLimit` bytes.
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

  /// Compares the digest of a file's bytes with the one that it holds.
  package static func check(
    digest found: [UInt8], expected: [UInt8]
  ) throws(TensorFileError) {
    guard found == expected else {
      throw .digest(expected: hexadecimal(expected), found: hexadecimal(found))
    }
  }

  /// Refuses numbers that are infinite or none.
  package static func checkFinite(
    _ values: UnsafeBufferPointer<Float>, name: String
  ) throws(TensorFileError) {
    // Counted without a way out, which is vector code; almost always there is none.
    var strange = 0 as UInt32
    for value in values {
      strange &+= value.bitPattern & 0x7f80_0000 == 0x7f80_0000 ? 1 : 0
    }
    guard strange == 0 else {
      throw .notFinite(name: name, index: values.firstIndex { !$0.isFinite } ?? 0)
    }
  }

  /// An array of a file, with its factors where it has some.
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
    var failure: TensorFileError?
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      do throws(TensorFileError) {
        try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      } catch {
        failure = error
      }
      initialized = count
    }
    if let failure { throw failure }
    return values
  }

  private static func decode(
    _ place: Layout.Place, _ bytes: ArraySlice<UInt8>, scales: [Float],
    into target: UnsafeMutableBufferPointer<Float>
  ) throws(TensorFileError) {
    var failure: TensorFileError?
    bytes.withUnsafeBytes { bytes in
      scales.withUnsafeBufferPointer { scales in
        do throws(TensorFileError) {
          try decode(bytes, of: place, scales: scales, into: target)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
  }
}
