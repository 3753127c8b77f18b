/// A two-dimensional convolution: y[p][o] = bias[o] + Σ x[p·stride + k - pad][c] · filters[k][c][o].
///
/// Filters are [kernel row][kernel column][input channel][output channel]. With groups the channels
/// of both sides are divided, and each group of outputs reads its own inputs alone; with as many
/// groups as channels on both sides the convolution is depthwise.
public struct Conv2D: Layer, GraphLayer {
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
  /// Groups of channels that are convolved separately.
  public var groups: Int
  /// Whether a bias is added to each output channel.
  public var useBias: Bool
  /// The initial filters; the bias starts at zero.
  public var initializer: Initializer

  /// A convolution with `filters` output channels.
  public init(
    filters: Int, kernelSize: Int = 3, stride: Int = 1, padding: Padding = .valid,
    groups: Int = 1, useBias: Bool = true, initializer: Initializer = .glorotUniform
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.groups = groups
    self.useBias = useBias
    self.initializer = initializer
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    filters = try fields.int("filters")
    kernelSize = try fields.int("kernelSize", default: 3)
    stride = try fields.int("stride", default: 1)
    padding = try fields.padding("padding")
    groups = try fields.int("groups", default: 1)
    useBias = try fields.bool("bias", default: true)
    initializer = try fields.choice("initializer", default: .glorotUniform)
  }

  func write(to fields: inout LayerFields) {
    fields.set("filters", filters)
    fields.set("kernelSize", kernelSize)
    fields.set("stride", stride)
    fields.set("padding", padding)
    if groups != 1 { fields.set("groups", groups) }
    fields.set("bias", useBias)
    fields.set("initializer", initializer.rawValue)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try require(filters, in: 1...65_536, "filters", path)
    try require(kernelSize, in: 1...64, "kernelSize", path)
    try require(stride, in: 1...64, "stride", path)
    try require(groups, in: 1...65_536, "groups", path)
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
    let inputs = shape.channels / groups
    guard inputs * groups == shape.channels, filters % groups == 0 else {
      throw .invalid(
        layer: "\(path) (conv2D)", field: "groups",
        expected: "a divisor of \(shape.channels) input and \(filters) output channels",
        found: "\(groups)")
    }
    let area = kernelSize * kernelSize
    let fans = (area * inputs, area * filters / groups)
    let filterSlot = builder.tensor(
      "\(path).filters", [kernelSize, kernelSize, inputs, filters],
      .random(initializer, fanIn: fans.0, fanOut: fans.1))
    let biasSlot = useBias ? builder.tensor("\(path).bias", [filters], .constant(0)) : nil
    let output = Shape(height: rows.output, width: columns.output, channels: filters)
    let isDepthwise = groups > 1 && groups == shape.channels && groups == filters
    let convolution = ConvolutionOperation(
      input: shape, output: output, kernel: kernelSize, stride: stride, padTop: rows.before,
      padLeft: columns.before, filters: filterSlot, bias: biasSlot, isDepthwise: isDepthwise)
    let operation: any Operation =
      groups == 1 || isDepthwise
      ? convolution : GroupedConvolutionOperation(whole: convolution, groups: groups)
    return try builder.add(operation, inputs: [input], output: output, path: path)
  }

  func multiplyAdds(input: Shape, output: Shape) -> Int {
    output.count * kernelSize * kernelSize * input.channels / groups
  }
}
