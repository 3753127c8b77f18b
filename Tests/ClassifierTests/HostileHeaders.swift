import CNN
import Primitives
import TestSupport

/// A file with the text of its header changed, the digest right.
private func text(
  _ name: String, _ change: @escaping @Sendable (String, inout RandomStream) -> String
) -> HostileKind {
  HostileKind(name: name) { file, stream in
    let model = try HostileModel(file)
    return HostileModel.file(change(HostileModel.text(.object(model.header)), &stream), model.data)
  }
}

private func nested(_ depth: Int) -> JSON {
  .number(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
}

private let huge: [String] = [
  "9223372036854775807", "9223372036854775808", "1" + String(repeating: "0", count: 400),
]

extension HostileKind {
  /// Headers that lie, or are none; length and digest fit.
  static let ofHeaders: [HostileKind] = [
    text("another first byte") { $1.pick([" ", "[", "\u{feff}", "'", "x"]) + $0 },
    text("garbage behind the header") { $0 + $1.pick(["x", "{}", ",", "\u{0}", "//", "]"]) },
    text("an open header") { String($0.dropLast(1 + $1.index(below: 20))) },
    text("JSON of another kind") { header, stream in
      stream.pick([
        header.replacing("\"", with: "'"), header.replacing(":", with: "="),
        header.replacing("}", with: ",}"), "{/* */" + header.dropFirst(), header + header,
        header.replacing("[", with: "[,"), header.replacing("\"dtype\"", with: "dtype"),
      ])
    },
    text("a header of more than a megabyte") { header, stream in
      header + String(repeating: " ", count: (1 << 20) + stream.index(below: 1000))
    },
    text("a million numbers") { header, stream in
      let count = 400_000 + stream.index(below: 1000)
      return "{\"a\":[" + String(repeating: "1,", count: count) + "1]," + header.dropFirst()
    },
    HostileKind(name: "bytes that are no UTF-8") { file, stream in
      var file = file
      let end = 8 + Int(file[0]) + Int(file[1]) << 8
      let places = (8..<end).filter { file[$0] >= 0x61 && file[$0] <= 0x7A }
      file[stream.pick(places)] = UInt8(0x80 + stream.index(below: 128))
      return HostileModel.sealed(file)
    },
    .parts("a key twice") { model, stream in
      model.header.insert(stream.pick(model.header), at: stream.index(below: model.header.count))
    },
    .parts("two keys that look the same") { model, stream in
      let place = model.array(&stream)
      var other = model.header[place]
      (model.header[place].key, other.key) = ("\u{e9}", "e\u{301}")
      model.header.insert(other, at: place + stream.index(below: 2))
    },
    .parts("a key twice in the metadata, with line ends") { model, stream in
      guard case .object(var members) = model.metadata else { return }
      let key = "a\n\u{1b}[31m" + String(repeating: "b\n", count: 1 + stream.index(below: 9000))
      members += [JSON.Member(key, .string("")), .init(key, .null)]
      model.metadata = .object(members)
    },
    .parts("more arrays than there may be") { model, stream in
      let count = 10_003 + stream.index(below: 100)
      model.header.insert(
        contentsOf: (0..<count).map { JSON.Member("\($0)", .members([:])) }, at: 1)
    },
    .parts("brackets a thousand deep") { model, stream in
      model.header[model.array(&stream)].value = nested(4 + stream.index(below: 100_000))
    },
    .parts("an entry that is no object") { model, stream in
      model.header[model.array(&stream)].value = stream.pick([
        .null, .string("F32"), .number("4"), .array([]), .bool(true), .members([:]),
      ])
    },
    .parts("an entry without one of its fields") { model, stream in
      let place = model.array(&stream)
      model.header[place].value[stream.pick(["dtype", "shape", "data_offsets"])] = nil
    },
    .parts("an entry with a path") { model, stream in
      let field = stream.pick(["path", "location", "url", "external_data", "strides", "code"])
      model.header[model.array(&stream)].value[field] = .string("/etc/passwd")
    },
    .parts("metadata that are no object of strings") { model, stream in
      model.metadata = stream.pick([
        .array([]), .null, .string("x"), .members(["format_version": .number("1")]),
        .members(["classes": .array([.string("a"), .string("b")])]), .members(["a": .null]),
      ])
    },
    .parts("no metadata") { model, _ in model.header.removeAll { $0.key == "__metadata__" } },

    renamed("another name") { name, stream in name + stream.pick(["x", ".0", " ", "\u{301}"]) },
    renamed("a name that climbs") { name, stream in
      stream.pick(["../", "/../", "a/../../", ".."]) + name
    },
    renamed("a name that steers terminals") { name, stream in
      stream.pick(["\u{1b}[2J", "\u{7}", "\n", "\u{9b}31m", "\u{202e}", "\u{0}"]) + name
    },
    renamed("a name too long") { name, stream in
      String(repeating: "n", count: 257 + stream.index(below: 9000))
    },
    renamed("no name") { _, _ in "" },
    renamed("the digest's name") { _, _ in "__sha256__" },

    entry(
      "an unknown type", "dtype",
      JSON.texts("F64", "BF16", "I32", "BOOL", "f32", "", "object")),
    entry("a type that is no text", "dtype", [.null, .number("4"), .array([]), .members([:])]),
    .parts("another type of as many bytes") { model, stream in
      let place = model.array(&stream)
      // The shape stays; so bytes or type are wrong.
      let own = model.header[place].value["dtype"]
      let others = ["F32", "F16", "I8", "U8"].map(JSON.string).filter { $0 != own }
      model.header[place].value["dtype"] = stream.pick(others)
    },
    entry("a negative extent", "shape", JSON.lists("-1", "-9223372036854775808")),
    entry(
      "an extent with a fraction", "shape",
      JSON.lists("1.0", "4e0", "0.5", "01", "NaN")),
    entry("an extent too large", "shape", huge.map { JSON.numbers([$0]) }),
    entry(
      "extents whose product is too large", "shape",
      [
        .numbers(["4294967296", "4294967296"]), .numbers(["3037000500", "3037000500", "4"]),
        .numbers(["4611686018427387904", "4"]), .numbers([huge[0], huge[0]]),
      ]),
    entry("nine extents", "shape", [.numbers([String](repeating: "1", count: 9))]),
    entry(
      "no elements", "shape", [.numbers(["0"]), .numbers(["4", "0"]), .numbers(["0", huge[0]])]),
    entry("a shape that is no list", "shape", [.null, .number("4"), .string("4"), .members([:])]),
    .parts("another shape of as many elements") { model, stream in
      let place = model.array(&stream)
      guard case .array(let extents) = model.header[place].value["shape"] else { return }
      model.header[place].value["shape"] = .array(extents + [.number("1")])
    },

    entry(
      "offsets that are no two numbers", "data_offsets",
      [
        .numbers(["0"]), .numbers(["0", "4", "8"]), .numbers([]), .null, .numbers(["-4", "0"]),
        .numbers(["0.0", "4.0"]), .string("0,4"),
      ]),
    entry("offsets out of range", "data_offsets", huge.map { JSON.numbers(["0", $0]) }),
    .parts("arrays that overlap") { model, stream in
      let arrays = model.arrays
      let place = stream.pick(Array(arrays.dropFirst()))
      model.header[place].value["data_offsets"] = model.header[arrays[0]].value["data_offsets"]
    },
    .parts("offsets the wrong way round") { model, stream in
      let place = model.array(&stream)
      guard case .array(let offsets) = model.header[place].value["data_offsets"] else { return }
      model.header[place].value["data_offsets"] = .array(offsets.reversed())
    },
    .parts("a gap between arrays") { model, stream in
      model.data += stream.bytes(4 * (1 + stream.index(below: 100)))
    },
    .parts("arrays in another order") { model, stream in
      let arrays = model.arrays
      let at = stream.index(below: arrays.count - 1)
      model.header.swapAt(arrays[at], arrays[at + 1])
    },

    .parts("no digest") { model, _ in
      model.header.removeAll { $0.key == "__sha256__" }
    },
    HostileKind(name: "no digest, nor bytes for it") { file, stream in
      var model = try HostileModel(file)
      model.header.removeAll { $0.key == "__sha256__" }
      return weightsFile(HostileModel.text(.object(model.header)), model.data)
    },
    .bytes("a wrong digest") { $0 = $0.dropLast(32) + $1.bytes(32) },
    .parts("a digest that is not the last") { model, stream in
      let digest = model.header.removeLast()
      model.header.insert(digest, at: 1 + stream.index(below: model.header.count - 1))
    },
    .parts("a digest of another form") { model, stream in
      let last = model.header.count - 1
      let (type, shape) = stream.pick([
        ("I8", ["32"]), ("F32", ["8"]), ("U8", ["4", "8"]), ("F16", ["16"]), ("U8", ["31"]),
      ])
      model.header[last].value["dtype"] = .string(type)
      model.header[last].value["shape"] = .numbers(shape)
    },
  ]
}
