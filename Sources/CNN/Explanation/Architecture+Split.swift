extension Architecture {
  /// The index of the layer whose maps Grad-CAM weighs; nil for a network without one.
  ///
  /// It is the last convolution, or residual block with a convolution in it, that gives a map of
  /// more than one pixel and has a computing layer behind it; and of the normalizations and
  /// rectifiers that follow it directly, the last. So it lies before pooling, flattening and dense
  /// layers, and a convolution over a whole map is ignored as the dense layer that it is.
  public var mapLayer: Int? {
    layers.indices.reversed().lazy.filter { layers[$0].convolves }.map(endOfStage).first { end in
      let shape = try? split(after: end).front.graph().outputShape
      return (shape?.pixels ?? 0) > 1 && layers[(end + 1)...].contains { $0.form.kind != .flatten }
    }
  }

  /// The index of the last layer that only normalises or rectifies what the one at `index` gives.
  private func endOfStage(_ index: Int) -> Int {
    let others = layers[(index + 1)...].firstIndex { !$0.form.kind.isFollower }
    return (others ?? layers.endIndex) - 1
  }

  /// The layers up to and with the one at `index`, and the others over what these give.
  ///
  /// The front's tensors have the network's names, the back's those that `path` moves. Errors: a
  /// front that computes nothing.
  func split(after index: Int) throws(ModelError) -> (front: Architecture, back: Architecture) {
    let front = Architecture(name: name, input: input, layers: Array(layers[...index]))
    let shape = try front.graph().outputShape
    return (front, Architecture(name: name, input: shape, layers: Array(layers[(index + 1)...])))
  }

  /// `layers.1.weights` moved by 6 is `layers.7.weights`.
  package static func path(_ path: String, movedBy count: Int) -> String? {
    let parts = path.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, let layer = Int(parts[1]) else { return nil }
    return "layers.\(layer + count).\(parts[2])"
  }
}

extension Layer {
  /// Whether it is a convolution or a block that contains one.
  fileprivate var convolves: Bool {
    switch form {
    case .conv2D: true
    case .residual(let block): (block.body + block.shortcut).contains { $0.convolves }
    case .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dense, .dropout, .batchNorm,
      .relu, .activate, .gate:
      false
    }
  }
}

extension LayerKind {
  /// Whether it only changes the numbers of the layer before, one by one or a channel at a time.
  package var isFollower: Bool {
    switch self {
    case .batchNorm, .relu, .activate, .gate: true
    case .conv2D, .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dense, .dropout,
      .residual:
      false
    }
  }
}
