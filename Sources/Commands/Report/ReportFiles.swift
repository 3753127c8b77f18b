internal import Classifier
internal import Drawing
internal import Report
internal import Training

/// Writes a report's images and its page into a folder.
struct ReportFiles {
  private let folder: RunFolder
  /// The place of an evaluation's images: below the folder, or in it.
  private let place: String

  static let page = RunFolder.pageName
  /// Names of all images that an evaluation may have.
  private static let evaluationNames = [
    "confusion_matrix", "confusion_matrix_normalized", "roc", "precision_recall", "reliability",
    "histogram", "misclassified", "least_sure", "examples",
  ]
  /// Pixels of an image for each CSS pixel.
  private static let scale = 2.0

  /// Files below a folder that is there; those of an evaluation alone in `place` below it.
  init(in folder: String, below place: String = "") {
    self.folder = RunFolder(existing: folder)
    self.place = place
  }

  /// Writes everything of a run's report and gives the files' names.
  func write(_ report: RunReport) throws -> [String] {
    let names =
      try write(report.trainingPlots, below: "plots/")
      + write(report.evaluationPlots + report.pictureSheets, below: "test/")
    try folder.write(report.html(), to: ReportFiles.page)
    return names + [ReportFiles.page]
  }

  /// Writes an evaluation's images beside its numbers.
  func writeEvaluation(_ report: RunReport) throws {
    _ = try write(report.evaluationPlots + report.pictureSheets, below: place)
  }

  /// Removes the images of an evaluation whose numbers are being replaced.
  func removeEvaluation() {
    for name in ReportFiles.evaluationNames {
      folder.remove(place + name + ".png")
    }
  }

  private func write(_ plots: [RunReport.Plot], below place: String) throws -> [String] {
    guard !plots.isEmpty else { return [] }
    if !place.isEmpty { try folder.createFolder(place) }
    return try plots.map { plot in
      let name = place + plot.name + ".png"
      try folder.write(plot.scene.png(scale: ReportFiles.scale), to: name)
      return name
    }
  }
}
