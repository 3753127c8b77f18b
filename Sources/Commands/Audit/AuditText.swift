internal import Classifier
internal import ImageData
internal import Primitives
internal import Training

/// An audit of labels as text, JSON, table and script.
struct AuditText {
  let audit: LabelAudit
  /// The dataset's folder as it was named.
  let root: String

  init(_ audit: LabelAudit, root: String) {
    (self.audit, self.root) = (audit, root)
  }

  /// `cats, predicted dogs 97.3 %`.
  func claim(of label: LabelAudit.Label) -> String {
    "\(audit.classes[label.label]), predicted \(audit.classes[label.suggestion]) "
      + percent(label.suggestionProbability)
  }

  private var figures: Evaluation { audit.evaluation }

  /// The report for people, with at most so many suspects.
  func lines(most: Int) -> [String] {
    let suspects = audit.suspects
    var lines = [
      "\(root): \(counted(figures.images, "image")), each predicted by \(audit.judges) that had "
        + "not seen it",
      "accuracy \(figures.accuracyText)",
    ]
    lines += audit.searchesCutShort.flatMap(NearDuplicates.line).map { [$0] } ?? []
    lines.append(
      suspects.isEmpty
        ? "no label is doubtful"
        : "\(counted(suspects.count, "doubtful label")), the least probable first:")
    let rows = suspects.prefix(most).map { label in
      [
        audit.classes[label.label], percent(label.labelProbability),
        audit.classes[label.suggestion], percent(label.suggestionProbability), label.path,
      ].map(terminalSafe)
    }
    if !rows.isEmpty {
      let table = TextTable(
        header: ["label", "P", "prediction", "P", "image"], rows: rows, leftColumns: 5)
      lines += [""] + table.lines
    }
    let rest = suspects.count - rows.count
    if rest > 0 { lines += ["and \(counted(rest, "more")) (-v lists them)"] }
    return lines.map(terminalSafe)
  }

  /// The figures and the suspects.
  var json: JSON {
    [
      "dataset": .string(root), "run": .optional(audit.run), "images": .int(figures.images),
      "folds": .int(audit.folds), "rounds": .int(audit.rounds),
      "accuracy": .double(figures.accuracy), "accuracy_low": .double(figures.accuracyLow),
      "accuracy_high": .double(figures.accuracyHigh),
      "temperature": .double(figures.temperature), "penalty": .optional(audit.penalty),
      "searches_cut_short": .optional(audit.searchesCutShort),
      "skipped": .array(audit.skipped.map { .string($0.path) }),
      "suspects": .array(
        audit.suspects.map { label in
          [
            "path": .string(label.path), "label": .string(audit.classes[label.label]),
            "label_probability": .double(label.labelProbability),
            "prediction": .string(audit.classes[label.suggestion]),
            "prediction_probability": .double(label.suggestionProbability),
          ]
        }),
    ]
  }

  /// All images, the least probable label first.
  var csv: String {
    let header = [
      "path", "label", "label_probability", "suggestion", "suggestion_probability", "suspect",
    ]
    return
      ([CSV.row(header)]
      + audit.labels.map { label in
        CSV.row([
          CSV.path(label.path), CSV.name(audit.classes[label.label]), "\(label.labelProbability)",
          CSV.name(audit.classes[label.suggestion]), "\(label.suggestionProbability)",
          "\(label.isSuspect)",
        ])
      }).joined()
  }

  /// A shell script that moves each suspect to the folder of its suggestion.
  var script: String {
    var lines = [
      "#!/bin/sh",
      "# Moves images whose labels are doubtful into the folders of their predictions.",
      "# Look at each before: delete the lines of those that are right. mv -n overwrites nothing.",
      "set -e",
    ]
    for label in audit.suspects {
      guard let target = target(of: label) else { continue }
      lines.append("# " + terminalSafe(claim(of: label)))
      lines.append(terminalSafe("mv -n \(shellPath(label.path)) \(shellPath(target))"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The path of an image in the folder of its suggestion; nil where no folder has the class's name.
  private func target(of label: LabelAudit.Label) -> String? {
    var parts = label.relativePath.split(separator: "/").map(String.init)
    guard let place = parts.dropLast().firstIndex(of: audit.classes[label.label]) else {
      return nil
    }
    parts[place] = audit.classes[label.suggestion]
    guard label.path.hasSuffix(label.relativePath) else { return nil }
    return label.path.dropLast(label.relativePath.count) + parts.joined(separator: "/")
  }
}
