import CNN

/// The bytes of a weights file with this header and this data, no digest.
func weightsFile(_ header: String, _ data: [UInt8]) -> [UInt8] {
  let text = Array(header.utf8)
  return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data
}

/// The same with `data` bytes of zeros.
func weightsFile(_ header: String, data: Int = 0) -> [UInt8] {
  weightsFile(header, [UInt8](repeating: 0, count: data))
}

/// Why a weights file is refused; nil where it is not.
func decodingError(_ bytes: [UInt8], requiresDigest: Bool = false) -> TensorFileError? {
  do throws(TensorFileError) {
    _ = try TensorFile(decoding: bytes, requiresDigest: requiresDigest)
    return nil
  } catch {
    return error
  }
}
