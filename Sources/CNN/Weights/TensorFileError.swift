package import Primitives

/// The reason why bytes are not an accepted tensor file: what was expected and found.
package enum TensorFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Fewer than the 8 bytes of the header's length.
  case tooShort(bytes: Int)
  /// A header longer than the file or than the limit.
  case headerLength(found: UInt64, limit: Int)
  /// A header that is not strict JSON.
  case headerSyntax(JSONSyntaxError)
  /// A part of the header that violates the format.
  case header(part: String, expected: String)
  /// A name that is empty, too long, unprintable, or climbs a path.
  case name(String)
  /// Too many tensors.
  case count(found: Int, limit: Int)
  /// A tensor of a type or shape that is not accepted.
  case tensor(name: String, expected: String, found: String)
  /// Tensors that leave a gap or overlap.
  case offset(name: String, expected: Int, found: Int)
  /// A tensor's bytes that do not fit its shape.
  case size(name: String, expected: Int, found: Int)
  /// Too few or too many bytes after the header.
  case fileSize(expected: Int, found: Int)
  /// No digest where one is required.
  case noDigest
  /// A digest that does not match: the file is damaged.
  case digest(expected: String, found: String)
  /// A number that is infinite or not a number.
  case notFinite(name: String, index: Int)
  /// A scale of 8-bit weights that is not positive.
  case scale(name: String, index: Int)
  /// A number too large for 16 bits.
  case notInHalves(name: String, index: Int, value: Float)

  /// One sentence.
  package var description: String {
    switch self {
    case .tooShort(let bytes): "expected at least 8 bytes, found \(bytes)"
    case .headerLength(let found, let limit):
      "expected a header of 2 to \(limit) bytes, found a length of \(found)"
    case .headerSyntax(let error): "the header is not valid: \(error)"
    case .header(let part, let expected): "the header's \(part): expected \(expected)"
    case .name(let name):
      "tensor names have 1 to \(TensorFile.nameLimit) printable bytes without \"..\", "
        + "found \(JSON.quoted(String(name.prefix(80))))"
    case .count(let found, let limit): "expected at most \(limit) tensors, found \(found)"
    case .tensor(let name, let expected, let found):
      "tensor \(name): expected \(expected), found \(found)"
    case .offset(let name, let expected, let found):
      "tensor \(name): expected to begin at byte \(expected) of the data, found \(found)"
    case .size(let name, let expected, let found):
      "tensor \(name): expected \(expected) bytes for its shape, found \(found)"
    case .fileSize(let expected, let found):
      "expected \(expected) bytes after the header, found \(found)"
    case .noDigest: "expected a last tensor \(TensorFile.digestName), found none"
    case .digest(let expected, let found):
      "the bytes are damaged: expected the digest \(expected), found \(found)"
    case .notFinite(let name, let index): "tensor \(name): element \(index) is not finite"
    case .scale(let name, let index): "tensor \(name): element \(index) is not above zero"
    case .notInHalves(let name, let index, let value):
      "tensor \(name): element \(index), \(value), is too large for 16 bits (65504 at most)"
    }
  }
}
