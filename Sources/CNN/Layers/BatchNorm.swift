internal import KernelInterface
internal import KernelSelection

/// Batch normalization (Ioffe and Szegedy 2015): y = scale · (x - mean) / √(variance + ε) + shift.
///
/// Mean and variance are those of the batch in training, over samples and pixels, and the running
/// ones otherwise. As in PyTorch, a batch is normalised with the biased variance and the unbiased
/// one is kept: running += rate · (batch - running).
public struct BatchNorm: Layer, GraphLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "batchNorm"

  /// Added to the variance.
  public var epsilon: Double
  /// The weight of a new batch in the running statistics (PyTorch's momentum, 1 - Keras's).
  public var statisticsUpdateRate: Double
  /// What the scale begins with; 0 lets a residual block begin as its shortcut.
  public var initialScale: Double

  /// A normalization with one scale and one shift a channel.
  public init(
    epsilon: Double = 1e-5, statisticsUpdateRate: Double = 0.1, initialScale: Double = 1
  ) {
    self.epsilon = epsilon
    self.statisticsUpdateRate = statisticsUpdateRate
    self.initialScale = initialScale
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    epsilon = try fields.double("epsilon", default: 1e-5)
    statisticsUpdateRate = try fields.double("statisticsUpdateRate", default: 0.1)
    initialScale = try fields.double("initialScale", default: 1)
  }

  func write(to fields: inout LayerFields) {
    fields.set("epsilon", .double(epsilon))
    fields.set("statisticsUpdateRate", .double(statisticsUpdateRate))
    fields.set("initialScale", .double(initialScale))
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try require(epsilon, in: 1e-12...1, "epsilon", path)
    try require(statisticsUpdateRate, in: 0...1, "statisticsUpdateRate", path)
    try require(initialScale, in: -1e3...1e3, "initialScale", path)
    let channels = [input.shape.channels]
    let operation = BatchNormOperation(
      shape: input.shape,
      scale: builder.tensor("\(path).scale", channels, .constant(Float(initialScale))),
      shift: builder.tensor("\(path).shift", channels, .constant(0)),
      runningMean: builder.tensor("\(path).runningMean", channels, .constant(0), in: .statistics),
      runningVariance: builder.tensor(
        "\(path).runningVariance", channels, .constant(1), in: .statistics),
      epsilon: epsilon, rate: Float(statisticsUpdateRate))
    return try builder.add(operation, inputs: [input], output: input.shape, path: path)
  }
}

/// Batch normalization, with a rectifier behind it in the same pass where one follows.
///
/// Keeps mean and inverse deviation. Sums are taken over fixed stretches of pixels and put
/// together in Double.
struct BatchNormOperation: RectifiableOperation {
  let shape: Shape
  let scale: Int
  let shift: Int
  let runningMean: Int
  let runningVariance: Int
  let epsilon: Double
  let rate: Float
  var rectifies = false

  var work: OperationWork { OperationWork(.normalization) }
  private var channels: Int { shape.channels }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    let chunks = PixelChunks(pixels: batch * shape.pixels, channels: channels)
    return OperationNeeds(
      saved: 2 * channels, shared: (3 * chunks.count + 3) * channels, readsInput: true,
      readsOutput: rectifies)
  }

  func forward(_ pass: ForwardPass) {
    let chunks = PixelChunks(pixels: pass.batch * shape.pixels, channels: channels)
    let factor = pass.scratch.shared
    let offset = factor + channels
    switch pass.mode {
    case .training:
      batchStatistics(pass, chunks)
      for c in 0..<channels {
        factor[c] = pass.parameters[scale + c] * pass.saved[channels + c]
        offset[c] = pass.parameters[shift + c] - pass.saved[c] * factor[c]
      }
    case .inference:
      for c in 0..<channels {
        let variance = Double(pass.statistics[runningVariance + c])
        factor[c] = pass.parameters[scale + c] * Float(1 / (variance + epsilon).squareRoot())
        offset[c] = pass.parameters[shift + c] - pass.statistics[runningMean + c] * factor[c]
      }
    }
    let kernels = pass.kernels.normalization
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      let start = pixels.lowerBound * channels
      kernels.scaleChannels(
        pass.input.plain + start, factor, offset, pass.output + start, pixels.count, channels, rectifies)
    }
  }

  /// Mean and inverse deviation of the batch into `saved`, and into the running statistics.
  ///
  /// Each stretch is measured about its own mean, and the stretches are merged in Double (Chan,
  /// Golub and LeVeque 1983): neither a large mean nor a single outlier costs precision.
  private func batchStatistics(_ pass: ForwardPass, _ chunks: PixelChunks) {
    let kernels = pass.kernels
    let partials = pass.scratch.shared
    let step = 3 * channels
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      let x = pass.input.plain + pixels.lowerBound * channels
      let center = partials + index * step
      kernels.normalization.columnSums(x, pixels.count, channels, center)
      kernels.elementwise.scale(center, 1 / Float(pixels.count), channels)
      kernels.normalization.moments(
        x, center, pixels.count, channels, center + channels, center + 2 * channels)
    }
    let count = Double(chunks.pixels)
    for c in 0..<channels {
      // Centers and sums about them, all as Double: the mean, then the squares about it.
      var sum = 0.0
      for index in 0..<chunks.count {
        let part = partials + index * step + c
        sum += Double(part[0]) * Double(chunks.range(index).count) + Double(part[channels])
      }
      let mean = sum / count
      var squares = 0.0
      for index in 0..<chunks.count {
        let part = partials + index * step + c
        let distance = Double(part[0]) - mean
        let pixels = Double(chunks.range(index).count)
        squares +=
          Double(part[2 * channels]) + 2 * distance * Double(part[channels])
          + distance * distance * pixels
      }
      let variance = max(0, squares / count)
      pass.saved[c] = Float(mean)
      pass.saved[channels + c] = Float(1 / (variance + epsilon).squareRoot())
      let unbiased = variance * (count > 1 ? count / (count - 1) : 1)
      pass.statistics[runningMean + c] += rate * (Float(mean) - pass.statistics[runningMean + c])
      pass.statistics[runningVariance + c] +=
        rate * (Float(unbiased) - pass.statistics[runningVariance + c])
    }
  }

  /// dshift += Σ dy, dscale += Σ dy · x̂, and with n pixels
  /// dx = scale / deviation · (dy - Σ dy / n - x̂ · Σ dy·x̂ / n).
  func backward(_ pass: BackwardPass) {
    let kernels = pass.kernels.normalization
    let chunks = PixelChunks(pixels: pass.batch * shape.pixels, channels: channels)
    let partials = pass.scratch.shared
    let mean = Input(pass.saved)
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      let start = pixels.lowerBound * channels
      let sums = partials + 2 * index * channels
      kernels.normalizationSums(
        pass.input.plain + start, rectifies ? pass.output + start : nil, pass.outputGradient + start,
        mean, pixels.count, channels, sums, sums + channels)
    }
    let a = partials + 2 * chunks.count * channels
    let b = a + channels
    let d = b + channels
    let count = Double(chunks.pixels)
    for c in 0..<channels {
      let (sum, product) = total(partials, chunks.count, c)
      let inverse = Double(pass.saved[channels + c])
      let dscale = product * inverse
      pass.gradients[shift + c] += Float(sum)
      pass.gradients[scale + c] += Float(dscale)
      let factor = Double(pass.parameters[scale + c]) * inverse
      a[c] = Float(factor)
      b[c] = Float(-factor * inverse * dscale / count)
      d[c] = Float(-factor * sum / count)
    }
    guard let dx = pass.inputGradient else { return }
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      let start = pixels.lowerBound * channels
      kernels.normalizationGradient(
        pass.input.plain + start, rectifies ? pass.output + start : nil, pass.outputGradient + start,
        mean, a, b, d, dx.base + start, pixels.count, channels, dx.accumulates)
    }
  }

  private func total(_ partials: Output, _ chunks: Int, _ channel: Int) -> (Double, Double) {
    var first = 0.0
    var second = 0.0
    for chunk in 0..<chunks {
      first += Double(partials[2 * chunk * channels + channel])
      second += Double(partials[(2 * chunk + 1) * channels + channel])
    }
    return (first, second)
  }
}
