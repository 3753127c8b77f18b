internal import CNN
internal import ImageData
package import Primitives

/// Bytes that answers to images take, what is made of them, and the files.
///
/// Measured numbers are rounded up; `Tests/Reliability/memory.py` holds them against what processes
/// take.
package enum AnswerMemory {
  /// Predictions that are kept, each with its logits and probabilities.
  package static func kept(_ images: Int, of model: (classes: Int, outputs: Int), views: Int) -> Int
  {
    // The prediction itself and its places in the lists of an evaluation, its pair of classes in the
    // matrix and its text, then three arrays.
    let own = 600 + 8 * model.classes + 4 * model.outputs * views
    return images * own
  }

  /// The same predictions once more, as a temperature is fitted to them.
  package static func fitting(_ images: Int, classes: Int) -> Int { images * (160 + 8 * classes) }

  /// The figures of an evaluation with its texts: a matrix in JSON several times, of few classes
  /// with all of its cells.
  package static func figures(classes: Int) -> Int {
    4_000 * classes + (classes > ConfusionCounts.mostRows ? 0 : 16 * classes * classes)
  }

  /// Predictions read back from their file, and the curves drawn from them.
  package static func report(_ images: Int, classes: Int) -> Int {
    figures(classes: classes)
      + images * (700 + (classes > Prediction.mostColumns ? 0 : 30 * classes))
  }

  /// Charts and tables of images, each drawn and encoded before the next.
  private static let drawing = 31 << 20

  /// Refuses to draw the charts of so many answers where there is no memory for them.
  package static func requireDrawing(
    _ images: Int, classes: Int, advice: String? = nil
  ) throws(TrainingError) {
    try require(drawn(images, classes: classes), for: "the report", advice: advice)
  }

  /// Bytes that drawing takes beside all else.
  package static func drawn(_ images: Int, classes: Int) -> Int {
    drawing + report(images, classes: classes)
  }

  /// Refuses work that needs more memory than there is.
  package static func require(
    _ bytes: Int, for work: String, advice: String? = nil
  ) throws(TrainingError) {
    guard let free = AvailableMemory().bytes, bytes > free else { return }
    throw lack(of: bytes, free: free, for: work, advice: advice)
  }

  /// The refusal.
  package static func lack(
    of bytes: Int, free: Int, for work: String, mostly part: String? = nil, advice: String?
  ) -> TrainingError {
    TrainingError(
      .noRoom, "not enough memory for \(work)",
      found: "\(free / 1_000_000) MB free (system, control groups, limits)",
      expected: "about \((bytes + 999_999) / 1_000_000) MB"
        + (part.map { ", most of it \($0)" } ?? ""), advice: advice)
  }
}
