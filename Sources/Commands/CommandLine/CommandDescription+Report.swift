extension CommandDescription {
  static let report = CommandDescription(
    name: .report, usage: "cnnctl report [RUN [DATASET]] [options]",
    summary: "plots and report.html again from a run's folder",
    details: [
      "RUN is the newest run unless one is named. Reads what the run has left in its folder (config.json, run.json, metrics.csv, events.ndjson, "
        + "test/report.json, test/predictions.csv, weights) and, where they still are, the images "
        + "that it shows, and writes plots/*.png, test/*.png and report.html: one file with "
        + "everything in it, no script, no network. Of an untouched run they are what train wrote, "
        + "byte for byte.",
      "Of the files that test/predictions.csv names those are shown whose digests are in "
        + "test/pictures.sha256: a run's folder from somebody else cannot have your own pictures put "
        + "into a report. DATASET is the folder of the images where they have moved, or where the "
        + "run noted no digests: what lies in it is shown.",
      "A file that is missing, damaged or edited is named on standard error, and what would follow "
        + "from it is left out.",
    ],
    operands: 0...2, operandName: "RUN",
    examples: [
      ("cnnctl report", "the newest run's report again"),
      ("cnnctl report runs/train-001 --out report", "into another folder"),
    ])
}
