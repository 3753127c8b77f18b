import CNN
import Classifier
import ImageData
import Primitives
import TestSupport

/// A model file taken apart, to be put together wrongly.
struct HostileModel {
  /// The header's members in order, the digest's entry among them; numbers may be any text.
  var header: [JSON.Member]
  /// The arrays' bytes, without the digest's.
  var data: [UInt8]
  /// What stands behind the header in its place, padding included.
  var behindHeader = ""

  /// The parts of a whole file.
  init(_ file: [UInt8]) throws {
    let end = try TensorFile.Layout.headerEnd(prefix: file.prefix(8), fileBytes: file.count)
    guard case .object(let members) = try JSON.parse(file[8..<end], depth: 3) else {
      throw TestFailure("a header that is no object")
    }
    header = members
    data = Array(file[end...].dropLast(32))
  }

  /// The file, its header's length and its digest right.
  var bytes: [UInt8] { HostileModel.file(HostileModel.text(.object(header)) + behindHeader, data) }

  /// A file with this header and a digest that fits.
  static func file(_ header: String, _ data: [UInt8]) -> [UInt8] {
    sealed(weightsFile(header, data) + [UInt8](repeating: 0, count: 32))
  }

  /// The bytes, the last 32 of them replaced by the digest of those before.
  static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    bytes.dropLast(32) + SHA256.digest(bytes.dropLast(32))
  }

  /// JSON with every key and number as it stands in the tree, right or not.
  static func text(_ node: JSON) -> String {
    switch node {
    case .object(let members):
      "{" + members.map { JSON.quoted($0.key) + ":" + text($0.value) }.joined(separator: ",")
        + "}"
    case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
    case .string(let string): JSON.quoted(string)
    case .number(let number): number
    case .bool(let value): "\(value)"
    case .null: "null"
    }
  }

  /// The members of the metadata.
  var metadata: JSON {
    get { header.first { $0.key == "__metadata__" }?.value ?? .null }
    set {
      for index in header.indices where header[index].key == "__metadata__" {
        header[index].value = newValue
      }
    }
  }

  /// Places of the arrays in the header, without metadata and digest.
  var arrays: [Int] { header.indices.filter { !header[$0].key.hasPrefix("__") } }

  /// One of the arrays' places.
  func array(_ stream: inout RandomStream) -> Int { stream.pick(arrays) }

  /// The metadata's JSON of that key.
  func json(_ key: String) throws -> JSON {
    guard case .string(let text) = metadata[key] else { throw TestFailure("no \(key)") }
    return try JSON.parse(Array(text.utf8)[...], depth: 128)
  }

  /// Replaces the metadata's text of that key.
  mutating func set(_ key: String, _ text: String) { metadata[key] = .string(text) }

  /// Changes the layers of the architecture.
  mutating func changeLayers(_ change: (inout [JSON]) throws -> Void) throws {
    var architecture = try json("architecture")
    guard case .array(var layers) = architecture["layers"] else { throw TestFailure("no layers") }
    try change(&layers)
    architecture["layers"] = .array(layers)
    set("architecture", HostileModel.text(architecture))
  }

  /// Gives one field of a layer of that kind another value.
  mutating func setField(_ field: String, of kind: String, _ value: JSON) throws {
    try changeLayers { layers in
      guard let place = layers.firstIndex(where: { $0["kind"] == .string(kind) }) else {
        throw TestFailure("no \(kind)")
      }
      layers[place][field] = value
    }
  }
}

extension JSON {
  /// An object's value; setting nil takes the member away.
  subscript(key: String) -> JSON? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.key == key }?.value
    }
    set {
      guard case .object(var members) = self else { return }
      let place = members.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key, value))
      case (nil, nil): break
      }
      self = .object(members)
    }
  }

  /// An object of these members.
  static func members(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .object(members.map { Member($0.key, $0.value) })
  }

  /// Each of the texts as a number.
  static func each(_ numbers: String...) -> [JSON] { numbers.map(JSON.number) }

  /// Each of the texts as a string.
  static func texts(_ texts: String...) -> [JSON] { texts.map(JSON.string) }

  /// Each of the texts as an array of one number.
  static func lists(_ numbers: String...) -> [JSON] { numbers.map { .numbers([$0]) } }

  /// An array of numbers.
  static func numbers(_ numbers: some Sequence<String>) -> JSON {
    .array(numbers.map(JSON.number))
  }
}

extension RandomStream {
  /// One of the elements.
  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[index(below: elements.count)]
  }

  /// So many bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(index(below: 256)) }
  }
}

/// Whole models from which damaged ones are made: of every precision, of two and of three classes,
/// with a card and without.
func wholeModels() throws -> [[UInt8]] {
  var files: [[UInt8]] = []
  for (index, classes) in [["cats", "dogs"], ["a", "b", "ç"]].enumerated() {
    let architecture = Architecture(
      name: "small", input: Shape(height: 9, width: 8, channels: 3),
      layers: [
        Conv2D(filters: 4, padding: .same, useBias: false), BatchNorm(), ReLU(), MaxPool2D(),
        Residual(body: [Conv2D(filters: 4, padding: .same)]), Dropout(0.2),
        GlobalAveragePool2D(), Dense(units: ClassifierModel.outputs(classes: classes.count)),
      ])
    let model = ClassifierModel(
      network: try Network(architecture, seed: 3), classes: classes,
      preprocessing: Preprocessing(width: 8, height: 9), recipe: "default",
      datasetFingerprint: "f00", trainingImages: 12, temperature: 1.25, tta: .flip)
    var card = ModelCard()
    card.description = "small"
    for precision in TensorFile.Precision.allCases {
      files.append(try model.encoded(precision, card: index == 0 ? nil : card))
    }
  }
  return files
}
