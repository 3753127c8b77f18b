internal import CNN

/// Bytes that answers to images take, what is made of them, and the files.
///
/// Measured numbers are rounded up; `Tests/Reliability/memory.py` holds them against what processes
/// take.
package enum AnswerMemory {
  /// Answers that are kept, each with its logits and probabilities.
  package static func kept(_ images: Int, of model: (classes: Int, outputs: Int), views: Int) -> Int
  {
    // The answer itself and its places in the lists of an evaluation, then three arrays.
    let own = 400 + 8 * model.classes + 4 * model.outputs * views
    return images * own
  }

  /// The same answers once more, as a temperature is fitted to them.
  package static func fitting(_ images: Int, classes: Int) -> Int { images * (160 + 8 * classes) }

  /// The figures of an evaluation with its texts: a matrix, in JSON several times.
  package static func figures(classes: Int) -> Int { 24 * classes * classes + 4_000 * classes }

  /// Answers read back from their file, and the curves drawn from them.
  package static func report(_ images: Int, classes: Int) -> Int {
    figures(classes: classes) + images * (500 + 30 * classes)
  }
}
