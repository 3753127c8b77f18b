internal import Classifier
internal import Primitives

/// The predictions of a predictions.csv.
struct PredictionTable: Sendable {
  private(set) var classes: [String] = []
  /// The predictions, without logits.
  private(set) var predictions: [Prediction] = []
  /// Whether all probabilities are there; of many classes it is the most probable alone.
  let isWhole: Bool

  private static let sizeLimit = 1 << 29
  /// More classes have a confusion matrix that is not to be held in memory.
  private static let maximalClasses = 4096
  /// The largest difference from 1 of an image's summed probabilities.
  private static let tolerance = 1e-6

  /// Reads a file in which every image's class is known.
  ///
  /// A table of many classes does not say what they are: it is asked of `classes`. Errors: a file
  /// that is no such table, or whose rows contradict themselves.
  init(
    reading place: FilePlace, classes known: () -> [String]? = { nil }
  ) throws(TrainingError) {
    let path = place.path
    let bytes = try FileSystem.read(place, limit: PredictionTable.sizeLimit)
    var rows = CSVRows(bytes)
    func next() throws(TrainingError) -> [String]? {
      do throws(CSVError) { return try rows.next() } catch {
        throw TrainingError(.badData, "\(path): \(error)")
      }
    }
    let start = Prediction.columns(classes: [])
    let header = try next() ?? []
    isWhole = header != Prediction.excerptColumns
    guard isWhole else {
      guard let known = known(), known.count > Prediction.mostColumns else {
        throw TrainingError(
          .badData, "\(path): its classes are not known",
          expected: "a report.json of more than \(Prediction.mostColumns) classes beside it")
      }
      classes = known
      try readRows(path, next) { PredictionTable.excerpt($0, $1) }
      return
    }
    let names = header.dropFirst(start.count)
    guard Array(header.prefix(start.count)) == start, names.count >= 2,
      names.allSatisfy({ $0.hasPrefix("p_") }), Set(names).count == names.count,
      names.count <= PredictionTable.maximalClasses,
      names.allSatisfy({ ForeignText.problem(inName: $0) == nil })
    else {
      throw TrainingError(
        .badData, "\(path): unknown columns", found: header.prefix(8).joined(separator: ","),
        expected: (start + ["p_<class>…"]).joined(separator: ","))
    }
    classes = names.map { String($0.dropFirst(2)) }
    try readRows(path, next) { PredictionTable.prediction($0, $1) }
  }

  /// Reads the rows that follow.
  private mutating func readRows(
    _ path: String, _ next: () throws(TrainingError) -> [String]?,
    _ prediction: (_ cells: [String], _ indices: [String: Int]) -> Prediction?
  ) throws(TrainingError) {
    let indices = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
    while let cells = try next() {
      guard let prediction = prediction(cells, indices) else {
        throw TrainingError(
          .badData, "\(path): row \(predictions.count + 1) contradicts itself",
          found: cells.prefix(6).joined(separator: ","),
          expected: "known classes, probabilities that sum to 1, the most probable class predicted")
      }
      predictions.append(prediction)
    }
  }

  /// The class that a cell names, as this version writes it or as earlier ones did.
  private static func index(of cell: String, _ indices: [String: Int]) -> Int? {
    indices[CSV.read(name: cell)] ?? indices[cell]
  }

  private static func prediction(
    _ cells: [String], _ indices: [String: Int]
  ) -> Prediction? {
    let probabilities = cells.dropFirst(4).compactMap(Double.init)
    guard probabilities.count == indices.count, let truth = index(of: cells[1], indices),
      probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }),
      abs(probabilities.reduce(0, +) - 1) <= tolerance
    else { return nil }
    let prediction = Prediction(path: cells[0], trueIndex: truth, probabilities: probabilities)
    guard let index = prediction.index, self.index(of: cells[2], indices) == index,
      Double(cells[3]) == probabilities[index]
    else { return nil }
    return prediction
  }

  /// A row of a table of many classes: its probabilities fall from the first to the last.
  private static func excerpt(_ cells: [String], _ indices: [String: Int]) -> Prediction? {
    let start = Prediction.columns(classes: []).count
    guard cells.count == Prediction.excerptColumns.count, let truth = index(of: cells[1], indices),
      let ofTruth = Double(cells[start])
    else { return nil }
    // The answer's cells, then those of the next ones.
    let answers = [2] + Array(stride(from: start + 1, to: cells.count, by: 2))
    var last = (sum: 0.0, probability: 1.0)
    for place in answers {
      guard let index = index(of: cells[place], indices), let share = Double(cells[place + 1]),
        share >= 0, share <= last.probability, index != truth || share == ofTruth
      else { return nil }
      last = (last.sum + share, share)
    }
    guard last.sum <= 1 + tolerance, let index = index(of: cells[2], indices),
      let probability = Double(cells[3]), ofTruth >= 0, ofTruth <= probability
    else { return nil }
    var prediction = Prediction(path: cells[0], trueIndex: truth)
    prediction.excerpt = Prediction.Excerpt(
      index: index, probability: probability, ofTruth: ofTruth)
    return prediction
  }
}
