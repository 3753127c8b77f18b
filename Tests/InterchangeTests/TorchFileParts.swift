/// Pickles, files of torch.save and zip archives put together byte by byte, right or wrong.
struct PickleBuilder {
  var bytes: [UInt8] = []

  mutating func byte(_ byte: UInt8) { bytes.append(byte) }
  mutating func code(_ letters: String) { bytes += Array(letters.utf8) }
  mutating func protocolNumber(_ number: UInt8 = 2) { bytes += [0x80, number] }
  mutating func text(_ text: String) {
    code("X")
    bytes += little(text.utf8.count, 4) + Array(text.utf8)
  }
  mutating func integer(_ number: Int) {
    bytes += [0x8A, 8] + little(number, 8)
  }
  mutating func name(_ module: String, _ word: String) { code("c\(module)\n\(word)\n") }
  mutating func integers(_ numbers: [Int]) {
    code("(")
    for number in numbers { integer(number) }
    code("t")
  }
  /// What `name(module, word)(text)` pickles as.
  mutating func call(_ module: String, _ word: String, _ argument: String) {
    name(module, word)
    text(argument)
    bytes += [0x85]
    code("R")
  }
}

/// The lowest byte first.
func little(_ number: Int, _ width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// A tensor as a pickle describes it.
struct PickledPart {
  var name = "a"
  var key = "0"
  var type = "FloatStorage"
  var count = 6
  var offset = 0
  var shape = [2, 3]
  var strides = [3, 1]

  func pickled(_ pickle: inout PickleBuilder) {
    pickle.name("torch._utils", "_rebuild_tensor_v2")
    pickle.code("((")
    pickle.text("storage")
    pickle.name("torch", type)
    pickle.text(key)
    pickle.text("cpu")
    pickle.integer(count)
    pickle.code("tQ")
    pickle.integer(offset)
    pickle.integers(shape)
    pickle.integers(strides)
    pickle.byte(0x89)
    pickle.code("}tR")
  }
}

/// A file of torch.save from its parts.
struct TorchFileParts {
  var tensors = [PickledPart()]
  /// Pickled in front of the tensors; leaves nothing or a pair on the stack.
  var other: (inout PickleBuilder) -> Void = { _ in }
  var storages: [(key: String, count: Int, bytes: [UInt8])] = [
    ("0", 6, (1...6).flatMap { number in little(Int(Float(number).bitPattern), 4) })
  ]
  var order = "little"
  var magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  /// In place of the pickle of the tensors.
  var pickle: [UInt8]?

  var pickled: [UInt8] {
    if let pickle { return pickle }
    var pickle = PickleBuilder()
    pickle.protocolNumber()
    pickle.code("}(")
    other(&pickle)
    for tensor in tensors {
      pickle.text(tensor.name)
      tensor.pickled(&pickle)
    }
    pickle.code("u.")
    return pickle.bytes
  }

  /// As before PyTorch 1.6.
  var old: [UInt8] {
    var head = PickleBuilder()
    head.protocolNumber()
    head.bytes += [0x8A, UInt8(magic.count)] + magic
    head.code(".")
    head.protocolNumber()
    head.integer(1001)
    head.code(".")
    head.protocolNumber()
    head.code("}(")
    head.text("little_endian")
    head.byte(order == "little" ? 0x88 : 0x89)
    head.code("u.")
    var keys = PickleBuilder()
    keys.protocolNumber()
    keys.code("](")
    for storage in storages { keys.text(storage.key) }
    keys.code("e.")
    return head.bytes + pickled + keys.bytes
      + storages.flatMap { little($0.count, 8) + $0.bytes }
  }

  var entries: [ZipPart] {
    [ZipPart("net/data.pkl", pickled), ZipPart("net/byteorder", Array(order.utf8))]
      + storages.map { ZipPart("net/data/\($0.key)", $0.bytes) }
  }

  /// As since PyTorch 1.6.
  var zip: [UInt8] { ZipPart.archive(entries) }
}

/// An entry of a zip archive.
struct ZipPart {
  var name: String
  var bytes: [UInt8]
  var method = 0
  var flags = 0
  /// What the directory says, where it is not what is there.
  var size: Int?
  var offset: Int?
  var localName: String?
  var check: UInt32?

  init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// The same, deflated as a block that is not compressed.
  var packed: ZipPart {
    var part = self
    part.method = 8
    part.size = size ?? bytes.count
    part.check = check ?? checksum(bytes)
    part.bytes = [1] + little(bytes.count, 2) + little(~bytes.count, 2) + bytes
    return part
  }

  static func archive(_ parts: [ZipPart], before: [UInt8] = [], count: Int? = nil) -> [UInt8] {
    var file = before
    var directory: [UInt8] = []
    for part in parts {
      let fields =
        little(part.flags, 2) + little(part.method, 2) + little(0, 4)
        + little(Int(part.check ?? checksum(part.bytes)), 4) + little(part.bytes.count, 4)
        + little(part.size ?? part.bytes.count, 4)
      let name = Array(part.name.utf8)
      let localName = Array((part.localName ?? part.name).utf8)
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + little(20, 2) + fields
      directory +=
        little(name.count, 2) + little(0, 12) + little(part.offset ?? file.count, 4) + name
      file += [0x50, 0x4B, 3, 4] + little(20, 2) + fields
      file += little(localName.count, 2) + little(0, 2) + localName + part.bytes
    }
    let number = little(count ?? parts.count, 2)
    return file + directory + [0x50, 0x4B, 5, 6] + little(0, 4) + number + number
      + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
  }
}

/// The CRC-32 of zip archives.
func checksum(_ bytes: [UInt8]) -> UInt32 {
  var sum = UInt32.max
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xEDB8_8320) }
  }
  return ~sum
}
