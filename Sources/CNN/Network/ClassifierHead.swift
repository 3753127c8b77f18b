/// The place of a network's classifier: its last, dense layer and the dropout before it.
///
/// All layers before it are the backbone, which computes features of images.
package struct ClassifierHead: Sendable, Hashable {
  /// The index of the dense layer.
  package let denseLayer: Int
  /// The index of the head's first layer: the dense layer, or the dropout before it.
  package let firstLayer: Int

  /// Whether a tensor of that name belongs to the head.
  package func owns(tensor name: String) -> Bool {
    layer(of: name).map { $0 >= firstLayer } ?? false
  }

  /// The index of the top-level layer in a path such as `layers.3.body.0`.
  fileprivate func layer(of path: String) -> Int? {
    let parts = path.split(separator: ".")
    return parts.count > 1 ? Int(parts[1]) : nil
  }

  /// The index of a graph's first operation that belongs to the head.
  func firstNode(of graph: Graph) -> Int {
    graph.nodes.firstIndex { owns(tensor: $0.path) } ?? graph.nodes.count
  }
}

extension Architecture {
  /// The place of the classifier; nil if the last layer is not dense.
  package var head: ClassifierHead? {
    guard layers.last?.form.kind == .dense else { return nil }
    var first = layers.count - 1
    while first > 0, layers[first - 1].form.kind == .dropout { first -= 1 }
    return ClassifierHead(denseLayer: layers.count - 1, firstLayer: first)
  }

  /// The network up to the classifier, with tensors of the same names; nil if nothing is left.
  package var backbone: Architecture? {
    guard let head, head.firstLayer > 0 else { return nil }
    let part = Architecture(
      name: name, input: input, layers: Array(layers[..<head.firstLayer]))
    // Flattened images are not features.
    return part.layers.contains { $0.form.kind != .flatten } ? part : nil
  }

  /// Numbers of an image that reach the last layer; nil if there is no backbone.
  package var featureCount: Int? { try? backbone?.graph().outputShape.count }

  /// The classifier alone, with a vector of `features` features as input; nil if there is none.
  package func headAlone(features: Int) -> Architecture? {
    guard let head else { return nil }
    return Architecture(
      name: name, input: Shape(features: features), layers: Array(layers[head.firstLayer...]))
  }

  /// The same network for other images or classes; nil if there is no classifier.
  ///
  /// - side: the side of square images; nil to keep the size.
  /// - outputs: logits.
  /// - dropout: the fraction dropped before the last layer; nil to keep the rate.
  package func adapted(side: Int?, outputs: Int, dropout: Double?) -> Architecture? {
    guard let head, case .dense(var dense) = layers[head.denseLayer].form else { return nil }
    dense.units = outputs
    var end = Array(layers[head.firstLayer..<head.denseLayer])
    if let dropout { end = dropout > 0 ? [Dropout(dropout)] : [] }
    let extent = side.map { Shape(height: $0, width: $0, channels: input.channels) }
    return Architecture(
      name: name, input: extent ?? input,
      layers: layers[..<head.firstLayer] + end + [dense])
  }

  /// Whether both are the same network except for name, image size, dropout before the classifier
  /// and number of outputs.
  package func hasLayers(of other: Architecture) -> Bool {
    func plain(_ architecture: Architecture) -> String? {
      var plain = architecture.adapted(side: 1, outputs: 1, dropout: 0)
      plain?.name = ""
      return plain?.json
    }
    return plain(self) == plain(other)
  }
}

extension Network {
  /// Copies tensors from another network by name; `rename` gives a tensor's name there, or nil to
  /// skip it.
  ///
  /// Returns the number of copied tensors. Errors: the other network lacks a name, or has it in
  /// another shape.
  @discardableResult
  package func copyTensors(
    from other: Network, _ rename: (String) -> String? = { $0 }
  ) throws(ModelError) -> Int {
    var count = 0
    let (own, theirs) = (storage, other.storage)
    for name in tensorNames {
      guard let source = rename(name), let target = own[name] else { continue }
      guard let found = theirs[source], found.shape == target.shape else {
        throw .tensor(
          name: name, expected: "shape \(target.shape)",
          found: theirs[source].map { "shape \($0.shape)" } ?? "no such tensor")
      }
      _ = target.values.update(fromContentsOf: found.values)
      count += 1
    }
    noteChange()
    return count
  }
}
