internal import CNN
internal import FoundationEssentials
internal import ImageData
internal import Primitives

/// The metadata of a model file, as the format's map of strings.
struct ModelMetadata {
  var architecture: String
  var classes: [String]
  var preprocessing: Preprocessing
  var recipe: String
  var datasetFingerprint: String
  var trainingImages: Int
  var toolVersion: String
  var temperature: Double
  var tta: TestTimeAugmentation
  var card: ModelCard?

  private enum Key: String, CaseIterable {
    case architecture
    case card
    case classes
    case datasetFingerprint = "dataset_fingerprint"
    case formatVersion = "format_version"
    case preprocessing
    case recipe
    case temperature
    case toolVersion = "tool_version"
    case trainingImages = "training_images"
    case tta
  }

  /// The map's strings.
  var strings: [String: String] {
    let pairs: [(Key, String)] =
      [
        (.architecture, architecture), (.classes, JSONText.line(classes)),
        (.datasetFingerprint, datasetFingerprint), (.formatVersion, ClassifierModel.formatVersion),
        (.preprocessing, JSONText.line(preprocessing)), (.recipe, recipe),
        (.temperature, "\(temperature)"), (.toolVersion, toolVersion),
        (.trainingImages, String(trainingImages)), (.tta, tta.rawValue),
      ] + (card.map { [(.card, $0.json)] } ?? [])
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0.0.rawValue, $0.1) })
  }
}

extension ModelMetadata {
  /// Reads the map; every key must be there, none more, and every value right.
  ///
  /// Models written before there were `temperature` and `tta` lack both, and answer without. A
  /// card is there where somebody wrote one.
  init(_ strings: [String: String], path: String) throws(TrainingError) {
    func string(_ key: Key) throws(TrainingError) -> String {
      guard let string = strings[key.rawValue] else {
        throw TrainingError(.badData, "\(path): the metadata lacks \(key.rawValue)")
      }
      return string
    }
    let version = try string(.formatVersion)
    guard version == ClassifierModel.formatVersion else {
      throw TrainingError(
        .badData, "\(path) has a format that this version cannot read", found: version,
        expected: ClassifierModel.formatVersion)
    }
    if let extra = strings.keys.filter({ Key(rawValue: $0) == nil }).sorted().first {
      throw TrainingError(.badData, "\(path): unknown metadata \(extra)")
    }
    architecture = try string(.architecture)
    recipe = try string(.recipe)
    datasetFingerprint = try string(.datasetFingerprint)
    toolVersion = try string(.toolVersion)
    guard let images = Int(try string(.trainingImages)), images >= 0 else {
      throw TrainingError(.badData, "\(path): training_images is not a count")
    }
    trainingImages = images
    temperature = try ModelMetadata.temperature(strings[Key.temperature.rawValue], path)
    tta = try ModelMetadata.tta(strings[Key.tta.rawValue], path)
    card = try strings[Key.card.rawValue].map { text throws(TrainingError) in
      try ModelCard(Array(text.utf8), of: "\(path): the metadata's card")
    }
    classes = try ModelMetadata.decode([String].self, try string(.classes), "classes", path)
    guard classes.count >= 2, Set(classes).count == classes.count,
      classes.allSatisfy({ !$0.isEmpty })
    else {
      throw TrainingError(
        .badData, "\(path): the classes are not valid", found: JSONText.line(classes),
        expected: "at least 2 different names")
    }
    for (name, what) in [
      (recipe, "recipe"), (datasetFingerprint, "dataset_fingerprint"),
      (toolVersion, "tool_version"),
    ] + classes.map({ ($0, "class") }) {
      try ModelMetadata.check(name, what, path)
    }
    preprocessing = try ModelMetadata.decode(
      Preprocessing.self, try string(.preprocessing), "preprocessing", path)
    if let problem = preprocessing.problem {
      throw TrainingError(.badData, "\(path): preprocessing: \(problem)")
    }
  }

  /// Refuses a name that the rule for names does not have.
  private static func check(_ name: String, _ what: String, _ path: String) throws(TrainingError) {
    guard let problem = ForeignText.problem(inName: name) else { return }
    throw TrainingError(
      .badData, "\(path): the metadata's \(what) is not valid: \(problem)",
      expected:
        "a name of at most \(ForeignText.longestName) characters, without control characters")
  }

  private static func temperature(
    _ text: String?, _ path: String
  ) throws(TrainingError) -> Double {
    guard let text else { return 1 }
    // A range holds no number that is not finite.
    guard let value = Double(text), Temperature.range.contains(value) else {
      throw TrainingError(
        .badData, "\(path): the metadata's temperature is not valid", found: text,
        expected: "a number from \(Temperature.range.lowerBound) to \(Temperature.range.upperBound)"
      )
    }
    return value
  }

  private static func tta(
    _ text: String?, _ path: String
  ) throws(TrainingError) -> TestTimeAugmentation {
    guard let text else { return .plain }
    guard let value = TestTimeAugmentation(rawValue: text) else {
      throw TrainingError(
        .badData, "\(path): the metadata's tta is not valid", found: text,
        expected: TestTimeAugmentation.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return value
  }

  /// A value of a text in strict JSON: Foundation takes the first of two equal keys, and passes over
  /// those that nobody knows.
  private static func decode<Value: Codable>(
    _ type: Value.Type, _ text: String, _ name: String, _ path: String
  ) throws(TrainingError) -> Value {
    func wrong(_ cause: String) -> TrainingError {
      TrainingError(.badData, "\(path): the metadata's \(name) are not valid: \(cause)")
    }
    let known: Set<String>
    let found: Set<String>
    let value: Value
    do {
      found = try keys(text)
      value = try JSONText.decoder().decode(type, from: Data(text.utf8))
      known = try keys(JSONText.line(value))
    } catch {
      throw wrong(JSONText.message(error))
    }
    if let key = found.subtracting(known).sorted().first { throw wrong("unknown key \(key)") }
    return value
  }

  private static func keys(_ text: String) throws -> Set<String> {
    Set(try JSON.parse(Array(text.utf8)[...], depth: 2).members?.map(\.key) ?? [])
  }
}
