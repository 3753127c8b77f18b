/// A two-dimensional convolution: y[p][o] = bias[o] + Σ x[p·stride + k - pad][c] · filters[k][c][o].
///
/// Filters are [kernel row][kernel column][input channel][output channel].
public struct Conv2D: Layer, GraphLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "conv2D"
  /// This layer as a case of the closed set.
  public var form: LayerForm { .conv2D(self) }

  /// Output channels.
  public var filters: Int
  /// The side of the kernel.
  public var kernelSize: Int
  /// The stride, in both directions.
  public var stride: Int
  /// Zeros around the map.
  public var padding: Padding
  /// Whether a bias is added to each output channel.
  public var useBias: Bool
  /// The initial filters; the bias starts at zero.
  public var initializer: Initializer

  /// A convolution with `filters` output channels.
  public init(
    filters: Int, kernelSize: Int = 3, stride: Int = 1, padding: Padding = .valid,
    useBias: Bool = true, initializer: Initializer = .glorotUniform
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.useBias = useBias
    self.initializer = initializer
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    filters = try fields.int("filters")
    kernelSize = try fields.int("kernelSize", default: 3)
    stride = try fields.int("stride", default: 1)
    padding = try fields.padding("padding")
    useBias = try fields.bool("bias", default: true)
    initializer = try fields.initializer("initializer", default: .glorotUniform)
  }

  func write(to fields: inout LayerFields) {
    fields.set("filters", filters)
    fields.set("kernelSize", kernelSize)
    fields.set("stride", stride)
    fields.set("padding", padding)
    fields.set("bias", useBias)
    fields.set("initializer", initializer.rawValue)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try require(filters, in: 1...65_536, "filters", path)
    try require(kernelSize, in: 1...64, "kernelSize", path)
    try require(stride, in: 1...64, "stride", path)
    if case .explicit(let zeros) = padding {
      try require(zeros, in: 0...(kernelSize - 1), "padding", path)
    }
    let shape = input.shape
    guard
      let rows = padding.resolve(input: shape.height, kernel: kernelSize, stride: stride),
      let columns = padding.resolve(input: shape.width, kernel: kernelSize, stride: stride)
    else {
      throw .shape(
        layer: "\(path) (conv2D)", expected: "at least \(kernelSize)x\(kernelSize) pixels",
        found: shape)
    }
    let area = kernelSize * kernelSize
    let fans = (area * shape.channels, area * filters)
    let filterSlot = builder.tensor(
      "\(path).filters", [kernelSize, kernelSize, shape.channels, filters],
      .random(initializer, fanIn: fans.0, fanOut: fans.1))
    let biasSlot = useBias ? builder.tensor("\(path).bias", [filters], .constant(0)) : nil
    let output = Shape(height: rows.output, width: columns.output, channels: filters)
    let operation = ConvolutionOperation(
      input: shape, output: output, kernel: kernelSize, stride: stride, padTop: rows.before,
      padLeft: columns.before, filters: filterSlot, bias: biasSlot)
    return try builder.add(operation, inputs: [input], output: output, path: path)
  }

  func multiplyAdds(input: Shape, output: Shape) -> Int {
    output.count * kernelSize * kernelSize * input.channels
  }
}
