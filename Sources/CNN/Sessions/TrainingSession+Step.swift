internal import KernelTypes
internal import Ranks

extension TrainingSession {
  /// One step on a batch of images (batch x height x width x channels) and their classes.
  ///
  /// `mixture` names the second classes where the images are blends of two.
  public func step(
    images: [Float], targets: [Int32], mixture: TargetMixture? = nil
  ) throws(ModelError) -> StepResult {
    let expected = targets.count * input.count
    guard images.count == expected, !targets.isEmpty else {
      throw .length(of: "images", expected: expected, found: images.count)
    }
    guard targets.count <= executor.capacity else {
      throw .length(of: "targets", expected: executor.capacity, found: targets.count)
    }
    try check(targets)
    if let mixture { try check(mixture, count: targets.count) }
    return images.withUnsafeBufferPointer { step(pixels: $0, targets: targets, mixture: mixture) }
  }

  private func check(_ mixture: TargetMixture, count: Int) throws(ModelError) {
    for (name, found) in [
      ("second targets", mixture.targets.count), ("shares", mixture.shares.count),
    ] where found != count {
      throw .length(of: name, expected: count, found: found)
    }
    try check(mixture.targets)
    for share in mixture.shares where !(share >= 0 && share <= 1) {
      throw .invalid(
        layer: "mixture", field: "a share", expected: "in 0...1", found: "\(share)")
    }
  }

  private func check(_ targets: [Int32]) throws(ModelError) {
    let classes = loss.classes(outputs: network.outputs)
    for target in targets where !(0..<classes).contains(Int(target)) {
      throw .target(expected: "in 0..<\(classes)", found: Int(target))
    }
  }

  /// One step on a batch that is already in place; the number of images is that of the targets.
  ///
  /// With a loss that is not finite, the parameters stay as they are. Of several processes each
  /// gives its own part of the batch, which may have no image, and `place`; loss and count of
  /// correct predictions are the whole batch's. Where the work together has ended, `group.check`
  /// tells, and the step is of no use.
  package func step(
    pixels: UnsafeBufferPointer<Float>, targets: [Int32], mixture: TargetMixture? = nil,
    place: BatchPlace? = nil
  ) -> StepResult {
    precondition(
      pixels.count >= targets.count * input.count, "a batch too short")
    precondition(
      group.isAlone == (place == nil), "several processes, and only they, have a place")
    guard !targets.isEmpty else {
      let blank = [Float](repeating: 0, count: input.count)
      return blank.withUnsafeBufferPointer { step($0, targets, mixture, place, batch: 1) }
    }
    return step(pixels, targets, mixture, place, batch: targets.count)
  }

  private func step(
    _ pixels: UnsafeBufferPointer<Float>, _ targets: [Int32], _ mixture: TargetMixture?,
    _ place: BatchPlace?, batch: Int
  ) -> StepResult {
    guard let images = pixels.baseAddress else {
      preconditionFailure("a batch without memory")
    }
    let share = place.map {
      BatchShare(
        group: group, place: $0, isPresent: !targets.isEmpty, sharesStatistics: sharesStatistics)
    }
    var seconds = StepSeconds()
    let clock = ContinuousClock()
    let mode = PassMode.training(seed: seed, step: optimizer.steps)
    let start = clock.now
    // The forward pass alone changes the statistics, whatever comes of the loss.
    defer { network.noteChange() }
    executor.forward(images: images, batch: batch, mode: mode, share: share)
    let result = lossAndGradient(targets, mixture, share, batch: batch)
    profile?.lap(.loss)
    let afterForward = clock.now
    seconds.forward = (afterForward - start).inSeconds
    guard result.loss.isFinite else {
      return StepResult(
        loss: result.loss, correct: result.correct, fault: .loss(result.loss), seconds: seconds)
    }
    clearGradients()
    profile?.lap(.clearing)
    computeGradients(images, batch: batch, mode, share)
    let afterBackward = clock.now
    seconds.backward = (afterBackward - afterForward).inSeconds
    let norm = clipGradients()
    stepping.step(
      ParameterUpdate(
        parameters: network.parameters.base, gradients: Input(gradients.base), segments: segments,
        matrices: matrices, engine: executor.engine))
    profile?.lap(.optimizer)
    let fault = isFiniteAfterStep ? nil : fault
    seconds.optimizer = (clock.now - afterBackward).inSeconds
    return StepResult(
      loss: result.loss, correct: result.correct, gradientNorm: norm, fault: fault,
      seconds: seconds)
  }

  /// The whole batch's loss and count of correct predictions, and this part's gradient of the
  /// logits.
  private func lossAndGradient(
    _ targets: [Int32], _ mixture: TargetMixture?, _ share: BatchShare?, batch: Int
  ) -> Loss.Result {
    let outputs = network.outputs
    let count = targets.count * outputs
    if targets.isEmpty { executor.logitsGradient.update(repeating: 0, count: batch * outputs) }
    var result = loss.evaluate(
      logits: UnsafeBufferPointer(start: executor.logits, count: count),
      outputs: outputs, targets: targets, mixture: mixture, classWeights: classWeights,
      whole: share?.place.whole, workers: executor.engine.workers,
      gradient: UnsafeMutableBufferPointer(start: executor.logitsGradient, count: count))
    guard share != nil else { return result }
    let all = group.gatherNumbers([result.loss, Double(result.correct)])
    result.loss = stride(from: 0, to: all.count, by: 2).reduce(0) { $0 + all[$1] }
    result.correct = stride(from: 1, to: all.count, by: 2).reduce(0) { $0 + Int(all[$1]) }
    return result
  }

  /// The gradients of the whole batch.
  private func computeGradients(
    _ images: Input, batch: Int, _ mode: PassMode, _ share: BatchShare?
  ) {
    guard let share else {
      executor.backward(images: images, batch: batch, mode: mode, gradients: gradients.base)
      return
    }
    var sums = GradientSums(share, gradients)
    executor.backward(
      images: images, batch: batch, mode: mode, gradients: gradients.base, share: share
    ) { sums.advance(to: $0) }
    sums.finish()
    if !sharesStatistics { averageStatistics(share) }
    group.finishSums()
  }

  /// Each process has normalized by the statistics of its own part; inference knows their mean.
  private func averageStatistics(_ share: BatchShare) {
    let statistics = network.statistics
    if !share.isPresent { statistics.base.update(repeating: 0, count: statistics.count) }
    group.sum(statistics.base, statistics.count)
    group.finishSums()
    let present = min(share.place.whole, group.count)
    executor.engine.kernels.elementwise.scale(
      statistics.base, 1 / Float(present), statistics.count)
  }

  func clearGradients() {
    executor.engine.stretches(gradients.count) { start, count in
      (gradients.base + start).update(repeating: 0, count: count)
    }
  }

  /// The sum over what is trained, in the order of the stretches.
  func sumOfSquares(_ memory: FloatMemory) -> Double {
    let kernels = executor.engine.kernels.elementwise
    squares.withUnsafeMutableBufferPointer { squares in
      // Each task writes its own element.
      nonisolated(unsafe) let squares = squares
      executor.engine.workers.parallelFor(segments.count) { index, _ in
        squares[index] = kernels.sumOfSquares(
          memory.base + segments[index].start, segments[index].count)
      }
    }
    return squares.reduce(0, +)
  }

  /// Scales the gradients down to the norm that was asked for.
  private func clipGradients() -> Double? {
    guard let clipNorm else { return nil }
    let kernels = executor.engine.kernels.elementwise
    let norm = sumOfSquares(gradients).squareRoot()
    if norm > clipNorm {
      let factor = Float(clipNorm / norm)
      executor.engine.stretches(gradients.count) { start, count in
        kernels.scale(gradients.base + start, factor, count)
      }
    }
    return norm
  }
}
