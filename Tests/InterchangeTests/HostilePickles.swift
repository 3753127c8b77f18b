/// Files of weights that somebody made to do harm, and what must be said of each.
struct HostileWeightFile {
  let name: String
  let bytes: [UInt8]
  /// A part of the message.
  let message: String

  init(_ name: String, _ message: String, _ bytes: [UInt8]) {
    self.name = name
    self.message = message
    self.bytes = bytes
  }

  /// A file that is right but for some of its parts, in both formats.
  static func both(
    _ name: String, _ message: String, _ change: (inout TorchFileParts) -> Void
  ) -> [HostileWeightFile] {
    var parts = TorchFileParts()
    change(&parts)
    return [
      HostileWeightFile(name + ", old", message, parts.old),
      HostileWeightFile(name + ", zip", message, parts.zip),
    ]
  }

  /// Something pickled in front of the tensors.
  static func pickled(
    _ name: String, _ message: String, _ other: @escaping (inout PickleBuilder) -> Void
  ) -> [HostileWeightFile] {
    both(name, message) { $0.other = other }
  }

  /// Another tensor.
  static func tensor(
    _ name: String, _ message: String, _ change: (inout PickledPart) -> Void
  ) -> [HostileWeightFile] {
    both(name, message) { change(&$0.tensors[0]) }
  }

  static let all = ofCode + ofPickles + ofTensors + ofFiles + ofArchives

  // MARK: What would run

  private static var ofCode: [HostileWeightFile] {
    pickled("a command", "it names os.system, which is code") {
      $0.text("x")
      $0.call("os", "system", "touch /tmp/planted")
    }
      + pickled("eval by a name on the stack", "it names builtins.eval") {
        $0.text("builtins")
        $0.text("eval")
        $0.byte(0x93)
      }
      + pickled("an object of a class", "it names subprocess.Popen") {
        $0.code("(")
        $0.text("sh")
        $0.code("isubprocess\nPopen\n")
      }
      + pickled("a part of an object", "it names builtins.getattr") {
        $0.name("builtins", "getattr")
      }
      + pickled("a loader", "it names torch.hub.load") { $0.name("torch.hub", "load") }
      + pickled("a dictionary with a function", "it names collections.defaultdict") {
        $0.name("collections", "defaultdict")
      }
      + pickled("a whole module", "it names torchvision.models.resnet.ResNet") {
        $0.name("torchvision.models.resnet", "ResNet")
      }
      + pickled("a name that writes on the screen", "it names os\\u{1b}[2J.system") {
        $0.name("os\u{1B}[2J", "system")
      }
      + pickled("a name without end", "a name in its pickle is too long") {
        $0.name(String(repeating: "a", count: 100_000), "b")
      }
      + pickled("a new object", "operation that torch.save does not write") {
        $0.name("collections", "OrderedDict")
        $0.code(")")
        $0.byte(0x81)
      }
      + pickled("a registered extension", "operation that torch.save does not write") {
        $0.bytes += [0x82, 1]
      }
      + pickled("a reference in text", "operation that torch.save does not write") {
        $0.code("P0\n")
      }
      + pickled("a state set on a tensor", "changes an object that is no ordered dictionary") {
        $0.text("x")
        PickledPart().pickled(&$0)
        $0.code("}b")
      }
      + pickled("a storage that is called", "its pickle is damaged") {
        $0.call("torch", "FloatStorage", "/etc/passwd")
      }
      + pickled("a reference that is no storage's", "a reference that is none to a storage") {
        $0.text("module")
        $0.code("Q")
      }
      + [
        HostileWeightFile(
          "a plain pickle", "it names posix.system",
          Array("cposix\nsystem\n(X".utf8) + little(2, 4) + Array("id".utf8) + Array("tR.".utf8)),
        HostileWeightFile(
          "TorchScript", "which holds code",
          ZipPart.archive(TorchFileParts().entries + [ZipPart("net/constants.pkl", [0x80, 2])])),
      ]
  }

  // MARK: Pickles that go wrong

  private static var ofPickles: [HostileWeightFile] {
    pickled("a memo that doubles", "entry x is no tensor") {
      $0.text("x")
      $0.code(")")
      for place in 0..<100 {
        $0.code("q")
        $0.byte(UInt8(place))
        $0.code("h")
        $0.byte(UInt8(place))
        $0.byte(0x86)
      }
    }
      + pickled("a hundred thousand tuples in tuples", "entry x is no tensor") {
        $0.text("x")
        $0.code(")")
        $0.bytes += [UInt8](repeating: 0x85, count: 100_000)
      }
      + both("a dictionary in itself", "entry model is no tensor") {
        var pickle = PickleBuilder()
        pickle.protocolNumber()
        pickle.code("}q\u{0}")
        pickle.text("model")
        pickle.code("h\u{0}s.")
        $0.pickle = pickle.bytes
        $0.storages = []
      }
      + pickled("a list in itself", "entry x is no tensor") {
        $0.text("x")
        $0.code("]q\u{0}h\u{0}a")
      }
      + pickled("millions of operations", "too many operations") {
        $0.bytes += [UInt8](repeating: UInt8(ascii: "N"), count: 1 << 20)
      }
      + pickled("sixteen million bytes", "its pickle is too long") {
        $0.text(String(repeating: "a", count: 1 << 24))
      }
      + pickled("a text without end", "its pickle ends too early") {
        $0.byte(0x8D)
        $0.bytes += little(Int.max, 8)
      }
      + pickled("bytes without end", "its pickle ends too early") {
        $0.bytes += [0x42, 255, 255, 255, 255]
      }
      + pickled("a text that is none", "is not UTF-8") { $0.bytes += [0x8C, 2, 0xC3, 0x28] }
      + pickled("an unknown protocol", "of an unknown protocol") { $0.protocolNumber(9) }
      + pickled("what nobody remembered", "its pickle is damaged") { $0.code("hz") }
      + pickled("a stack that is empty", "its pickle is damaged") { $0.code("tt") }
      + pickled("a key alone", "its pickle is damaged") { $0.text("x") }
      + pickled("an item of no dictionary", "its pickle is damaged") { $0.code("(NNu") }
      + pickled("a text for a tensor", "entry x is no tensor") {
        $0.text("x")
        $0.text("y")
      }
      + pickled("a number for a name", "a tensor's name is no printable text") {
        $0.integer(3)
        PickledPart().pickled(&$0)
      }
      + both("no tensors", "it does not hold tensors by name") {
        $0.pickle = Array("}.".utf8)
        $0.storages = []
      }
      + both("no dictionary", "it does not hold tensors by name") {
        $0.pickle = [0x80, 2, UInt8(ascii: "K"), 1, UInt8(ascii: ".")]
        $0.storages = []
      }
  }

  // MARK: Tensors

  private static var ofTensors: [HostileWeightFile] {
    let wrong = "overlaps itself, is empty, or runs past the end of its storage"
    return tensor("a huge extent", wrong) { $0.shape = [1 << 62, 1] }
      + tensor("extents whose product overflows", wrong) { $0.shape = [1 << 31, 1 << 33] }
      + tensor("an empty tensor", wrong) { $0.shape = [0, 3] }
      + tensor("an extent below zero", wrong) { $0.shape = [-2, -3] }
      + tensor("a stride of nothing", wrong) { $0.strides = [0, 1] }
      + tensor("a stride below zero", wrong) { $0.strides = [-3, 1] }
      + tensor("a stride that overflows", wrong) { $0.strides = [Int.max, 1] }
      + tensor("strides that lie", wrong) { $0.strides = [1, 1] }
      + tensor("more extents than strides", wrong) { $0.strides = [3] }
      + tensor("a place past the end", wrong) { $0.offset = 1 }
      + tensor("a place far past the end", wrong) { $0.offset = Int.max }
      + tensor("a place in front", wrong) { $0.offset = -1 }
      + tensor("nine extents", "without storage, extents or strides") {
        $0.shape = [Int](repeating: 1, count: 9)
        $0.strides = $0.shape
      }
      + tensor("a name with a line's end", "no printable text") { $0.name = "a\nb" }
      + tensor("no name", "no printable text") { $0.name = "" }
      + tensor("a long name", "no printable text") { $0.name = String(repeating: "a", count: 257) }
      + tensor("complex numbers", "it names torch.ComplexFloatStorage") {
        $0.type = "ComplexFloatStorage"
      }
      + both("two of a name", "two tensors are called a") { $0.tensors += $0.tensors }
      + both("a storage of two types", "is described in two ways") {
        var other = $0.tensors[0]
        (other.name, other.type) = ("b", "IntStorage")
        $0.tensors.append(other)
      }
      + [
        HostileWeightFile(
          "a storage that overflows", "is too large",
          with { $0.tensors[0].count = Int.max }.zip),
        HostileWeightFile(
          "a storage below zero", "none to a storage", with { $0.tensors[0].count = -6 }.old),
        HostileWeightFile(
          "a storage that is shorter", "another size than its tensors say",
          with { $0.storages[0].bytes.removeLast() }.zip),
        HostileWeightFile(
          "a storage that is missing", "the bytes of storage 0 are missing",
          with { $0.storages = [] }.zip),
      ]
  }

  private static func with(_ change: (inout TorchFileParts) -> Void) -> TorchFileParts {
    var parts = TorchFileParts()
    change(&parts)
    return parts
  }

  // MARK: Files in the old format, and of either

  private static var ofFiles: [HostileWeightFile] {
    both("big-endian numbers", "begin with the highest byte") { $0.order = "big" }
      + [
        HostileWeightFile(
          "another magic number", "none of torch.save", with { $0.magic = [1, 2, 3] }.old),
        HostileWeightFile(
          "a storage past the end", "runs past the end", Array(with { _ in }.old.dropLast())),
        HostileWeightFile(
          "bytes behind the last storage", "not all that follows", with { _ in }.old + [0]),
        HostileWeightFile(
          "a count that lies", "another size than its tensors say",
          with { $0.storages[0].count = 7 }.old),
        HostileWeightFile(
          "a storage that overflows the file", "runs past the end",
          with {
            $0.tensors[0].count = 1 << 60
            $0.storages[0].count = 1 << 60
          }.old),
        HostileWeightFile(
          "a storage twice", "its list of storages is damaged",
          with { $0.storages += $0.storages }.old),
        HostileWeightFile(
          "a storage of nobody", "its list of storages is damaged",
          with { $0.storages.append(("1", 0, [])) }.old),
        HostileWeightFile(
          "no storages", "not all that follows", with { $0.storages = [] }.old),
      ]
  }

  // MARK: Archives

  private static var ofArchives: [HostileWeightFile] {
    let parts = TorchFileParts()
    let inner = ZipPart("w.pth", parts.old)
    func changed(_ part: ZipPart, _ change: (inout ZipPart) -> Void) -> ZipPart {
      var part = part
      change(&part)
      return part
    }
    func archive(_ change: (inout ZipPart) -> Void) -> [UInt8] {
      ZipPart.archive([changed(inner, change)])
    }
    let slip = "leads out of the archive"
    let beside = "does not begin where the entry before it ends"
    var twice = inner
    twice.name = "v.pth"
    twice.offset = 0
    let long = ZipPart.archive([inner])
    let end = long.count - 22
    let record =
      [0x50, 0x4B, 6, 6] + little(44, 8) + little(0, 4) + little(0, 8) + little(2, 8) + little(2, 8)
      + long[(end + 12)..<(end + 16)] + little(0, 4) + long[(end + 16)..<(end + 20)] + little(0, 4)
    let locator = [0x50, 0x4B, 6, 7] + little(0, 4) + little(end, 8) + little(1, 4)
    return [
      HostileWeightFile(
        "a bomb", "would unpack to more than weights do",
        ZipPart.archive([changed(inner.packed) { $0.size = 4_000_000_000 }])),
      HostileWeightFile(
        "a bomb of zeros", "would unpack to more than weights do",
        ZipPart.archive([changed(inner.packed) { $0.size = 65 * $0.bytes.count }])),
      HostileWeightFile(
        "more packed than was said", "its packed bytes are damaged",
        ZipPart.archive([changed(inner.packed) { $0.size = 5 }])),
      HostileWeightFile(
        "less packed than was said", "its packed bytes are damaged",
        ZipPart.archive([changed(inner.packed) { $0.size = 2 * $0.bytes.count }])),
      HostileWeightFile(
        "packed bytes that are none", "its packed bytes are damaged",
        archive {
          $0.method = 8
          $0.bytes = [UInt8](repeating: 0xFF, count: 100)
          $0.size = 100
        }),
      HostileWeightFile("a slip", slip, archive { $0.name = "../../etc/w.pth" }),
      HostileWeightFile("a slip from within", slip, archive { $0.name = "a/../../w.pth" }),
      HostileWeightFile("a path from the root", slip, archive { $0.name = "/etc/w.pth" }),
      HostileWeightFile("a path with a drive", slip, archive { $0.name = "C:w.pth" }),
      HostileWeightFile("a path of Windows", slip, archive { $0.name = "..\\w.pth" }),
      HostileWeightFile("a name with a line's end", slip, archive { $0.name = "w\n.pth" }),
      HostileWeightFile(
        "two directories", "does not lie where the archive ends",
        ZipPart.archive([inner]) + ZipPart.archive([inner])),
      HostileWeightFile(
        "a second archive in front", beside,
        ZipPart.archive([inner], before: ZipPart.archive([inner]))),
      HostileWeightFile(
        "two directories that differ", "two directories contradict each other",
        Array(long[..<end]) + record + locator + Array(long[end...])),
      HostileWeightFile("one entry in another", beside, ZipPart.archive([inner, twice])),
      HostileWeightFile(
        "an entry with two names", "contradict each other", archive { $0.localName = "v.pth" }),
      HostileWeightFile(
        "two entries of a name", "two entries are called w.pth", ZipPart.archive([inner, inner])),
      HostileWeightFile(
        "more entries than there are", "its directory is damaged",
        ZipPart.archive([inner], count: 2)),
      HostileWeightFile("encryption", "is encrypted", archive { $0.flags = 1 }),
      HostileWeightFile(
        "another packer", "by a method that is not read", archive { $0.method = 12 }),
      HostileWeightFile("a wrong sum", "its checksum is wrong", archive { $0.check = 5 }),
      HostileWeightFile(
        "an archive in an archive", "an archive within an archive",
        ZipPart.archive([ZipPart("w.pth", ZipPart.archive([inner]))])),
      HostileWeightFile(
        "a packed pickle", "is packed, which torch.save never does",
        ZipPart.archive(parts.entries.map(\.packed))),
      HostileWeightFile(
        "no weights", "no file in the archive holds weights",
        ZipPart.archive([ZipPart("net/__init__.py", [])])),
      HostileWeightFile("nothing", "no file in the archive holds weights", ZipPart.archive([])),
      HostileWeightFile(
        "two files of weights", "2 files in it hold weights",
        ZipPart.archive([inner, ZipPart("b.safetensors", [1])])),
      HostileWeightFile(
        "a truncated wheel", "the file is truncated", Array(ZipPart.archive([inner]).dropLast())),
      HostileWeightFile(
        "bytes behind the archive", "the file is truncated", ZipPart.archive([inner]) + [0]),
    ]
  }
}
