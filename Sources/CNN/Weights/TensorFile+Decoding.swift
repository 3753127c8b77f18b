internal import Primitives

extension TensorFile {
  /// Reads a file's bytes strictly.
  ///
  /// `requiresDigest` false accepts files that other programs wrote; a digest that is there must
  /// fit in any case.
  package init(
    decoding file: [UInt8], requiresDigest: Bool = true
  ) throws(TensorFileError) {
    let end = try Layout.headerEnd(prefix: file.prefix(8), fileBytes: file.count)
    let layout = try Layout(head: Array(file[..<end]), fileBytes: file.count)
    guard layout.digest != nil || !requiresDigest else { throw .noDigest }
    if let place = layout.digest {
      var digest = SHA256()
      digest.update(file[..<place.lowerBound])
      try TensorFile.check(digest: digest.finalize(), expected: Array(file[place]))
    }
    var tensors: [Tensor] = []
    for place in layout.tensors {
      let values = TensorFile.floats(file[place.bytes])
      try values.withUnsafeBufferPointer { values throws(TensorFileError) in
        try TensorFile.checkFinite(values, name: place.name)
      }
      tensors.append(Tensor(name: place.name, shape: place.shape, values: values))
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

  private static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
    let count = bytes.count / 4
    return bytes.withUnsafeBytes { bytes in
      (0..<count).map {
        let bits = bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
      }
    }
  }
}
