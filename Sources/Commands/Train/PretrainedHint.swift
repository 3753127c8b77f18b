internal import Classifier
internal import Primitives
internal import Training

/// A line that says what would help where a network with fresh weights has few photos to learn from.
struct PretrainedHint {
  /// The models at hand; nil if there is no folder for them.
  let shelf: ModelShelf?

  /// Photos per class from which on nothing is said.
  ///
  /// The recipes were chosen on a few thousand photos. From 200 of cats and dogs in all a fresh
  /// network is right on 72 % (the article Transfer); the features of EfficientNet-Lite0 and a new
  /// last layer are, from 40, on 97.9 %.
  static let enough = 300

  /// The line; nil if no class has fewer photos.
  func line(for data: DatasetSummary) -> String? {
    guard let counts = data.splits.first(where: { $0.split == "train" })?.perClass,
      let least = counts.min(), least < PretrainedHint.enough
    else { return nil }
    let problem =
      "fewer than \(PretrainedHint.enough) training photos of a class: a pre-trained network learns "
      + "more from them"
    let names = shelf?.names ?? []
    guard let first = names.first else { return problem + "; see cnnctl help import" }
    let others = names.dropFirst().prefix(3).map(shellWord)
    return problem + "; try --recipe instant --from \(shellWord(first))"
      + (others.isEmpty ? "" : " (or \(others.joined(separator: ", ")))")
  }
}
