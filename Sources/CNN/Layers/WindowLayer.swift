internal import KernelTypes

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
        layer: "\(path) (\(form.kind.rawValue))", expected: "at least \(size)x\(size) pixels",
        found: map)
    }
    let windows = PoolShape(
      height: map.height, width: map.width, channels: map.channels, outputHeight: rows.output,
      outputWidth: columns.output, size: size, stride: stride, padTop: rows.before,
      padLeft: columns.before)
    let output = Shape(height: rows.output, width: columns.output, channels: map.channels)
    return try builder.add(operation(windows), inputs: [input], output: output, path: path)
  }
}
