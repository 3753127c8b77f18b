internal import CNN
internal import Compute
internal import ImageData
internal import Primitives

/// The steps of an epoch.
extension TrainingLoop {
  /// One optimizer step and its part in the average.
  func step(_ batch: TrainingBatch, _ meter: inout EpochMeter) throws {
    let training = configuration.training
    let number = session.optimizer.steps
    let factor = training.rates.factor(
      step: number, total: length.steps, reductions: reductions)
    let rate =
      training.peakRate(batchSize: batchSize, headAlone: features != nil) * factor
      / Double(1 << rollbacks)
    session.optimizer.learningRate = rate
    let result = session.step(
      pixels: batch.pixels, targets: batch.targets, mixture: batch.mixture,
      place: team.communicator.map { _ in
        BatchPlace(offset: batch.offset, whole: batch.whole.count)
      })
    // A loss that is not finite is the sum of all processes' losses, and each of them ends for it:
    // that another was quicker, which ends the work together, tells this one nothing new.
    let isKnownToAll = if case .loss? = result.fault { true } else { false }
    if !isKnownToAll { try team.check() }
    if let fault = result.fault {
      throw diverged("\(fault)", number, meter.epoch, rate, batch.whole)
    }
    let start = ContinuousClock.now
    if let average {
      // Warmed up, so that the fresh weights are soon forgotten.
      let steps = Double(number + 1)
      let decay = min(training.ema, (steps + 1) / (steps + 50))
      average.interpolate(toward: trained, weight: Float(1 - decay), engine: engine)
    }
    meter.add(
      result, images: batch.whole.count, learningRate: rate,
      averaging: (ContinuousClock.now - start) / .seconds(1))
  }

  func digest(_ meter: EpochMeter) -> StepDigest {
    StepDigest(
      step: session.optimizer.steps, epoch: meter.epoch, loss: meter.progress.loss,
      weightsSHA256: trained.digest)
  }

  func diverged(
    _ what: String, _ step: Int, _ epoch: Int, _ rate: Double, _ samples: [Int] = []
  ) -> TrainingError {
    let shown = samples.prefix(3).map { images.store.samples[$0].path }
    let more = samples.count - shown.count
    return TrainingError(
      .diverged, "training diverged: \(what) at step \(step + 1), epoch \(epoch)",
      found: (["learning rate \(rate)"]
        + (shown.isEmpty ? [] : ["images " + shown.joined(separator: ", ")])
        + (more > 0 ? ["\(more) more"] : [])).joined(separator: ", "),
      expected: "finite numbers",
      advice:
        "a smaller --lr, --clip-grad 1 or --on-nan rollback; weights of earlier epochs are kept"
    )
  }
}
