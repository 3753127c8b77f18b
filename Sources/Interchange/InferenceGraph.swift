package import CNN

/// A network for other programs: named steps over maps.
///
/// Dropout is removed, every window has its padding on all four sides, and normalizations may be
/// folded into the weights before them. Shapes are those of `CNN`; the memory order is up to the
/// format.
package struct InferenceGraph: Sendable {
  /// The input or output of a step.
  package struct Value: Sendable, Hashable {
    /// The path of the layer that computes it, unique; `input` for the network's input.
    package let name: String
    /// The shape of one sample.
    package let shape: Shape
  }

  /// One step.
  package struct Node: Sendable {
    package var operation: Operation
    package let inputs: [Value]
    /// The output, with the name of the step.
    package let output: Value
  }

  /// The operation of a step.
  package enum Operation: Sendable {
    /// A convolution over a window, padded with zeros.
    case convolution(LinearWeights, Window)
    /// A matrix product with a vector of features.
    case dense(LinearWeights)
    /// A factor and an offset for each channel.
    case normalization(NormalizationWeights)
    /// The maximum of each window; padding does not count.
    case maxPool(Window)
    /// The mean of each window; padding does not count.
    case averagePool(Window)
    /// The mean of each channel.
    case globalAverage
    /// A map as a vector in the order row, column, channel.
    case flatten
    /// max(x, 0).
    case rectify
    /// min(max(x, 0), 6).
    case rectify6
    /// 1 / (1 + exp(-x)).
    case sigmoid
    /// min(max(x + 3, 0), 6) / 6.
    case hardSigmoid
    /// The sum of two values.
    case add
    /// The product of two values; one of them may be a vector with a factor for each channel.
    case multiply
  }

  /// The steps in an order in which they can run.
  package private(set) var nodes: [Node] = []
  /// The network's input.
  package let input: Value
  /// The value with the logits.
  package private(set) var output: Value

  /// The steps of a network, with its current weights.
  ///
  /// - folding: fold normalizations into the convolution or dense layer directly before them.
  ///
  /// Error: a tensor that the network does not have.
  package init(_ network: Network, folding: Bool = false) throws(ExportError) {
    input = Value(name: "input", shape: network.architecture.input)
    output = input
    let shapes = Dictionary(
      uniqueKeysWithValues: network.summary.map { ($0.name, $0.outputShape) })
    let lowering = Lowering(network: network, shapes: shapes, folding: folding)
    output = try lowering.apply(
      network.architecture.layers, to: input, path: "layers", nodes: &nodes)
  }
}

/// The conversion of layers to steps.
private struct Lowering {
  typealias Value = InferenceGraph.Value
  typealias Node = InferenceGraph.Node

  let network: Network
  /// The output shape of each layer, by its path.
  let shapes: [String: Shape]
  let folding: Bool

  func apply(
    _ layers: [any Layer], to input: Value, path: String, nodes: inout [Node]
  ) throws(ExportError) -> Value {
    let start = nodes.count
    var current = input
    for (index, layer) in layers.enumerated() {
      current = try apply(
        layer, to: current, path: "\(path).\(index)", since: start, nodes: &nodes)
    }
    return current
  }

  /// Adds a layer's steps; those from number `start` on belong to the same list of layers, so that
  /// the last one's output has no other reader.
  private func apply(
    _ layer: any Layer, to input: Value, path: String, since start: Int, nodes: inout [Node]
  ) throws(ExportError) -> Value {
    let shape = shapes[path] ?? input.shape
    func window(_ size: Int, _ stride: Int, _ padding: Padding) -> Window {
      Window(size: size, stride: stride, padding: padding, input: input.shape, output: shape)
    }
    let operation: InferenceGraph.Operation
    switch layer.form {
    case .dropout:
      return input
    case .residual(let layer):
      return try apply(layer, to: input, path: path, nodes: &nodes)
    case .gate(let layer):
      let factors = try apply(layer.body, to: input, path: "\(path).body", nodes: &nodes)
      return step(.multiply, [input, factors], input.shape, path, &nodes)
    case .activate(let layer):
      let gate: InferenceGraph.Operation
      switch layer.function {
      case .relu6: return step(.rectify6, [input], shape, path, &nodes)
      case .sigmoid: return step(.sigmoid, [input], shape, path, &nodes)
      case .hardSigmoid: return step(.hardSigmoid, [input], shape, path, &nodes)
      case .silu: gate = .sigmoid
      case .hardSwish: gate = .hardSigmoid
      }
      let factors = step(gate, [input], shape, "\(path).gate", &nodes)
      return step(.multiply, [input, factors], shape, path, &nodes)
    case .conv2D(let layer):
      operation = .convolution(
        try weights("\(path).filters", "\(path).bias", layer.useBias, groups: layer.groups),
        window(layer.kernelSize, layer.stride, layer.padding))
    case .dense(let layer):
      operation = .dense(try weights("\(path).weights", "\(path).bias", layer.useBias))
    case .batchNorm(let layer):
      let normalization = try normalization(layer, path)
      if folding, let last = nodes.indices.last, last >= start, nodes[last].output == input,
        let folded = nodes[last].operation.folding(normalization)
      {
        nodes[last].operation = folded
        return input
      }
      operation = .normalization(normalization)
    case .maxPool2D(let layer):
      operation = .maxPool(window(layer.size, layer.stride, layer.padding))
    case .averagePool2D(let layer):
      operation = .averagePool(window(layer.size, layer.stride, layer.padding))
    case .globalAveragePool2D: operation = .globalAverage
    case .flatten: operation = .flatten
    case .relu: operation = .rectify
    }
    return step(operation, [input], shape, path, &nodes)
  }

  /// relu(body(x) + shortcut(x)), or the sum alone.
  private func apply(
    _ layer: Residual, to input: Value, path: String, nodes: inout [Node]
  ) throws(ExportError) -> Value {
    let deep = try apply(layer.body, to: input, path: "\(path).body", nodes: &nodes)
    let flat = try apply(layer.shortcut, to: input, path: "\(path).shortcut", nodes: &nodes)
    guard layer.rectifies else { return step(.add, [deep, flat], deep.shape, path, &nodes) }
    let sum = step(.add, [deep, flat], deep.shape, "\(path).sum", &nodes)
    return step(.rectify, [sum], sum.shape, path, &nodes)
  }

  private func step(
    _ operation: InferenceGraph.Operation, _ inputs: [Value], _ shape: Shape, _ name: String,
    _ nodes: inout [Node]
  ) -> Value {
    let output = Value(name: name, shape: shape)
    nodes.append(Node(operation: operation, inputs: inputs, output: output))
    return output
  }

  private func weights(
    _ name: String, _ bias: String, _ useBias: Bool, groups: Int = 1
  ) throws(ExportError) -> LinearWeights {
    let shape = network.shape(of: name) ?? []
    guard shape.count >= 2 else { throw .tensor(name) }
    return LinearWeights(
      name: name, kernel: shape.count == 4 ? shape[0] : 1, inputs: shape[shape.count - 2],
      outputs: shape[shape.count - 1], values: try tensor(name),
      bias: useBias ? try tensor(bias) : nil, groups: groups)
  }

  private func normalization(
    _ layer: BatchNorm, _ path: String
  ) throws(ExportError) -> NormalizationWeights {
    NormalizationWeights(
      name: path, epsilon: layer.epsilon, scale: try tensor("\(path).scale"),
      shift: try tensor("\(path).shift"), mean: try tensor("\(path).runningMean"),
      variance: try tensor("\(path).runningVariance"))
  }

  private func tensor(_ name: String) throws(ExportError) -> [Float] {
    guard let values = network.values(of: name) else { throw .tensor(name) }
    return values
  }
}

extension InferenceGraph.Operation {
  /// The same with a following normalization folded in; nil if the step has no weights.
  fileprivate func folding(_ normalization: NormalizationWeights) -> InferenceGraph.Operation? {
    switch self {
    case .convolution(let weights, let window):
      .convolution(weights.normalized(by: normalization), window)
    case .dense(let weights): .dense(weights.normalized(by: normalization))
    case .normalization, .maxPool, .averagePool, .globalAverage, .flatten, .rectify, .rectify6,
      .sigmoid, .hardSigmoid, .add, .multiply:
      nil
    }
  }
}
