internal import Classifier
package import Drawing
internal import Primitives
package import Training

/// The page of an audit of labels.
package struct AuditReport {
  private let audit: LabelAudit
  private let root: String
  private let tiles: [Tile]

  /// A page of an audit of the dataset `root`, with tiles of the most doubtful labels.
  package init(_ audit: LabelAudit, of root: String, tiles: [Tile]) {
    (self.audit, self.root, self.tiles) = (audit, root, tiles)
  }

  /// The whole page as one file of HTML.
  package func html() throws(PNGError) -> String {
    let figures = audit.evaluation
    let suspects = audit.suspects
    let counts = audit.classes.indices.map { label in
      (
        suspects: suspects.count { $0.label == label },
        images: audit.labels.count { $0.label == label }
      )
    }
    let rows = zip(audit.classes, counts).map { name, count in
      [
        name, grouped(count.images), grouped(count.suspects),
        percent(Double(count.suspects) / Double(max(1, count.images))),
      ]
    }
    return try ReportPage(
      title: "Labels of \(root)",
      subtitle:
        "\(counted(figures.images, "image")), each predicted by \(audit.judges) that had "
        + "not seen it",
      sections: [
        ReportPage.Section(
          title: "Summary",
          blocks: [
            .headline([
              ReportPage.Headline(
                name: "Doubtful labels", value: grouped(suspects.count),
                note: "not every one is wrong"),
              ReportPage.Headline(
                name: "Accuracy", value: percent(figures.accuracy), note: figures.intervalNote),
              ReportPage.Headline(
                name: "Images", value: grouped(figures.images),
                note: audit.run == nil ? "of all splits" : "for training"),
            ]),
            .table(
              ReportPage.Table(
                columns: ["class", "images", "doubtful", "of the class"], rows: rows)),
          ]),
        ReportPage.Section(
          title: "Images",
          blocks: [
            .gallery(
              ReportPage.Gallery(
                title: "Most doubtful labels",
                note: "The least probable labels first; labels.csv has all.", tiles: tiles))
          ]),
      ]
    ).html()
  }
}
