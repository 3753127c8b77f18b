package import CNN
package import Drawing

extension NetworkDiagram {
  /// A network's layers from its input to its logits, with the ways around its residual blocks.
  ///
  /// What follows a convolution or a dense layer and only changes its numbers (batch normalization,
  /// ReLU) shares its box; so a network of 18 layers has 30 boxes, and they can be read.
  package init(_ network: Network) {
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
        if case .residual(let block) = layer.form {
          add(block, path: name)
        } else if case .gate(let gate) = layer.form {
          append(layer.title, summaries[name]?.outputShape, parameters(of: gate, path: name))
        } else if layer.form.kind.isFollower, nodes.count > closed {
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
      let others = block.shortcut.filter { !$0.form.kind.isFollower }
      let learning = others.filter { [.conv2D, .dense].contains($0.form.kind) }
      let around = (learning.isEmpty ? others : learning).map { "+ " + $0.title }
      let end = nodes.last?.outputShape ?? shape
      let weights = block.shortcut.indices.compactMap { parameters("\(path).shortcut.\($0)") }
      nodes.append(
        Node(
          name: (["add"] + around).joined(separator: " ") + (block.rectifies ? ", ReLU" : ""),
          outputShape: end,
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

    /// Those of the layers that make a gate's factors.
    private func parameters(of gate: Gate, path: String) -> Int? {
      gate.body.indices.map { parameters("\(path).body.\($0)") }.reduce(nil, sum)
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
  /// A short name for a box.
  fileprivate var title: String {
    switch form {
    case .conv2D(let layer):
      (layer.groups == 1 ? "conv" : layer.groups == layer.filters ? "depthwise" : "grouped conv")
        + " \(layer.kernelSize)×\(layer.kernelSize)" + (layer.stride > 1 ? " /\(layer.stride)" : "")
    case .maxPool2D(let layer): "max pool \(layer.size)×\(layer.size)"
    case .averagePool2D(let layer): "mean pool \(layer.size)×\(layer.size)"
    case .globalAveragePool2D: "global mean pool"
    case .dense(let layer): "dense \(layer.units)"
    case .dropout(let layer): "dropout \(layer.rate)"
    case .batchNorm: "norm"
    case .relu: "ReLU"
    case .activate(let layer): layer.function.title
    case .flatten, .residual, .gate: form.kind.rawValue
    }
  }
}

extension ActivationFunction {
  /// The function's name in texts.
  fileprivate var title: String {
    switch self {
    case .relu6: "ReLU6"
    case .silu: "SiLU"
    case .hardSwish: "hard-swish"
    case .hardSigmoid: "hard-sigmoid"
    case .sigmoid: "sigmoid"
    }
  }
}
