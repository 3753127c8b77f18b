import Classifier
import ImageData
import Primitives
import TestSupport
import Training

/// What a run told.
final class Events {
  var all: [TrainingEvent] = []

  var epochs: [EpochMetrics] {
    all.compactMap { if case .epoch(let metrics) = $0 { metrics } else { nil } }
  }

  var warnings: [String] {
    all.compactMap { if case .warning(let text) = $0 { text } else { nil } }
  }

  var summaries: [DatasetSummary] {
    all.compactMap { if case .dataset(let summary) = $0 { summary } else { nil } }
  }

  var test: EvaluationResult? {
    all.lazy.compactMap { if case .evaluated(let result, _, _) = $0 { result } else { nil } }.first
  }
}

func configuration(
  _ dataset: String, _ change: (inout Settings) -> Void = { _ in }
) throws -> Configuration {
  var options = Settings()
  options["size"] = 16
  options["arch"] = "seed"
  options["epochs"] = 4
  options["batch-size"] = 4
  options["augment"] = "none"
  options["ema"] = 0
  change(&options)
  return try Configuration(dataset: dataset, settings: options)
}

func train(
  _ configuration: Configuration, out: String, threads: Int = 2,
  cache: ImageCache = ImageCache(), stop: (Int) -> Stopped? = { _ in nil }
) throws -> (TrainingSummary, Events) {
  try follow(
    Trainer(
      configuration: configuration, out: out, cache: cache, engine: try engine(threads: threads)),
    stop: stop)
}

/// Runs a trainer, which is asked to stop as `stop` says after so many steps.
func follow(
  _ trainer: Trainer, stop: (Int) -> Stopped? = { _ in nil }
) throws -> (TrainingSummary, Events) {
  let events = Events()
  // Folders that are listed ask too; what is counted here are steps.
  var steps = 0
  let summary = try trainer.run(
    events: {
      events.all.append($0)
      if case .batch = $0 { steps += 1 }
    }, shouldStop: { stop(steps) })
  return (summary, events)
}

extension Settings {
  /// What is said of a setting, as the command line would say it.
  subscript(name: String) -> (any CustomStringConvertible)? {
    get {
      if case .text(let text) = given[name] { text } else { nil }
    }
    set {
      given[name] =
        switch newValue {
        case nil: nil
        case let isOn as Bool: isOn ? .alone : .off
        case let value?: .text("\(value)")
        }
    }
  }
}

/// What of a run must not depend on how it came to its length, or on how often it was interrupted.
func outcome(_ folder: String) throws -> [String] {
  let run = RunFolder(existing: folder)
  let rows = try text(of: run.file("metrics.csv")).split(separator: "\n").map { row in
    // Without seconds and images a second.
    row.split(separator: ",", omittingEmptySubsequences: false).dropLast(2).joined(separator: ",")
  }
  return rows + [
    SHA256.hex(of: try bytes(of: run.bestWeights)), SHA256.hex(of: try bytes(of: run.lastWeights)),
  ]
}
