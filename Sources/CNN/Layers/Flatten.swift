/// Turns a map into a vector of features, in memory order: row, column, channel.
public struct Flatten: Layer, GraphLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .flatten(self) }

  /// A change of shape; the memory stays as it is.
  public init() {}

  init(from fields: inout LayerFields) throws(ModelError) {}

  func write(to fields: inout LayerFields) {}

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    GraphValue(id: input.id, shape: Shape(features: input.shape.count))
  }
}
