internal import KernelTypes
internal import Ranks

/// Batch normalization, with a following rectifier, which may have an upper bound, in the same pass.
///
/// Keeps mean, inverse deviation, and the factor and offset that turn its input into its output; if
/// it is deferred to its readers, the forward pass does no more. The backward pass likewise keeps
/// three numbers per channel that give the input's gradient. Sums are taken over fixed chunks of
/// pixels and added in Double.
struct BatchNormOperation: BoundableOperation {
  let shape: Shape
  let scale: Int
  let shift: Int
  let runningMean: Int
  let runningVariance: Int
  let epsilon: Double
  let rate: Float
  var rectifies = false
  /// The rectifier with an upper bound, if it is one.
  var boundedRectifier: ActivationFunction?

  var work: OperationWork { OperationWork(.normalization) }
  private var channels: Int { shape.channels }
  private var ceiling: Float { boundedRectifier?.ceiling ?? .infinity }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    let tasks = chunks(batch).count
    // With pooling a part is a block of rows.
    let windows = PoolShape(
      height: shape.height, width: shape.width, channels: channels,
      outputHeight: shape.height / 2, outputWidth: shape.width / 2, size: 2, stride: 2, padTop: 0,
      padLeft: 0)
    let blocks = PoolBlocks(windows)
    let parts = max(tasks, batch * blocks.count)
    return OperationNeeds(
      saved: 7 * channels,
      shared: max(
        Measurements.count(tasks: tasks, channels: channels), 2 * parts * channels),
      perWorker: blocks.rows * shape.width * channels, readsInput: true)
  }

  private func chunks(_ batch: Int) -> PixelChunks {
    PixelChunks(pixels: batch * shape.pixels, channels: channels)
  }

  /// What readers apply to the input if the normalization is deferred.
  func deferred(saved: Input) -> Activation.Normalization {
    Activation.Normalization(
      factor: saved + 2 * channels, offset: saved + 3 * channels, rectifies: rectifies,
      ceiling: ceiling, mean: saved)
  }

  /// What readers of the input's gradient compute if that is deferred.
  func deferredGradient(saved: Input, x: Input) -> Activation.NormalizationGradient {
    Activation.NormalizationGradient(
      x: x, factor: rectifies ? saved + 2 * channels : nil, offset: saved + 3 * channels,
      ceiling: ceiling, mean: saved, a: saved + 4 * channels, b: saved + 5 * channels,
      d: saved + 6 * channels)
  }

  func forward(_ pass: ForwardPass) {
    let factor = pass.saved + 2 * channels
    let offset = pass.saved + 3 * channels
    if pass.mode.measuresBatch {
      batchStatistics(pass)
      for c in 0..<channels {
        factor[c] = pass.parameters[scale + c] * pass.saved[channels + c]
        offset[c] = pass.parameters[shift + c] - pass.saved[c] * factor[c]
      }
    } else {
      let statistics = Input(pass.statistics)
      for c in 0..<channels {
        (factor[c], offset[c]) = factorAndOffset(
          channel: c, parameters: pass.parameters, statistics: statistics)
        // For the backward pass.
        pass.saved[c] = statistics[runningMean + c]
        pass.saved[channels + c] = inverseDeviation(channel: c, statistics: statistics)
      }
    }
    guard let output = pass.target else { return }
    let kernels = pass.kernels.normalization
    let chunks = chunks(pass.batch)
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      let start = pixels.lowerBound * channels
      kernels.scaleChannels(
        pass.input.plain + start, factor, offset, output + start, pixels.count, channels,
        rectifies, ceiling)
    }
  }

  /// The factor and offset of a channel with running statistics: y = x · factor + offset.
  func factorAndOffset(
    channel: Int, parameters: Input, statistics: Input
  ) -> (factor: Float, offset: Float) {
    let factor =
      parameters[scale + channel] * inverseDeviation(channel: channel, statistics: statistics)
    return (factor, parameters[shift + channel] - statistics[runningMean + channel] * factor)
  }

  private func inverseDeviation(channel: Int, statistics: Input) -> Float {
    let variance = Double(statistics[runningVariance + channel])
    return Float(1 / (variance + epsilon).squareRoot())
  }

  /// Calls `body` for every channel, those of one cache line on one thread.
  private func forEachChannel(_ engine: Engine, _ body: (Int) -> Void) {
    engine.workers.parallelFor((channels + 15) / 16) { block, _ in
      for c in (16 * block)..<min(channels, 16 * block + 16) { body(c) }
    }
  }

  /// Mean and inverse deviation of the batch into `saved`, and into the running statistics.
  private func batchStatistics(_ pass: ForwardPass) {
    let measurements = pass.inputMeasurements ?? measure(pass)
    let whole = pass.share.flatMap { share in
      share.sharesStatistics ? wholeStatistics(measurements, pass, share) : nil
    }
    let count = whole?.count ?? Double(pass.batch * shape.pixels)
    forEachChannel(pass.engine) { c in
      let (mean, variance) = whole?.moments[c] ?? measurements.merged(channel: c)
      pass.saved[c] = Float(mean)
      pass.saved[channels + c] = Float(1 / (variance + epsilon).squareRoot())
      let unbiased = variance * (count > 1 ? count / (count - 1) : 1)
      pass.statistics[runningMean + c] += rate * (Float(mean) - pass.statistics[runningMean + c])
      pass.statistics[runningVariance + c] +=
        rate * (Float(unbiased) - pass.statistics[runningVariance + c])
    }
  }

  /// The statistics of the whole batch, of which this process has a part: those of the parts are
  /// merged in Double like measurements.
  private func wholeStatistics(
    _ measurements: Measurements, _ pass: ForwardPass, _ share: BatchShare
  ) -> (count: Double, moments: [(mean: Double, variance: Double)]) {
    let own = (0..<channels).map { measurements.merged(channel: $0) }
    let pixels = share.isPresent ? Double(pass.batch * shape.pixels) : 0
    let all = share.group.gatherNumbers([pixels] + own.map(\.mean) + own.map(\.variance))
    // A part without pixels has no mean.
    let parts = stride(from: 0, to: all.count, by: 1 + 2 * channels).filter { all[$0] > 0 }
    let total = parts.reduce(0) { $0 + all[$1] }
    let moments = (0..<channels).map { c in
      let mean = parts.reduce(0) { $0 + all[$1] * all[$1 + 1 + c] } / total
      let squares = parts.reduce(0) { sum, part in
        let distance = all[part + 1 + c] - mean
        return sum + all[part] * (all[part + 1 + channels + c] + distance * distance)
      }
      return (mean, squares / total)
    }
    return (total, moments)
  }

  /// Measures an input that its producer did not measure.
  private func measure(_ pass: ForwardPass) -> Measurements {
    let chunks = chunks(pass.batch)
    let measurements = Measurements(
      base: pass.scratch.shared, channels: channels, tasks: chunks.count)
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      measurements.measure(
        pass.kernels, task: index, pass.input.plain + pixels.lowerBound * channels,
        pixels: pixels.count)
    }
    return measurements
  }

  /// dshift += Σ dy, dscale += Σ dy · x̂, and with n pixels
  /// dx = scale / deviation · (dy - Σ dy / n - x̂ · Σ dy·x̂ / n).
  ///
  /// Frozen statistics do not depend on x, and dx = scale / deviation · dy.
  /// dx may be dy's own memory.
  func backward(_ pass: BackwardPass) {
    let kernels = pass.kernels.normalization
    let parts = GradientParts(self, pass)
    let partials = pass.outputSums?.base ?? pass.scratch.shared
    let count = pass.outputSums?.parts ?? parts.count
    let mean = Input(pass.saved)
    // A rectifier's gradient is masked where the output, which is recomputed, is at a bound.
    let factor = rectifies ? Input(pass.saved + 2 * channels) : nil
    let offset = Input(pass.saved + 3 * channels)
    if pass.outputSums == nil {
      parts.run { index, x, dy, start, pixels in
        let sums = partials + 2 * index * channels
        kernels.normalizationSums(
          x, factor, offset, dy, mean, ceiling, pixels, channels, sums, sums + channels)
      }
    }
    let a = pass.saved + 4 * channels
    let b = a + channels
    let d = b + channels
    // The number of pixels behind the statistics; frozen statistics have no gradient.
    let isFrozen = !pass.mode.measuresBatch
    let own = isFrozen ? Double.infinity : Double(pass.batch * shape.pixels)
    // Processes that share statistics also share their gradient; the parameters' gradients are
    // summed later.
    let whole = pass.share.flatMap { share in
      share.sharesStatistics && !isFrozen ? wholeTotals(partials, count, own, share) : nil
    }
    let pixels = whole?.count ?? own
    forEachChannel(pass.engine) { c in
      let (sum, product) = total(partials, count, c)
      let inverse = Double(pass.saved[channels + c])
      pass.gradients[shift + c] += Float(sum)
      pass.gradients[scale + c] += Float(product * inverse)
      let (wholeSum, wholeProduct) = whole?.totals[c] ?? (sum, product)
      let factor = Double(pass.parameters[scale + c]) * inverse
      a[c] = Float(factor)
      b[c] = Float(-factor * inverse * wholeProduct * inverse / pixels)
      d[c] = Float(-factor * wholeSum / pixels)
    }
    guard let dx = pass.inputGradient else { return }
    parts.run { _, x, dy, start, pixels in
      kernels.normalizationGradient(
        x, factor, offset, dy, mean, a, b, d, dx.base + start, ceiling, pixels, channels,
        dx.accumulates)
    }
  }

  /// The sums over the whole batch, of which this process has a part.
  private func wholeTotals(
    _ partials: Output, _ parts: Int, _ pixels: Double, _ share: BatchShare
  ) -> (count: Double, totals: [(Double, Double)]) {
    let own = (0..<channels).map { share.isPresent ? total(partials, parts, $0) : (0, 0) }
    let all = share.group.gatherNumbers(
      [share.isPresent ? pixels : 0] + own.map(\.0) + own.map(\.1))
    let places = stride(from: 0, to: all.count, by: 1 + 2 * channels)
    func sum(_ index: Int) -> Double { places.reduce(0) { $0 + all[$1 + index] } }
    return (sum(0), (0..<channels).map { (sum(1 + $0), sum(1 + channels + $0)) })
  }

  private func total(_ partials: Output, _ parts: Int, _ channel: Int) -> (Double, Double) {
    var first = 0.0
    var second = 0.0
    for part in 0..<parts {
      first += Double(partials[2 * part * channels + channel])
      second += Double(partials[(2 * part + 1) * channels + channel])
    }
    return (first, second)
  }
}

/// The parts in which a normalization's gradient is computed.
///
/// Before a max pooling, the pooling's gradient is computed first, some rows at a time.
private struct GradientParts {
  private let pass: BackwardPass
  private let channels: Int
  private let chunks: PixelChunks
  private let blocks: PoolBlocks?

  init(_ operation: BatchNormOperation, _ pass: BackwardPass) {
    self.pass = pass
    channels = operation.shape.channels
    chunks = PixelChunks(pixels: pass.batch * operation.shape.pixels, channels: channels)
    blocks = pass.pooled.map { PoolBlocks($0.shape) }
  }

  var count: Int { blocks.map { pass.batch * $0.count } ?? chunks.count }

  /// Calls `body` with each part's index, input, gradient, first float and pixels, on all threads.
  func run(_ body: (Int, Input, Input, Int, Int) -> Void) {
    pass.engine.workers.parallelFor(count) { index, worker in
      guard let blocks, let pooled = pass.pooled else {
        let pixels = chunks.range(index)
        let start = pixels.lowerBound * channels
        body(
          index, pass.input.plain + start, pass.outputGradient + start, start, pixels.count)
        return
      }
      let block = blocks[index]
      let spare = pass.scratch.worker(worker)
      pass.kernels.pooling.maxPoolGradient(
        pooled.codes + block.output, pass.outputGradient + block.output, spare, block.shape)
      body(
        index, pass.input.plain + block.input, spare, block.input,
        block.shape.height * block.shape.width)
    }
  }
}
