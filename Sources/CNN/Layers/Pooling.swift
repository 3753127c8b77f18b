internal import KernelTypes

/// The greatest value of each window, in every channel.
public struct MaxPool2D: Layer, WindowLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "maxPool2D"
  /// This layer among all kinds.
  public var form: LayerForm { .maxPool2D(self) }

  /// The side of the window.
  public var size: Int
  /// Pixels from one window to the next.
  public var stride: Int
  /// Places around the map that never win.
  public var padding: Padding

  /// Windows of `size` x `size` pixels, side by side unless a stride is given.
  public init(_ size: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  // A place in a window is kept in one byte.
  static let largest = 15

  func operation(_ shape: PoolShape) -> any Operation { MaxPoolOperation(shape: shape) }
}

/// The mean of each window, in every channel, over the pixels inside the map only.
public struct AveragePool2D: Layer, WindowLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "averagePool2D"
  /// This layer among all kinds.
  public var form: LayerForm { .averagePool2D(self) }

  /// The side of the window.
  public var size: Int
  /// Pixels from one window to the next.
  public var stride: Int
  /// Places around the map that do not count.
  public var padding: Padding

  /// Windows of `size` x `size` pixels, side by side unless a stride is given.
  public init(_ size: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  static let largest = 1024

  func operation(_ shape: PoolShape) -> any Operation { AveragePoolOperation(shape: shape) }
}

/// A layer of windows that move over a map.
protocol WindowLayer: GraphLayer {
  var size: Int { get }
  var stride: Int { get }
  var padding: Padding { get }
  /// The largest side of a window.
  static var largest: Int { get }
  init(_ size: Int, stride: Int?, padding: Padding)
  func operation(_ shape: PoolShape) -> any Operation
}

extension WindowLayer {
  init(from fields: inout LayerFields) throws(ModelError) {
    let size = try fields.int("size", default: 2)
    let stride = try fields.int("stride", default: size)
    self.init(size, stride: stride, padding: try fields.padding("padding"))
  }

  func write(to fields: inout LayerFields) {
    fields.set("size", size)
    fields.set("stride", stride)
    fields.set("padding", padding)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try require(size, in: 1...Self.largest, "size", path)
    try require(stride, in: 1...1024, "stride", path)
    if case .explicit(let places) = padding {
      try require(places, in: 0...(size / 2), "padding", path)
    }
    let map = input.shape
    guard let rows = padding.resolve(input: map.height, kernel: size, stride: stride),
      let columns = padding.resolve(input: map.width, kernel: size, stride: stride)
    else {
      throw .shape(
        layer: "\(path) (\(Self.kind))", expected: "at least \(size)x\(size) pixels", found: map)
    }
    let windows = PoolShape(
      height: map.height, width: map.width, channels: map.channels, outputHeight: rows.output,
      outputWidth: columns.output, size: size, stride: stride, padTop: rows.before,
      padLeft: columns.before)
    let output = Shape(height: rows.output, width: columns.output, channels: map.channels)
    return try builder.add(operation(windows), inputs: [input], output: output, path: path)
  }
}

/// The mean of the whole map, in every channel: a vector of features.
public struct GlobalAveragePool2D: Layer, GraphLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "globalAveragePool2D"
  /// This layer among all kinds.
  public var form: LayerForm { .globalAveragePool2D(self) }

  /// A pool over the whole map.
  public init() {}

  init(from fields: inout LayerFields) throws(ModelError) {}

  func write(to fields: inout LayerFields) {}

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    let shape = input.shape
    // One window as wide as the map: rows and columns may differ, so it is a map of one row.
    let window = PoolShape(
      height: 1, width: shape.pixels, channels: shape.channels, outputHeight: 1, outputWidth: 1,
      size: shape.pixels, stride: shape.pixels, padTop: 0, padLeft: 0)
    return try builder.add(
      AveragePoolOperation(shape: window), inputs: [input],
      output: Shape(features: shape.channels), path: path)
  }
}

/// Average pooling.
struct AveragePoolOperation: Operation {
  let shape: PoolShape

  var work: OperationWork { OperationWork(.pooling) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds { OperationNeeds() }

  func forward(_ pass: ForwardPass) {
    let pool = pass.kernels.pooling
    pass.engine.workers.parallelFor(pass.batch) { image, _ in
      pool.averagePool(
        pass.input.plain + image * shape.inputCount, pass.output + image * shape.outputCount, shape)
    }
  }

  func backward(_ pass: BackwardPass) {
    guard let dx = pass.inputGradient else { return }
    let pool = pass.kernels.pooling
    let shape = shape.accumulating(dx.accumulates)
    pass.engine.workers.parallelFor(pass.batch) { image, _ in
      let target = dx.base + image * shape.inputCount
      pool.averagePoolGradient(
        pass.outputGradient + image * shape.outputCount, target, shape)
    }
  }
}
