package import ImageData
package import Primitives

/// The `config.json` that timm writes beside weights: how images are prepared, the classes, and
/// which of its networks the weights are of.
///
/// Keys are those of `timm.models._hub`: the preparation is in `pretrained_cfg`, or beside
/// `architecture` in older files. Keys that change nothing here are passed over; each of the others
/// must be what it says.
package struct TimmConfig: Sendable {
  /// The file.
  package let path: String
  /// timm's name of the network; nil if the file does not say.
  package let architecture: String?
  /// The number of classes; nil if the file does not say.
  let classes: Int?
  /// The names of the classes; nil if the file does not say.
  let labels: [String]?
  /// The preparation of images for the network's input.
  package let preprocessing: Preprocessing

  /// A file that was looked for.
  package struct Search {
    /// The configuration, where there is one.
    package var found: TimmConfig?
    /// What is to be said of a file that is beside the weights and not timm's.
    package var ignored: String?
  }

  /// Bytes that a file may have: names of 21,000 classes take less than one million.
  private static let sizeLimit = 1 << 24
  /// Levels that objects and lists may have.
  private static let depthLimit = 16
  /// Classes that a network may have.
  private static let classLimit = 1 << 20

  /// Finds the configuration of a file of weights: the file `named`, or one beside the weights.
  ///
  /// A `config.json` beside them that describes something else is passed over. Errors: a named file
  /// that is not timm's, and one of timm's that is not valid.
  package static func search(
    for weights: String, named: String?
  ) throws(TrainingError) -> Search {
    if let named {
      return Search(found: try TimmConfig(FileSystem.read(named, limit: sizeLimit), path: named))
    }
    let folder = FileSystem.parent(of: weights)
    let path = folder == "." && !weights.hasPrefix("./") ? "config.json" : folder + "/config.json"
    guard FileSystem.exists(path) else { return Search() }
    let bytes = try FileSystem.read(path, limit: sizeLimit)
    let root = try parse(bytes, path)
    guard isTimm(root) else {
      return Search(
        ignored: "\(path) is not timm's description of weights and is passed over; --config names "
          + "another file")
    }
    return Search(found: try TimmConfig(root, path: path))
  }

  /// Reads the bytes of a file; messages call it `path`.
  package init(_ bytes: [UInt8], path: String) throws(TrainingError) {
    try self.init(TimmConfig.parse(bytes, path), path: path)
  }

  private static func parse(_ bytes: [UInt8], _ path: String) throws(TrainingError) -> JSON {
    do throws(JSONSyntaxError) {
      return try JSON.parse(bytes[...], depth: depthLimit)
    } catch {
      throw TrainingError(
        .badData, "\(path) is not valid JSON: \(error)", expected: "the config.json of timm")
    }
  }

  private static func isTimm(_ root: JSON) -> Bool {
    root["pretrained_cfg"] != nil || root["architecture"] != nil && root["input_size"] != nil
  }

  private init(_ root: JSON, path: String) throws(TrainingError) {
    self.path = path
    guard case .object = root else {
      throw TrainingError(
        .badData, "\(path) is not timm's description of weights", found: root.kindName,
        expected: "an object")
    }
    let outer = TimmFields(path: path, place: "", root)
    let inner: TimmFields
    if let node = outer["pretrained_cfg"] {
      guard case .object = node else { throw outer.wrong("pretrained_cfg", node, "an object") }
      inner = TimmFields(path: path, place: "pretrained_cfg.", node)
    } else {
      inner = outer
    }
    // What is said of the whole file takes precedence, as in timm.
    let parts = [outer, inner]
    architecture = try TimmConfig.first(parts) { part throws(TrainingError) in
      try part.name("architecture")
    }
    classes = try TimmConfig.first(parts) { part throws(TrainingError) in
      try part.integer("num_classes", in: 1...TimmConfig.classLimit)
    }
    labels = try TimmConfig.first(parts) { part throws(TrainingError) in
      if let names = try part.names("label_names") { return names }
      return try part.names("labels")
    }
    preprocessing = try inner.preprocessing()
  }

  private static func first<Value>(
    _ parts: [TimmFields], _ read: (TimmFields) throws(TrainingError) -> Value?
  ) throws(TrainingError) -> Value? {
    for part in parts {
      if let value = try read(part) { return value }
    }
    return nil
  }
}

/// The members of an object, each read with its bounds.
private struct TimmFields {
  private let path: String
  private let place: String
  private let object: JSON

  init(path: String, place: String, _ object: JSON) {
    (self.path, self.place, self.object) = (path, place, object)
  }

  /// The value of a key; nil if there is none or null.
  subscript(_ key: String) -> JSON? { object[key] == .null ? nil : object[key] }

  /// The refusal of a key's value.
  func wrong(_ key: String, _ found: JSON?, _ expected: String) -> TrainingError {
    TrainingError(
      .badData, "\(path): \(place)\(key) is not valid",
      found: found.map { WeightBytes.short($0.line) } ?? "no such key", expected: expected)
  }

  func name(_ key: String) throws(TrainingError) -> String? {
    guard let value = self[key] else { return nil }
    guard let name = value.text, !name.isEmpty, ForeignText.problem(inName: name) == nil
    else { throw wrong(key, value, "a name") }
    return name
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(TrainingError) -> Int? {
    guard let value = self[key] else { return nil }
    guard let number = value.natural, range.contains(number) else {
      throw wrong(key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func number(
    _ key: String, in range: ClosedRange<Double>, or standard: Double
  ) throws(TrainingError) -> Double {
    guard let value = self[key] else { return standard }
    guard let number = value.double, range.contains(number) else {
      throw wrong(key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// One number per colour, of levels from 0 to 1.
  private func colours(
    _ key: String, in range: ClosedRange<Double>
  ) throws(TrainingError) -> [Float] {
    let expected = "3 numbers from \(range.lowerBound) to \(range.upperBound)"
    guard let values = self[key]?.elements else { throw wrong(key, self[key], expected) }
    let numbers = values.compactMap(\.double).filter(range.contains)
    guard values.count == 3, numbers.count == 3 else { throw wrong(key, self[key], expected) }
    return numbers.map { Float(255 * $0) }
  }

  private func word(_ key: String, or standard: String) throws(TrainingError) -> String {
    guard let value = self[key] else { return standard }
    guard let word = value.text else { throw wrong(key, value, "a word") }
    return word
  }

  /// The names of classes: a list, or an object whose keys are the numbers of all classes.
  func names(_ key: String) throws(TrainingError) -> [String]? {
    let expected = "a list of different names, one per class"
    guard let value = self[key] else { return nil }
    let entries: [JSON]
    switch value {
    case .array(let values): entries = values
    case .object(let members):
      let numbered = Dictionary(members.map { (Int($0.key) ?? -1, $0.value) }) { first, _ in first }
      entries = members.indices.compactMap { numbered[$0] }
      guard entries.count == members.count else { throw wrong(key, value, expected) }
    case .string, .number, .bool, .null: throw wrong(key, value, expected)
    }
    var names: [String] = []
    for entry in entries {
      guard let name = entry.text, !name.allSatisfy(\.isWhitespace),
        ForeignText.problem(inName: name) == nil
      else { throw wrong(key, entry, expected) }
      names.append(name)
    }
    var known: Set<String> = []
    if let twice = names.first(where: { !known.insert($0).inserted }) {
      throw wrong(key, .string(twice), expected + "; this one is there twice")
    }
    return names
  }

  /// The side of the square input.
  private func side() throws(TrainingError) -> Int {
    let sides = 8...1024
    let expected =
      "[3, side, side] with a side from \(sides.lowerBound) to \(sides.upperBound)"
    guard let values = self["input_size"]?.elements, values.count == 3,
      values[0].natural == 3, let side = values[1].natural, values[2].natural == side,
      sides.contains(side)
    else { throw wrong("input_size", self["input_size"], expected) }
    return side
  }

  /// timm's evaluation transform (`timm.data.transforms_factory`), with its defaults.
  func preprocessing() throws(TrainingError) -> Preprocessing {
    let side = try side()
    let filter: ResizeFilter
    switch try word("interpolation", or: "bicubic") {
    case "nearest": filter = .nearest
    case "bilinear": filter = .bilinear
    case "bicubic": filter = .bicubic
    case "box": filter = .area
    default:
      throw wrong("interpolation", self["interpolation"], "nearest, bilinear, bicubic or box")
    }
    let share = try number("crop_pct", in: 0.1...1, or: 0.875)
    let resize: ResizeMode
    switch try word("crop_mode", or: "center") {
    case "center": resize = .crop
    case "squash" where share == 1: resize = .stretch
    default:
      throw wrong("crop_mode", self["crop_mode"], "center, or squash with a crop_pct of 1")
    }
    // The shorter side becomes a whole number of pixels, which timm rounds down.
    let shorter = (Double(side) / share).rounded(.down)
    let preprocessing = Preprocessing(
      width: side, height: side, resize: resize,
      cropShare: resize == .crop ? Double(side) / shorter : 1, filter: filter,
      mean: try colours("mean", in: 0...1), deviation: try colours("std", in: 0.001...10))
    if let problem = preprocessing.problem {
      throw TrainingError(.badData, "\(path): \(problem)")
    }
    return preprocessing
  }
}

extension JSON {
  /// The kind of value, for messages.
  fileprivate var kindName: String {
    switch self {
    case .object: "an object"
    case .array: "a list"
    case .string: "a text"
    case .number: "a number"
    case .bool: "true or false"
    case .null: "null"
    }
  }
}
