internal import Primitives

extension Evaluation {
  /// Reasons for which the accuracy may mislead, in sentences without a full stop.
  ///
  /// `images` is what the evaluated images are called, such as `test image`; `remedies` follows what
  /// is said of a model that is no better than one answer to everything.
  package func cautions(of images: String = "image", remedies: String? = nil) -> [String] {
    [
      baselineCaution.map { $0 + (remedies.map { "; " + $0 } ?? "") },
      seen?.caution(of: self.images, images),
    ].compactMap(\.self)
  }

  private var baselineCaution: String? {
    guard let baseline, !baseline.isBeaten else { return nil }
    let start =
      "no better than always predicting \(baseline.name) (\(percent(baseline.accuracy))"
    return accuracy <= baseline.accuracy
      ? "\(start) of these \(counted(images, "image")))"
      : "\(start)), given only \(counted(images, "image"))"
  }
}

extension Evaluation.Seen {
  /// The consequence for the accuracy on `all` images; nil if none of them was trained on.
  package func caution(of all: Int, _ noun: String) -> String? {
    guard images > 0 else { return nil }
    return "\(grouped(images)) of \(counted(all, noun)) \(images == 1 ? "was" : "were") in "
      + "\(model.possessive) training set: the accuracy "
      + (images >= all ? "says nothing about new photos" : "would be lower on new photos")
  }
}

extension String {
  /// With the ending of an owner: `cats-dogs'`, `runs/train-001's`.
  package var possessive: String { self + (hasSuffix("s") ? "'" : "'s") }
}
