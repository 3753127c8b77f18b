internal import CNN
internal import FoundationEssentials
package import Primitives

/// What the maker of a model says of it: what it is, what it was trained and tested on, how well it
/// did there, and where it ends.
///
/// Everything is optional. In a model file it is the metadata's `card`, an object in JSON.
package struct ModelCard: Codable, Sendable, Hashable {
  /// What the model is.
  package var description: String?
  /// What it was trained on.
  package var data: String?
  /// The images on which the accuracy was measured.
  package var testData: String?
  /// How many images those are.
  package var testImages: Int?
  /// The share of right answers, as the model answers by itself.
  package var accuracy: Double?
  /// Lower end of the accuracy's 95 % interval.
  package var accuracyLow: Double?
  /// Upper end of the interval.
  package var accuracyHigh: Double?
  /// The share of right answers to the images alone, without mirrored views.
  package var accuracyPlain: Double?
  /// What it is not to be used for, or does badly.
  package var limits: String?
  /// Who may use it, and how.
  package var licence: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case description
    case data
    case testData = "test_data"
    case testImages = "test_images"
    case accuracy
    case accuracyLow = "accuracy_low"
    case accuracyHigh = "accuracy_high"
    case accuracyPlain = "accuracy_plain"
    case limits
    case licence
  }

  /// A card that says nothing.
  package init() {}

  /// Reads an object in strict JSON: no unknown key, none twice, no value of another type.
  ///
  /// `name` is what messages call it.
  package init(_ bytes: [UInt8], of name: String) throws(TrainingError) {
    func wrong(_ cause: String) -> TrainingError {
      TrainingError(
        .badData, "\(name) is not right: \(cause)",
        expected: "an object in JSON with some of "
          + CodingKeys.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let root: JSONNode
    do throws(JSONSyntaxError) {
      root = try StrictJSON.parse(bytes[...], depth: 1)
    } catch {
      throw wrong("\(error)")
    }
    guard case .object(let members) = root else { throw wrong("it is no object") }
    for member in members {
      guard let key = CodingKeys(rawValue: member.key) else {
        throw wrong("unknown key \(member.key)")
      }
      guard take(key, member.value) else { throw wrong("the value of \(member.key)") }
      if case .string(let text) = member.value, let problem = ForeignText.problem(inText: text) {
        throw wrong("the value of \(member.key): \(problem)")
      }
    }
    if let problem { throw wrong(problem) }
  }

  /// Whether the value is one that the key can have.
  private mutating func take(_ key: CodingKeys, _ value: JSONNode) -> Bool {
    if let field = ModelCard.texts[key] {
      guard case .string(let text) = value, !text.isEmpty else { return false }
      self[keyPath: field] = text
      return true
    }
    if let field = ModelCard.shares[key] {
      guard case .number(let text) = value, let share = Double(text), (0...1).contains(share)
      else { return false }
      self[keyPath: field] = share
      return true
    }
    guard let count = value.natural, count > 0 else { return false }
    testImages = count
    return true
  }

  private static var texts: [CodingKeys: WritableKeyPath<ModelCard, String?>] {
    [
      .description: \.description, .data: \.data, .testData: \.testData, .limits: \.limits,
      .licence: \.licence,
    ]
  }

  private static var shares: [CodingKeys: WritableKeyPath<ModelCard, Double?>] {
    [
      .accuracy: \.accuracy, .accuracyLow: \.accuracyLow, .accuracyHigh: \.accuracyHigh,
      .accuracyPlain: \.accuracyPlain,
    ]
  }

  /// What of the figures does not fit the others.
  private var problem: String? {
    guard let accuracy else {
      return accuracyLow == nil && accuracyHigh == nil ? nil : "an interval without its accuracy"
    }
    // Wilson's interval of an accuracy of 0 or 1 ends there, but for rounding.
    let slack = 1e-9
    return (accuracyLow ?? 0) - slack <= accuracy && accuracy <= (accuracyHigh ?? 1) + slack
      ? nil : "the accuracy is not in its interval"
  }

  /// One line of JSON, keys sorted.
  package var json: String { JSONText.line(self) }

  /// The same with what `other` says instead wherever it says something.
  ///
  /// Figures are replaced together: an accuracy and another's interval would mean nothing.
  package func overridden(by other: ModelCard) -> ModelCard {
    var card = self
    if other.accuracy != nil {
      card.testImages = nil
      for field in ModelCard.shares.values { card[keyPath: field] = nil }
    }
    for field in ModelCard.texts.values {
      card[keyPath: field] = other[keyPath: field] ?? card[keyPath: field]
    }
    for field in ModelCard.shares.values {
      card[keyPath: field] = other[keyPath: field] ?? card[keyPath: field]
    }
    card.testImages = other.testImages ?? card.testImages
    return card
  }
}

extension ModelCard {
  /// The figures of an evaluation's report.json.
  ///
  /// Errors: no such file, or one that holds something else.
  package init(report path: String) throws(TrainingError) {
    try self.init(report: FilePlace(named: path))
  }

  private init(report place: FilePlace) throws(TrainingError) {
    let bytes = try FileSystem.read(place, limit: 1 << 26)
    let evaluation: Evaluation
    do {
      evaluation = try JSONDecoder().decode(Evaluation.self, from: Data(bytes))
    } catch {
      throw TrainingError(
        .badData, "\(place.path) is no report of an evaluation: \(error)",
        expected: "a file report.json that cnnctl train or cnnctl evaluate wrote")
    }
    testImages = evaluation.images
    accuracy = evaluation.accuracy
    accuracyLow = evaluation.accuracyLow
    accuracyHigh = evaluation.accuracyHigh
    accuracyPlain = evaluation.accuracyPlain
  }

  /// Reads a card's file.
  package init(file path: String) throws(TrainingError) {
    try self.init(try FileSystem.read(path, limit: 1 << 20), of: path)
  }

  /// The figures that a run's folder holds, if it holds any.
  ///
  /// Without test images a run is evaluated on those that validate, and the card says so.
  package init?(run: String) throws(TrainingError) {
    let folder = RunFolder(existing: run)
    let report = folder.place(RunFolder.reportName)
    guard try report.status() != nil else { return nil }
    try self.init(report: report)
    let text = folder.place(RunFolder.reportTextName)
    guard try text.status() != nil else { return }
    let heading = String(decoding: try FileSystem.read(text, limit: 1 << 26), as: UTF8.self)
      .prefix { $0 != "\n" }
    if heading.contains("for want of test images") {
      testData = "validation images, for want of test images"
    }
  }
}
