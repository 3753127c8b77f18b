internal import Classifier
internal import Primitives

/// The layout of events; raised when a key changes its meaning.
let eventSchema = 1

extension TrainingEvent {
  /// The event as one line of JSON without its newline (`train --json`, `events.ndjson`); nil for
  /// events that are progress alone.
  package var json: String? {
    switch self {
    case .start(let value): TrainingEvent.json("start", value)
    case .dataset(let value): TrainingEvent.json("dataset", value)
    case .solved(let value): TrainingEvent.json("solved", value)
    case .plan(let value): TrainingEvent.json("plan", value)
    case .digest(let value): TrainingEvent.json("digest", value)
    case .epoch(let value): TrainingEvent.json("epoch", value)
    case .checkpoint(let value): TrainingEvent.json("checkpoint", value)
    case .warning(let text): TrainingEvent.json("warning", ["message": text])
    case .outOfFold(let value, _, _): TrainingEvent.json("out_of_fold", value)
    case .fold(let value): TrainingEvent.json("fold", value)
    case .foldDone(let value, _, _): TrainingEvent.json("fold_done", value)
    case .done(let value): TrainingEvent.json("done", value)
    case .scanning, .folder, .samples, .loading, .comparing, .features, .batch, .validating,
      .calibrated, .evaluated:
      nil
    }
  }

  private static func json(_ name: String, _ value: some Encodable) -> String {
    JSONText.line(Tagged(name: name, value: value))
  }

  /// The event as plain lines for a log; none for progress.
  package var lines: [String] {
    switch self {
    case .start(let start): start.lines
    case .dataset(let summary): summary.lines
    case .solved(let start): [start.line]
    case .plan(let update): [update.line]
    case .epoch(let metrics): [metrics.line]
    case .checkpoint(let file):
      [
        (file.epoch > 0 ? "weights of epoch \(file.epoch)" : "weights before the first epoch's end")
          + " in \(file.path)"
      ]
    case .warning(let text): ["warning: \(text)"]
    case .calibrated(let calibration): [calibration.line]
    case .fold(let start): [start.line]
    case .foldDone(let result, _, _): [result.line]
    case .outOfFold(let figures, _, _): [figures.line]
    case .evaluated(let result, _, _):
      [result.heading, result.evaluation.headline] + result.evaluation.details
    case .done(let summary): [summary.line]
    case .scanning, .folder, .samples, .loading, .comparing, .features, .batch, .digest,
      .validating:
      []
    }
  }
}

/// A value's members with the event's name and layout beside them.
private struct Tagged<Value: Encodable>: Encodable {
  enum CodingKeys: String, CodingKey {
    case event, schema
  }

  var name: String
  var value: Value

  func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .event)
    try container.encode(eventSchema, forKey: .schema)
  }
}

extension RunStart {
  fileprivate var lines: [String] {
    let (first, last) = (trainingSizes.first ?? size, trainingSizes.last ?? size)
    let trained =
      first != last
      ? " (trained at \(first) to \(last))" : last != size ? " (trained at \(last))" : ""
    return [
      "run \(run): recipe \(recipe), \(shellWord(architecture)) at \(size) px\(trained), "
        + "\(grouped(parameters)) parameters, "
        + "\(fixed(Double(memoryBytes) / 1e6, 0)) MB",
      (recipe == Recipe.instant.rawValue
        ? "features of all images once, then the last layer is solved; "
        : "\(counted(epochs, "epoch")) of \(counted(stepsPerEpoch, "step")), batch size \(batchSize), ")
        + "seed \(seed), "
        + "\(isa), " + (conv == "auto" ? "" : "\(conv) convolutions, ")
        + (ranks.map { counted($0, "process", "processes") + ", each " } ?? "")
        + counted(threads, "thread"),
    ] + (from?.lines(epochs: epochs, classes: classes.count) ?? [])
      + (resumed.map {
        ["resumed after \(counted($0.epochs, "epoch")) and \(counted($0.steps, "step"))"]
      } ?? [])
  }
}

extension DatasetSummary {
  fileprivate var lines: [String] {
    splits.map { split in
      "\(split.split): \(counted(split.images, "image")) (\(counts(split))), \(split.origin)"
    }
  }

  /// Images of each class; of many classes the least and the most, since the events hold them all.
  private func counts(_ split: SplitCount) -> String {
    guard classes.count > 20, let least = split.perClass.min(), let most = split.perClass.max()
    else {
      return zip(classes, split.perClass).map { "\(shellWord($0)) \(grouped($1))" }
        .joined(separator: ", ")
    }
    return "\(counted(classes.count, "class", "classes")) of "
      + (least == most ? "" : grouped(least) + " to ") + counted(most, "image")
  }
}

extension EpochMetrics {
  fileprivate var line: String {
    var text = "epoch \(epoch)/\(epochs)  loss \(fixed(loss, 4))  accuracy \(fixed(accuracy, 4))"
    if let valLoss, let valAccuracy {
      text += "  val_loss \(fixed(valLoss, 4))  val_accuracy \(fixed(valAccuracy, 4))"
    }
    text += "  \(fixed(seconds, 1))s  \(fixed(imagesPerSecond, 0)) img/s"
    if let communicationSeconds {
      text += "  \(fixed(100 * communicationSeconds / max(seconds, 1e-9), 0)) % communicating"
    }
    return text + (isBest ? "  best" : "")
  }
}

extension TrainingSummary {
  /// The reason why the run has fewer epochs than requested; nil if it has them all, or was
  /// stopped.
  package func ending(of asked: Int) -> String? {
    let whole = "\(epochs) of \(counted(asked, "epoch"))"
    switch endedBy {
    case .time: return "--max-time ended training after \(whole)"
    case .patience: return "--patience ended training after \(whole)"
    case .epochs, .signal, .error, nil: return nil
    }
  }

  fileprivate var line: String {
    var text = "done in \(fixed(seconds, 1))s: weights of epoch \(bestEpoch) in \(weights)"
    if let testAccuracy { text += ", test accuracy \(fixed(testAccuracy, 4))" }
    if let how = askedEpochs.flatMap(ending) { text = how + "; " + text }
    if let stoppedBySignal { text = "stopped by signal \(stoppedBySignal), " + text }
    return text
  }
}
