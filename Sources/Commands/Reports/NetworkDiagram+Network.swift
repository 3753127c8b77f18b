internal import CNN
internal import Report

extension NetworkDiagram {
  /// Kinds of layers that are drawn as part of the one before them.
  private static let followers: Set = ["batchNorm", "relu"]

  /// A network's layers: what follows a convolution shares its box, and a block's shortcut leads
  /// around it.
  init(_ network: Network) {
    let input = network.architecture.input
    var nodes = [Node(name: "input", outputShape: NetworkDiagram.text(input))]
    var shortcuts: [Shortcut] = []
    var last: (part: Substring, block: Substring) = ("", "")
    for layer in network.summary {
      // layers.12.body.0 is the first layer of the part layers.12.body of the block layers.12.
      let part = layer.name.prefix(upTo: layer.name.lastIndex(of: ".") ?? layer.name.startIndex)
      let block = part.prefix(upTo: part.lastIndex(of: ".") ?? part.startIndex)
      let isShortcut = part.hasSuffix(".shortcut")
      if part.hasSuffix(".body"), block != last.block {
        shortcuts.append(Shortcut(from: nodes.count - 1, to: nodes.count))
      }
      if isShortcut {
        if last.part != part { nodes[nodes.count - 1].name += ", shortcut" }
        nodes[nodes.count - 1].parameters? += layer.parameters
      } else if NetworkDiagram.followers.contains(layer.kind), part == last.part, nodes.count > 1 {
        nodes[nodes.count - 1].name += " + " + layer.kind
        nodes[nodes.count - 1].parameters? += layer.parameters
      } else {
        nodes.append(
          Node(
            name: layer.kind, outputShape: NetworkDiagram.text(layer.outputShape),
            parameters: layer.parameters))
      }
      if part.hasSuffix(".body"), !shortcuts.isEmpty {
        shortcuts[shortcuts.count - 1].to = nodes.count - 1
      }
      last = (part, block)
    }
    self.init(nodes: nodes, shortcuts: shortcuts)
  }

  private static func text(_ shape: Shape) -> String {
    shape.height == 1 && shape.width == 1
      ? "\(shape.channels)" : "\(shape.height) × \(shape.width) × \(shape.channels)"
  }
}
