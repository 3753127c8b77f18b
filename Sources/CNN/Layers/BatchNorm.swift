/// Batch normalization (Ioffe and Szegedy 2015): y = scale · (x - mean) / √(variance + ε) + shift.
///
/// Mean and variance are those of the batch in training, over samples and pixels, and the running
/// ones otherwise. As in PyTorch, a batch is normalised with the biased variance and the unbiased
/// one is kept: running += rate · (batch - running).
public struct BatchNorm: Layer, GraphLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .batchNorm(self) }

  /// Added to the variance.
  public var epsilon: Double
  /// The weight of a new batch in the running statistics (PyTorch's momentum, 1 - Keras's).
  public var statisticsUpdateRate: Double
  /// The initial scale; with 0 a residual block starts as its shortcut.
  public var initialScale: Double

  /// A normalization with one scale and one shift per channel.
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
    fields.set("epsilon", epsilon)
    fields.set("statisticsUpdateRate", statisticsUpdateRate)
    fields.set("initialScale", initialScale)
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
