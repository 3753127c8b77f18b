internal import CNN

/// A network's layers in Core ML's messages (NeuralNetwork.proto).
///
/// Every value is a map [N, channels, rows, columns]; a vector of features is one of one pixel.
struct CoreMLNetwork {
  /// The kinds of layers that are used; the numbers are those of `NeuralNetworkLayer`'s fields.
  enum Kind: Int {
    case convolution = 100
    case pooling = 120
    case activation = 130
    case innerProduct = 140
    case batchNorm = 160
    case scale = 245
    case flatten = 301
    case clip = 660
    case add = 880
    case multiply = 900
    case softmax = 950
    case reverse = 960
    case concatenate = 980
    case flattenTo2D = 1130
    case reduceMean = 1280
  }

  /// The layers, `NeuralNetworkLayer` each, in the order in which they run.
  private(set) var layers: [ProtobufMessage] = []
  /// Whether weights are stored in 16 bits.
  let halves: Bool

  /// No layers yet.
  init(halves: Bool) {
    self.halves = halves
  }

  /// Adds a layer and returns the name of its output, which is also the layer's.
  mutating func add(
    _ kind: Kind, _ inputs: [String], _ name: String,
    _ parameters: (inout ProtobufMessage) -> Void = { _ in }
  ) -> String {
    layers.append(
      ProtobufMessage {
        $0.put(1, name)
        for input in inputs { $0.put(2, input) }
        $0.put(3, name)
        $0.put(kind.rawValue, parameters)
      })
    return name
  }

  /// Adds all steps on the map of that name, and returns the name of the logits, [N, outputs, 1,
  /// 1].
  mutating func add(_ network: InferenceGraph, input: String) throws(ExportError) -> String {
    var names = [network.input.name: input]
    func name(_ value: InferenceGraph.Value) -> String { names[value.name] ?? value.name }
    for node in network.nodes {
      if halves { try node.operation.weights?.checkHalves() }
      names[node.output.name] = add(
        node.operation.kind, node.inputs.map(name), node.output.name
      ) { [halves] in node.operation.put(into: &$0, halves: halves) }
    }
    let shape = network.output.shape
    guard shape.height * shape.width > 1 else { return name(network.output) }
    return add(.flatten, [name(network.output)], "logits.vector", InferenceGraph.putFlatten)
  }

  /// Weights or other numbers as `WeightParams`.
  static func weights(_ values: [Float], halves: Bool = false) -> ProtobufMessage {
    ProtobufMessage {
      if halves {
        $0.put(2, LittleEndian.halves(values))
      } else {
        $0.putPacked(1, values)
      }
    }
  }
}

extension InferenceGraph {
  /// `FlattenLayerParams` with the order row, column, channel.
  fileprivate static func putFlatten(into message: inout ProtobufMessage) { message.put(1, 1) }
}

extension InferenceGraph.Operation {
  /// The weights of a convolution or a dense layer.
  fileprivate var weights: LinearWeights? {
    switch self {
    case .convolution(let weights, _), .dense(let weights): weights
    case .normalization, .maxPool, .averagePool, .globalAverage, .flatten, .rectify, .rectify6,
      .sigmoid, .hardSigmoid, .add, .multiply:
      nil
    }
  }

  /// The kind of layer for the step.
  fileprivate var kind: CoreMLNetwork.Kind {
    switch self {
    case .convolution: .convolution
    case .dense: .innerProduct
    case .normalization: .batchNorm
    case .maxPool, .averagePool, .globalAverage: .pooling
    case .flatten: .flatten
    case .rectify, .sigmoid, .hardSigmoid: .activation
    case .rectify6: .clip
    case .add: .add
    case .multiply: .multiply
    }
  }

  /// The layer's fields.
  fileprivate func put(into message: inout ProtobufMessage, halves: Bool) {
    switch self {
    case .convolution(let weights, let window):
      message.put(1, weights.outputs)
      message.put(2, weights.inputs)
      message.put(10, weights.groups)
      message.putPacked(20, [window.size, window.size])
      message.putPacked(30, [window.stride, window.stride])
      message.putPacked(40, [1, 1])
      message.put(50, window.padding)
      message.put(70, weights.bias != nil)
      message.put(90, CoreMLNetwork.weights(weights.outputsFirst, halves: halves))
      if let bias = weights.bias { message.put(91, CoreMLNetwork.weights(bias)) }
    case .dense(let weights):
      message.put(1, weights.inputs)
      message.put(2, weights.outputs)
      message.put(10, weights.bias != nil)
      message.put(20, CoreMLNetwork.weights(weights.outputsFirst, halves: halves))
      if let bias = weights.bias { message.put(21, CoreMLNetwork.weights(bias)) }
    case .normalization(let weights):
      message.put(1, weights.scale.count)
      message.put(10, Float(weights.epsilon))
      message.put(15, CoreMLNetwork.weights(weights.scale))
      message.put(16, CoreMLNetwork.weights(weights.shift))
      message.put(17, CoreMLNetwork.weights(weights.mean))
      message.put(18, CoreMLNetwork.weights(weights.variance))
    case .maxPool(let window):
      message.put(1, 0)
      message.putPool(window)
    case .averagePool(let window):
      message.put(1, 1)
      message.putPool(window)
      message.put(50, true)
    case .globalAverage:
      message.put(1, 1)
      message.put(30) { _ in }
      message.put(60, true)
    case .flatten: InferenceGraph.putFlatten(into: &message)
    case .rectify: message.put(10) { _ in }
    case .rectify6:
      message.put(1, Float(0))
      message.put(2, Float(6))
    case .sigmoid: message.put(40) { _ in }
    case .hardSigmoid:
      message.put(41) {
        $0.put(1, Float(1) / 6)
        $0.put(2, Float(0.5))
      }
    case .add, .multiply: break
    }
  }
}

extension ProtobufMessage {
  /// The window's fields of `PoolingLayerParams`.
  fileprivate mutating func putPool(_ window: Window) {
    putPacked(10, [window.size, window.size])
    putPacked(20, [window.stride, window.stride])
    put(30, window.padding)
  }
}

extension Window {
  /// The padding as `ValidPadding`.
  fileprivate var padding: ProtobufMessage {
    ProtobufMessage {
      $0.put(1) {
        for (before, behind) in [(top, bottom), (left, right)] {
          $0.put(10) {
            $0.put(1, before)
            $0.put(2, behind)
          }
        }
      }
    }
  }
}
