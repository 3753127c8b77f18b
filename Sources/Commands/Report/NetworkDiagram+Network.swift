internal import CNN
internal import Report

extension NetworkDiagram {
  /// A network's layers from its input to its logits, with the ways around its residual blocks.
  ///
  /// What follows a convolution or a dense layer and only changes its numbers (batch normalization,
  /// ReLU) shares its box; so a network of 18 layers has 30 boxes, and they can be read.
  init(_ network: Network) {
    var walk = Walk(network)
    walk.add(network.architecture.layers, path: "layers")
    self.init(title: network.architecture.name, nodes: walk.nodes, shortcuts: walk.shortcuts)
  }

  /// Goes through the layers and makes their boxes.
  private struct Walk {
    var nodes: [Node]
    var shortcuts: [Shortcut] = []
    private let summaries: [String: LayerSummary]
    /// The boxes up to here are whole: another way begins or ends at the last of them.
    private var closed = 1

    init(_ network: Network) {
      nodes = [Node(name: "input", outputShape: Walk.text(network.architecture.input))]
      summaries = Dictionary(uniqueKeysWithValues: network.summary.map { ($0.name, $0) })
    }

    mutating func add(_ layers: [any Layer], path: String) {
      for (index, layer) in layers.enumerated() {
        let name = "\(path).\(index)"
        if let block = layer as? Residual {
          add(block, path: name)
        } else if layer.isFollower, nodes.count > closed {
          nodes[nodes.count - 1].name += ", " + layer.title
          nodes[nodes.count - 1].parameters = sum(nodes.last?.parameters, parameters(name))
        } else {
          append(layer.title, summaries[name]?.outputShape, parameters(name))
        }
      }
    }

    /// The layers of a block, then the box where the way around them is added.
    private mutating func add(_ block: Residual, path: String) {
      let start = nodes.count - 1
      closed = nodes.count
      let shape = nodes[start].outputShape
      add(block.body, path: "\(path).body")
      // Named beside the sum: the drawing has no room for boxes beside boxes. What learns matters.
      let others = block.shortcut.filter { !$0.isFollower }
      let learning = others.filter { $0 is Conv2D || $0 is Dense }
      let around = (learning.isEmpty ? others : learning).map { "+ " + $0.title }
      let end = nodes.last?.outputShape ?? shape
      let weights = block.shortcut.indices.compactMap { parameters("\(path).shortcut.\($0)") }
      nodes.append(
        Node(
          name: (["add"] + around).joined(separator: " ") + ", ReLU", outputShape: end,
          parameters: weights.isEmpty ? nil : weights.reduce(0, +)))
      closed = nodes.count
      shortcuts.append(Shortcut(from: start, to: nodes.count - 1))
    }

    private mutating func append(_ title: String, _ shape: Shape?, _ parameters: Int?) {
      nodes.append(
        Node(
          name: title, outputShape: shape.map(Walk.text) ?? nodes.last?.outputShape ?? "",
          parameters: parameters))
    }

    /// Nil for a layer that learns nothing.
    private func parameters(_ name: String) -> Int? {
      summaries[name].flatMap { $0.parameters > 0 ? $0.parameters : nil }
    }

    private func sum(_ first: Int?, _ second: Int?) -> Int? {
      first == nil && second == nil ? nil : (first ?? 0) + (second ?? 0)
    }

    private static func text(_ shape: Shape) -> String {
      shape.height == 1 && shape.width == 1
        ? "\(shape.channels)" : "\(shape.height) × \(shape.width) × \(shape.channels)"
    }
  }
}

extension Layer {
  /// Whether it changes the values of the layer before one by one, or per channel.
  fileprivate var isFollower: Bool { self is BatchNorm || self is ReLU }

  /// A short name for a box.
  fileprivate var title: String {
    switch self {
    case let layer as Conv2D:
      "conv \(layer.kernelSize)×\(layer.kernelSize)" + (layer.stride > 1 ? " /\(layer.stride)" : "")
    case let layer as MaxPool2D: "max pool \(layer.size)×\(layer.size)"
    case let layer as AveragePool2D: "mean pool \(layer.size)×\(layer.size)"
    case is GlobalAveragePool2D: "global mean pool"
    case let layer as Dense: "dense \(layer.units)"
    case let layer as Dropout: "dropout \(layer.rate)"
    case is BatchNorm: "norm"
    case is ReLU: "ReLU"
    default: type(of: self).kind
    }
  }
}
