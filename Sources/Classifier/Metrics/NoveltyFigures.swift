internal import Primitives

/// How well photos of no class are told from those of the classes: by their distance, and for
/// comparison by the highest probability.
package struct NoveltyFigures: Codable, Sendable, Hashable {
  /// What one rule does.
  package struct Score: Codable, Sendable, Hashable {
    /// Area under the ROC curve of photos of no class; nil where there are none, or no others.
    package var auc: Double?
    /// A photo beyond it belongs to no class.
    package var threshold: Double
    /// Share of the photos of the classes that are kept.
    package var kept: Double
    /// Share of the photos of no class that are kept.
    package var accepted: Double
  }

  /// The folder of photos of no class.
  package var folder: String
  /// Photos of it that could be read, and that could not.
  package var images: Int
  package var unreadable: Int
  /// Rejected above the threshold.
  package var distance: Score
  /// Rejected below the threshold, which keeps as many photos of the classes.
  package var probability: Score

  enum CodingKeys: String, CodingKey {
    case folder, images, unreadable
    case distance = "by_distance"
    case probability = "by_probability"
  }

  /// Figures of predictions with distances; a photo is kept up to `threshold`.
  package init(
    own: [Prediction], others: [Prediction], folder: String, threshold: Double
  ) {
    self.folder = folder
    images = others.count { $0.novelty != nil }
    unreadable = others.count - images
    func area(_ score: (Prediction) -> Double?) -> Double? {
      func scored(_ predictions: [Prediction], isMember: Bool) -> [(Double, Bool)] {
        predictions.compactMap { prediction in score(prediction).map { ($0, isMember) } }
      }
      return RankSteps(
        (scored(own, isMember: false) + scored(others, isMember: true))
          .map { (score: $0.0, isMember: $0.1) })?.area
    }
    func share(_ values: [Double], _ isKept: (Double) -> Bool) -> Double {
      values.isEmpty ? 0 : Double(values.count(where: isKept)) / Double(values.count)
    }
    let near = own.compactMap { $0.novelty?.distance }
    let far = others.compactMap { $0.novelty?.distance }
    distance = Score(
      auc: area { $0.novelty?.distance }, threshold: threshold,
      kept: share(near) { $0 <= threshold }, accepted: share(far) { $0 <= threshold })
    let sure = own.compactMap(\.highestProbability).sorted(by: >)
    let kept = near.count { $0 <= threshold }
    let least = kept > 0 && kept <= sure.count ? sure[kept - 1] : 1
    probability = Score(
      auc: area { $0.highestProbability.map { -$0 } }, threshold: least,
      kept: share(sure) { $0 >= least },
      accepted: share(others.compactMap(\.highestProbability)) { $0 >= least })
  }

  package var lines: [String] {
    func line(_ name: String, _ score: Score) -> String {
      "  by \(name): area under the ROC curve \(score.auc.map { fixed($0, 4) } ?? "none"), "
        + "\(percent(score.kept)) of these images kept, \(percent(score.accepted)) of the others "
        + "accepted"
    }
    return [
      "none of these: \(counted(images, "image")) of \(folder)",
      line("distance", distance), line("highest probability", probability),
    ]
  }

  /// The rows of others.csv: a header and a row per photo that could be read.
  package static func csvRows(
    _ predictions: [Prediction], classes: [String], threshold: Double
  ) -> [String] {
    [CSV.row(["path", "rejected", "distance", "nearest", "pred", "probability"])]
      + predictions.compactMap { prediction in
        guard let novelty = prediction.novelty, let index = prediction.index else { return nil }
        return CSV.row([
          CSV.path(prediction.path), "\(prediction.isRejected(above: threshold))",
          "\(novelty.distance)", CSV.name(classes[novelty.nearest]), CSV.name(classes[index]),
          "\(prediction.probabilities[index])",
        ])
      }
  }
}

extension Prediction {
  /// The probability of the most probable class.
  fileprivate var highestProbability: Double? { index.map { probabilities[$0] } }
}
