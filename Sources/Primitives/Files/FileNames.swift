// File names are bytes for the system and texts in this program. A name that is UTF-8 is its own
// text. Every other byte becomes one scalar of a private range, so that each name has a text, no two
// names have the same one, and the text opens the file.

/// The scalar that stands for the byte 0: those for the bytes 0x80 to 0xFF are in use.
private let firstByteScalar: UInt32 = 0x10_FE00

/// The byte that a scalar of a file name's text stands for; nil for all others.
package func fileNameByte(_ scalar: Unicode.Scalar) -> UInt8? {
  let byte = scalar.value &- firstByteScalar
  return (0x80...0xFF).contains(byte) ? UInt8(byte) : nil
}

extension String {
  /// The text of a file name or path, given as its bytes without a final zero.
  ///
  /// A byte that is not part of valid UTF-8 becomes the scalar U+10FE00 + byte. Where a name holds
  /// such a scalar already, its four bytes are taken one by one.
  package init(fileName bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: { fileNameByte($0) != nil })
    {
      self = text
      return
    }
    var text = String.UnicodeScalarView()
    func append(_ bytes: some Collection<UInt8>) {
      for byte in bytes {
        if let scalar = Unicode.Scalar(firstByteScalar + UInt32(byte)) { text.append(scalar) }
      }
    }
    var parser = UTF8.ForwardParser()
    var source = bytes.makeIterator()
    var rest = bytes[...]
    reading: while true {
      switch parser.parseScalar(from: &source) {
      case .emptyInput: break reading
      case .error(let length):
        append(rest.prefix(length))
        rest = rest.dropFirst(length)
      case .valid(let encoded):
        let scalar = UTF8.decode(encoded)
        if fileNameByte(scalar) == nil { text.append(scalar) } else { append(encoded) }
        rest = rest.dropFirst(encoded.count)
      }
    }
    self.init(text)
  }

  /// The text of a path that the system gave, up to its final zero.
  package init(systemPath: UnsafePointer<CChar>) {
    self.init(
      fileName: UnsafeBufferPointer(start: systemPath, count: String.length(systemPath)).map(
        UInt8.init(bitPattern:)))
  }

  private static func length(_ text: UnsafePointer<CChar>) -> Int {
    var count = 0
    while text[count] != 0 { count += 1 }
    return count
  }

  /// The bytes of the file name or path whose text this is.
  package var fileNameBytes: [UInt8] {
    // All scalars that stand for bytes begin with this byte, which few names hold.
    guard utf8.contains(0xF4) else { return Array(utf8) }
    var bytes: [UInt8] = []
    for scalar in unicodeScalars {
      if let byte = fileNameByte(scalar) {
        bytes.append(byte)
      } else {
        bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return bytes
  }

  /// The text without what stands for bytes: such a byte is written `\xff`, and a backslash that
  /// stands before an x is written `\x5c`, so that `init(spelledFileName:)` has it back.
  package var spelledFileName: String {
    guard utf8.contains(0xF4) || utf8.contains(UInt8(ascii: "\\")) else { return self }
    var text = ""
    var isBackslash = false
    for scalar in unicodeScalars {
      if isBackslash { text += scalar == "x" ? "\\x5c" : "\\" }
      isBackslash = scalar == "\\"
      if let byte = fileNameByte(scalar) {
        text += spelledByte(byte)
      } else if !isBackslash {
        text.unicodeScalars.append(scalar)
      }
    }
    return isBackslash ? text + "\\" : text
  }

  /// The text that `spelledFileName` spelled.
  package init(spelledFileName text: String) {
    guard text.utf8.contains(UInt8(ascii: "\\")) else {
      self = text
      return
    }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let first = rest.popFirst() {
      if first == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
        let digits = String(validating: rest.dropFirst().prefix(2), as: UTF8.self),
        let byte = UInt8(digits, radix: 16), byte >= 0x80 || byte == UInt8(ascii: "\\")
      {
        bytes.append(byte)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(first)
      }
    }
    self.init(fileName: bytes)
  }
}

/// A byte as messages spell it, such as `\xff`.
package func spelledByte(_ byte: UInt8) -> String { "\\x" + hexadecimal([byte]) }

/// A path as the system takes it, with a final zero.
///
/// Every call that takes a path is given this: a string alone would hand over the scalars that stand
/// for bytes.
package func systemPath(_ path: String) -> [CChar] {
  path.fileNameBytes.map(CChar.init(bitPattern:)) + [0]
}
