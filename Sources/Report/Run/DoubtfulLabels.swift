package import Classifier
internal import Compute
internal import Drawing
internal import Primitives
package import Training

/// The most doubtful labels among images that were predicted out of fold.
package struct DoubtfulLabels: Sendable {
  /// The least probable labels first.
  package let labels: [LabelAudit.Label]
  package let count: Int
  private let classes: [String]

  private static let most = 36

  package init(of predictions: [Prediction], classes: [String]) {
    let suspects = LabelAudit.suspects(of: predictions, classes: classes.count)
    labels = Array(suspects.prefix(DoubtfulLabels.most))
    (count, self.classes) = (suspects.count, classes)
  }

  /// The images of the labels that are shown.
  package var paths: [String] { labels.map(\.path) }

  /// Tiles with the images that may be shown.
  func tiles(from shown: ShownPictures, maxPixels: Int, workers: WorkerPool) -> [Tile] {
    let pictures = Thumbnails.read(
      paths.map(shown.places.place), side: ShownAnswers.side, maxPixels: maxPixels,
      workers: workers, allows: { [paths] in shown.allows(paths[$0], $1) })
    return zip(labels, pictures).compactMap { label, picture in
      picture.map { Tile(picture: $0, caption: label.caption(classes), verdict: .wrong) }
    }
  }
}

extension LabelAudit.Label {
  /// The lines below its image.
  package func caption(_ classes: [String]) -> [String] {
    [
      classes[label] + " " + percent(labelProbability),
      "or " + classes[suggestion] + " " + percent(suggestionProbability),
      path.split(separator: "/").last.map(String.init) ?? path,
    ]
  }
}
