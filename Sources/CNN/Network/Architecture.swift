internal import Primitives

/// A network's description: the extent of an image and a list of layers.
///
/// As JSON, for example:
/// ```json
/// {"name": "small", "input": {"height": 32, "width": 32, "channels": 3}, "layers": [
///   {"kind": "conv2D", "filters": 16, "padding": "same"}, {"kind": "relu"},
///   {"kind": "maxPool2D"}, {"kind": "flatten"}, {"kind": "dense", "units": 1}]}
/// ```
public struct Architecture: Sendable, Equatable {
  /// The name of the network.
  public var name: String
  /// The extent of one image.
  public var input: Shape
  /// The layers in their order.
  public var layers: [any Layer]

  /// A description of `layers` over images of the extent `input`.
  public init(name: String, input: Shape, layers: [any Layer]) {
    self.name = name
    self.input = input
    self.layers = layers
  }

  /// Reads a description; an unknown field is an error.
  public init(json text: String) throws(ModelError) {
    try self.init(bytes: Array(text.utf8))
  }

  /// Reads a description from the bytes of a file.
  public init(bytes: [UInt8]) throws(ModelError) {
    // Foundation's decoder tries several types for each value: a millisecond per network.
    guard let value = try? JSON.parse(bytes[...], depth: 128), value.isFinite else {
      throw .description(at: "architecture", expected: "a JSON object", found: "no valid JSON")
    }
    guard case .object(let object) = value else {
      throw .description(at: "architecture", expected: "an object", found: value.summary)
    }
    var fields = LayerFields(place: "architecture", object)
    name = try fields.string("name", default: "custom")
    if let problem = ForeignText.problem(inName: name) {
      throw .description(at: "architecture.name", expected: "a name", found: problem)
    }
    var extent = try fields.object("input")
    input = Shape(
      height: try extent.int("height"), width: try extent.int("width"),
      channels: try extent.int("channels", default: 3))
    try extent.finish()
    layers = try fields.layers("layers")
    try fields.finish()
  }

  /// The description as JSON with sorted keys: the same text for the same description.
  public var json: String {
    var fields = LayerFields(place: "")
    fields.set("name", name)
    var shape = LayerFields(place: "")
    shape.set("height", input.height)
    shape.set("width", input.width)
    shape.set("channels", input.channels)
    fields.set("input", shape.object)
    fields.set("layers", layers)
    return fields.object.line
  }

  /// Whether both describe the same network under the same name.
  public static func == (a: Architecture, b: Architecture) -> Bool { a.json == b.json }

  static func json(_ layer: any Layer) -> JSON {
    var fields = LayerFields(place: "")
    let layer = layer.form.layer
    fields.set("kind", layer.form.kind.rawValue)
    layer.write(to: &fields)
    return fields.object
  }

  static func layers(_ values: [JSON], place: String) throws(ModelError) -> [any Layer] {
    var layers: [any Layer] = []
    for (index, value) in values.enumerated() {
      let here = "\(place)[\(index)]"
      guard case .object(let object) = value else {
        throw .description(at: here, expected: "a layer", found: value.summary)
      }
      var fields = LayerFields(place: here, object)
      let kind = try fields.string("kind")
      guard let type = LayerKind(rawValue: kind)?.type else {
        let known = LayerKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw .description(at: "\(here).kind", expected: "one of \(known)", found: "\"\(kind)\"")
      }
      layers.append(try type.init(from: &fields))
      try fields.finish()
    }
    return layers
  }

  /// Whether the same weights fit images of another size.
  package func accepts(_ input: Shape) -> Bool {
    (try? graph(for: input)) != nil
  }

  /// The graph for images of another size, with the same weights.
  ///
  /// Errors: the network does not take such images, or not with the same weights, as with a dense
  /// layer over a whole map.
  func graph(for input: Shape) throws(ModelError) -> Graph {
    var other = self
    other.input = input
    let own = try graph()
    let graph = try other.graph()
    for (slot, wanted) in zip(graph.slots, own.slots) where slot.shape != wanted.shape {
      throw .tensor(
        name: wanted.name, expected: "\(wanted.shape)",
        found: "\(slot.shape) for images of \(input.height) x \(input.width)")
    }
    return graph.fusingPools()
  }

  /// Checks every shape and lays out memory.
  package func graph() throws(ModelError) -> Graph {
    guard !layers.isEmpty else {
      throw .description(at: "layers", expected: "at least one layer", found: "none")
    }
    var builder = GraphBuilder()
    let start = try builder.input(input)
    let end = try builder.apply(layers, to: start, path: "layers")
    let graph = builder.finish(end)
    guard !graph.nodes.isEmpty else {
      throw .description(
        at: "layers", expected: "at least one layer that computes", found: "only flatten")
    }
    return graph
  }
}
