internal import KernelTypes

/// The mean of the whole map, per channel: a vector of features.
public struct GlobalAveragePool2D: Layer, GraphLayer {
  /// This layer as a case of the closed set.
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
