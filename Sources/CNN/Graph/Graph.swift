internal import KernelTypes

/// A network as a list of operations over numbered values, in the order in which they run.
///
/// Everything that depends on memory or on a batch is planned from it later.
package struct Graph: Sendable {
  /// One operation with the values that it reads and writes.
  struct Node: Sendable {
    let path: String
    var operation: any Operation
    var inputs: [Int]
    /// The shape as which each input is read: flattening changes the shape and leaves the memory as
    /// it is.
    let inputShapes: [Shape]
    var output: Int
    /// The end of the parameters of this node and those before it.
    let parametersEnd: Int
  }

  /// The extent of each value for one sample; value 0 is the input.
  var shapes: [Shape] = []
  var nodes: [Node] = []
  package var slots: [TensorSlot] = []
  var summaries: [LayerSummary] = []
  var parameterFloats = 0
  var statisticsFloats = 0
  /// The value that holds the logits.
  var output = 0
  /// The extent of the logits.
  var outputShape = Shape(features: 0)
}

/// A value and its extent while a graph is built.
struct GraphValue {
  var id: Int
  var shape: Shape
}

/// Builds a graph from layers, checks every shape, and lays out parameters.
struct GraphBuilder {
  private(set) var graph = Graph()
  /// Values with other readers: no ReLU may be fused into their producer.
  private var shared: Set<Int> = []

  mutating func input(_ shape: Shape) throws(ModelError) -> GraphValue {
    for (field, extent) in [
      ("height", shape.height), ("width", shape.width), ("channels", shape.channels),
    ] where !(1...16_384).contains(extent) {
      throw .invalid(layer: "input", field: field, expected: "in 1...16384", found: "\(extent)")
    }
    return try value(shape)
  }

  /// Applies layers one after the other.
  mutating func apply(
    _ layers: [any Layer], to input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    var current = input
    for (index, layer) in layers.enumerated() {
      let layer = layer.form.layer
      let name = "\(path).\(index)"
      let slots = graph.slots.count
      let summary = graph.summaries.count
      let before = current.shape
      current = try layer.lower(into: &self, input: current, path: name)
      guard graph.parameterFloats <= Graph.maximalParameters else {
        throw .tooLarge(
          what: "\(name): parameters", limit: Graph.maximalParameters,
          found: graph.parameterFloats)
      }
      if graph.summaries.count == summary {
        graph.summaries.append(
          LayerSummary(
            name: name, kind: layer.form.kind.rawValue, outputShape: current.shape,
            parameters: graph.slots[slots...].reduce(0) {
              $0 + ($1.slab == .parameters ? $1.count : 0)
            },
            statistics: graph.slots[slots...].reduce(0) {
              $0 + ($1.slab == .statistics ? $1.count : 0)
            },
            multiplyAdds: layer.multiplyAdds(input: before, output: current.shape)))
      }
    }
    return current
  }

  /// Makes `value` the graph's output.
  mutating func finish(_ value: GraphValue) -> Graph {
    graph.output = value.id
    graph.outputShape = value.shape
    return graph
  }

  /// Lays out a tensor; the next one begins on a cache line.
  mutating func tensor(
    _ name: String, _ shape: [Int], _ start: TensorSlot.Start,
    in slab: TensorSlot.Slab = .parameters
  ) -> Int {
    let offset = slab == .parameters ? graph.parameterFloats : graph.statisticsFloats
    let slot = TensorSlot(name: name, shape: shape, slab: slab, offset: offset, start: start)
    graph.slots.append(slot)
    let end = (offset + slot.count + 15) / 16 * 16
    if slab == .parameters {
      graph.parameterFloats = end
    } else {
      graph.statisticsFloats = end
    }
    return offset
  }

  /// Adds an operation and returns its output.
  mutating func add(
    _ operation: any Operation, inputs: [GraphValue], output shape: Shape, path: String
  ) throws(ModelError) -> GraphValue {
    guard graph.nodes.count < Graph.maximalOperations else {
      throw .tooLarge(
        what: "\(path): operations", limit: Graph.maximalOperations,
        found: graph.nodes.count + 1)
    }
    let output = try value(shape)
    graph.nodes.append(
      Graph.Node(
        path: path, operation: operation, inputs: inputs.map(\.id),
        inputShapes: inputs.map(\.shape), output: output.id, parametersEnd: graph.parameterFloats))
    return output
  }

  /// Fuses a ReLU into the operation that computes `value`, or adds one.
  mutating func rectify(_ value: GraphValue, path: String) throws(ModelError) -> GraphValue {
    if let last = rectifiable(value),
      var operation = graph.nodes[last].operation as? any RectifiableOperation
    {
      operation.rectifies = true
      graph.nodes[last].operation = operation
      return value
    }
    return try add(
      RectifyOperation(count: value.shape.count), inputs: [value], output: value.shape, path: path)
  }

  /// Applies an activation function: one that is a ReLU with an upper bound is fused into the
  /// operation that computes `value`, if that can.
  mutating func activate(
    _ function: ActivationFunction, _ value: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    if function.ceiling != nil, let last = rectifiable(value),
      var operation = graph.nodes[last].operation as? any BoundableOperation
    {
      (operation.rectifies, operation.boundedRectifier) = (true, function)
      graph.nodes[last].operation = operation
      return value
    }
    return try add(
      ActivateOperation(shape: value.shape, function: function), inputs: [value],
      output: value.shape, path: path)
  }

  /// The last node, if it computes `value` for no other reader and can apply a ReLU to it.
  private func rectifiable(_ value: GraphValue) -> Int? {
    guard let last = graph.nodes.indices.last, graph.nodes[last].output == value.id,
      !shared.contains(value.id),
      let operation = graph.nodes[last].operation as? any RectifiableOperation,
      !operation.rectifies
    else { return nil }
    return last
  }

  /// Marks `value` as having another reader.
  mutating func share(_ value: GraphValue) {
    shared.insert(value.id)
  }

  private mutating func value(_ shape: Shape) throws(ModelError) -> GraphValue {
    let (pixels, first) = shape.height.multipliedReportingOverflow(by: shape.width)
    let (count, second) = pixels.multipliedReportingOverflow(by: shape.channels)
    guard !first, !second, count <= Graph.maximalActivations else {
      throw .tooLarge(
        what: "a layer's output for one image", limit: Graph.maximalActivations,
        found: first || second ? Int.max : count)
    }
    graph.shapes.append(shape)
    return GraphValue(id: graph.shapes.count - 1, shape: shape)
  }
}

extension Graph {
  /// For each value, the nodes that read it, in order.
  var readers: [[Int]] {
    var result: [[Int]] = shapes.map { _ in [] }
    for (index, node) in nodes.enumerated() {
      for value in Set(node.inputs) { result[value].append(index) }
    }
    return result
  }

  /// The node that computes a value; nil for the input.
  func producer(of value: Int) -> Int? { nodes.firstIndex { $0.output == value } }

  /// Whether a node reads a value with its original channels.
  ///
  /// All fusions that work channel by channel check this.
  func keepsChannels(of value: Int, in reader: Int) -> Bool {
    zip(nodes[reader].inputs, nodes[reader].inputShapes).allSatisfy {
      $0 != value || $1 == shapes[value]
    }
  }

  /// The only reader of a node's output, if there is one and it reads the same channels.
  func follower(of node: Int, _ readers: [[Int]]) -> Int? {
    let value = nodes[node].output
    guard value != output, readers[value].count == 1, let reader = readers[value].first,
      keepsChannels(of: value, in: reader)
    else { return nil }
    return reader
  }

  /// The same graph with `operation` in place of a node and its follower.
  mutating func join(_ node: Int, _ follower: Int, as operation: any Operation) {
    nodes[node].operation = operation
    nodes[node].output = nodes[follower].output
  }

  /// The same graph without some nodes, whose outputs others give now.
  func without(_ dropped: Set<Int>) -> Graph {
    var graph = self
    graph.nodes = nodes.indices.filter { !dropped.contains($0) }.map { nodes[$0] }
    return graph
  }

  /// The same graph with operations put into the convolutions that they alone read.
  ///
  /// `take` makes a convolution do what an operation does as well, where it can, and says whether.
  func fusingIntoConvolutions(
    _ take: (inout ConvolutionOperation, any Operation) -> Bool
  ) -> Graph {
    var graph = self
    let readers = readers
    var dropped: Set<Int> = []
    for (index, node) in nodes.enumerated() {
      guard var convolution = node.operation as? ConvolutionOperation,
        let next = follower(of: index, readers), take(&convolution, nodes[next].operation)
      else { continue }
      graph.join(index, next, as: convolution)
      dropped.insert(next)
    }
    return graph.without(dropped)
  }

  /// The same graph with max poolings fused into the convolutions before them.
  func fusingPools() -> Graph {
    fusingIntoConvolutions { convolution, next in
      guard convolution.canPool, let pool = next as? MaxPoolOperation, pool.shape.halves else {
        return false
      }
      convolution.pool = pool.shape
      return true
    }
  }

  /// Floats of parameters that a network may have: 4 GB of weights.
  static let maximalParameters = 1 << 30
  /// Operations that a network may have; planning takes time by their square.
  ///
  /// ResNet-1001 has some 3,300.
  static let maximalOperations = 4096
  /// Floats that one layer may output for one image: 1 GB.
  static let maximalActivations = 1 << 28
}

/// One layer as `inspect` shows it.
public struct LayerSummary: Sendable {
  /// The layer's path, such as `layers.3.body.0`.
  public let name: String
  /// Its kind, such as `conv2D`.
  public let kind: String
  /// The output shape for one image.
  public let outputShape: Shape
  /// The number of trained parameters.
  public let parameters: Int
  /// The number of running statistics, which no optimizer changes.
  public let statistics: Int
  /// Multiply-adds of the forward pass for one image.
  public let multiplyAdds: Int
}
