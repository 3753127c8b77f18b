internal import CNN
internal import ImageData
internal import Primitives

extension Configuration {
  /// Checks every value against its range; the error names the option as the command line does.
  func validate() throws(TrainingError) {
    try share("--val-split", data.valSplit, below: 0.9)
    try share("--test-split", data.testSplit, below: 0.9)
    try share("--val-split and --test-split together", data.valSplit + data.testSplit, below: 0.95)
    try check("--fraction", data.fraction, data.fraction > 0 && data.fraction <= 1, "above 0 to 1")
    try check("--max-bad", data.maxBad, (0...100).contains(data.maxBad), "0 to 100 percent")
    try check("--max-pixels", data.maxPixels, 1...1_000_000_000)

    try check("--size", network.size, 8...1024)
    try check("--train-size", network.growth.last, 8...network.size)
    try check("--start-size", network.growth.first, 8...network.growth.last)
    try check(
      "network.growth.share", network.growth.share,
      network.growth.share > 0 && network.growth.share <= 1, "above 0 to 1")
    if let dropout = network.dropout { try share("--dropout", dropout, below: 1) }

    try check("--epochs", training.epochs, 1...100_000)
    try check("training.minimumSteps", training.minimumSteps, 0...10_000_000)
    try check("--batch-size", training.batchSize, 1...4096)
    try check("training.minimumEpochSteps", training.minimumEpochSteps, 0...1_000_000)
    try check(
      "--lr", training.learningRate, training.learningRate > 0 && training.learningRate <= 100,
      "above 0 to 100")
    try share("training.beta1", training.beta1, below: 1)
    try share("training.beta2", training.beta2, below: 1)
    try check(
      "training.epsilon", training.epsilon, training.epsilon > 0 && training.epsilon <= 1,
      "above 0 to 1")
    try share("training.momentum", training.momentum, below: 1)
    try check(
      "--weight-decay", training.weightDecay, (0...10).contains(training.weightDecay), "0 to 10")
    guard training.optimizer != .adam || training.weightDecay == 0 else {
      throw TrainingError(
        .usage, "--weight-decay has no meaning for --optimizer adam",
        found: "\(training.weightDecay)", expected: "0, or --optimizer adamw")
    }
    try share("--label-smoothing", training.labelSmoothing, below: 1)
    try share("--ema", training.ema, below: 1)
    try check(
      "--clip-grad", training.clipGrad, (0...1e9).contains(training.clipGrad), "0 to 1e9")
    try check("--patience", training.patience, 0...100_000)
    try check(
      "--max-time", training.maxSeconds, (0...1e9).contains(training.maxSeconds),
      "0 to 1000000000 seconds")
    try check(training.changes ?? [])
    try check("--freeze-epochs", transfer.freezeEpochs, 0...100_000)
    try check(
      "--backbone-lr", transfer.backboneRate,
      transfer.backboneRate > 0 && transfer.backboneRate <= 1, "above 0 to 1")
    try transfer.validate(data.normalization)
    if let problem = augmentation.problem {
      throw TrainingError(.usage, "augmentation: \(problem)")
    }
  }

  /// Refuses what looks at validation figures where there are none.
  ///
  /// `patience` is asked for where a run goes on.
  func requireNothingOfValidation(patience: Int?) throws(TrainingError) {
    let standard = recipe.configuration.training
    let waits = patience ?? training.patience(after: .max)
    let option =
      waits > 0
      ? "--patience \(waits)"
      : training.schedule == .plateau
        ? "--schedule plateau"
        // Who names what is best gets the best epoch's weights.
        : training.monitor != standard.monitor || training.keep != standard.keep
          ? "--monitor \(training.monitor.rawValue)" : nil
    guard let option else { return }
    throw TrainingError(
      .usage, "\(option) has no meaning without validation images",
      found: "--val-split \(data.valSplit), and no folder of validation images",
      expected: "a --val-split above 0, or a folder of validation images")
  }

  /// Checks the changes of the plan, which come from a file.
  private func check(_ changes: [PlanChange]) throws(TrainingError) {
    let most = 1 << 40
    var step = 0
    for change in changes {
      try check("training.changes.step", change.step, step...most)
      try check("training.changes.epochs", change.epochs, 1...100_000)
      if let steps = change.steps {
        try check("training.changes.steps", steps, max(1, change.step)...most)
      }
      if let patience = change.patience {
        try check("training.changes.patience", patience, 0...100_000)
      }
      step = change.step
    }
  }

  private func check(
    _ option: String, _ value: Int, _ range: ClosedRange<Int>
  ) throws(TrainingError) {
    guard !range.contains(value) else { return }
    throw TrainingError(
      .usage, "\(option) is out of range: \(value)", found: "\(value)",
      expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
  }

  private func share(
    _ option: String, _ value: Double, below limit: Double
  ) throws(TrainingError) {
    try check(option, value, value >= 0 && value < limit, "at least 0 and below \(limit)")
  }

  private func check(
    _ option: String, _ value: Double, _ isIn: Bool, _ range: String
  ) throws(TrainingError) {
    guard !isIn else { return }
    throw TrainingError(
      .usage, "\(option) is out of range: \(value)", found: "\(value)", expected: range)
  }
}
