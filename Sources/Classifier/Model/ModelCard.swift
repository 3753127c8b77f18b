internal import CNN
internal import FoundationEssentials
package import Primitives

/// A model card: a description by the model's maker, its training and test data, results and
/// limits.
///
/// Everything is optional. In a model file it is the metadata's `card`, an object in JSON.
package struct ModelCard: Codable, Sendable, Hashable {
  /// Follows the name of the validation images where a dataset has no test images.
  package static let noTestSet = " (there is no test set)"
  /// The beginning of the heading of figures out of fold, and the card's name of their images.
  package static let outOfFold = "out-of-fold predictions"

  package var description: String?
  package var data: String?
  /// The images on which the accuracy was measured.
  package var testData: String?
  package var testImages: Int?
  /// The share of correct predictions, as the model answers by itself.
  package var accuracy: Double?
  /// Lower end of the accuracy's 95 % interval.
  package var accuracyLow: Double?
  /// Upper end of the interval.
  package var accuracyHigh: Double?
  /// The share of correct predictions for the images alone, without mirrored views.
  package var accuracyPlain: Double?
  /// Uses that the model is not meant for, or cases that it handles badly.
  package var limits: String?
  package var licence: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case description, data
    case testData = "test_data"
    case testImages = "test_images"
    case accuracy
    case accuracyLow = "accuracy_low"
    case accuracyHigh = "accuracy_high"
    case accuracyPlain = "accuracy_plain"
    case limits, licence
  }

  /// A card that says nothing.
  package init() {}

  /// Reads an object in strict JSON: no unknown key, none twice, no value of another type.
  ///
  /// `name` is what messages call it.
  package init(_ bytes: [UInt8], of name: String) throws(TrainingError) {
    func wrong(_ cause: String) -> TrainingError {
      TrainingError(
        .badData, "\(name) is not valid: \(cause)",
        expected: "a JSON object with some of "
          + CodingKeys.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let root: JSON
    do throws(JSONSyntaxError) {
      root = try JSON.parse(bytes[...], depth: 1)
    } catch {
      throw wrong("\(error)")
    }
    guard let members = root.members else { throw wrong("it is not an object") }
    for member in members {
      guard let key = CodingKeys(rawValue: member.key) else {
        throw wrong("unknown key \(member.key)")
      }
      guard take(key, member.value) else { throw wrong("invalid value of \(member.key)") }
      if let text = member.value.text, let problem = ForeignText.problem(inText: text) {
        throw wrong("invalid value of \(member.key): \(problem)")
      }
    }
    if let problem { throw wrong(problem) }
  }

  /// Sets the key's value; false if the value is invalid.
  private mutating func take(_ key: CodingKeys, _ value: JSON) -> Bool {
    if let field = ModelCard.texts[key] {
      guard let text = value.text, !text.isEmpty else { return false }
      self[keyPath: field] = text
      return true
    }
    if let field = ModelCard.shares[key] {
      guard let share = value.double, (0...1).contains(share) else { return false }
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

  /// A contradiction between the figures; nil if there is none.
  private var problem: String? {
    guard let accuracy else {
      return accuracyLow == nil && accuracyHigh == nil ? nil : "an interval without an accuracy"
    }
    // Wilson's interval of an accuracy of 0 or 1 ends there, but for rounding.
    let slack = 1e-9
    return (accuracyLow ?? 0) - slack <= accuracy && accuracy <= (accuracyHigh ?? 1) + slack
      ? nil : "the accuracy lies outside its interval"
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
        .badData, "\(place.path) is not an evaluation report: \(error)",
        expected: "a report.json written by cnnctl train or cnnctl evaluate")
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
    if heading.hasPrefix(ModelCard.outOfFold) { testData = ModelCard.outOfFold }
    // Earlier versions wrote the second.
    if [ModelCard.noTestSet, "for want of test images"].contains(where: heading.contains) {
      testData = "validation images" + ModelCard.noTestSet
    }
  }
}
