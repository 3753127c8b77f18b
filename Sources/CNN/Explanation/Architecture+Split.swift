extension Architecture {
  /// The index of the layer whose maps Grad-CAM uses; nil if there is none.
  ///
  /// It is the last convolution, or residual block that contains one, whose output has more than
  /// one pixel and which is not the last computing layer; or the last of the normalizations and
  /// ReLUs that directly follow it. So it comes before pooling, flattening and dense layers, and a
  /// convolution over a whole map counts as a dense layer.
  public var mapLayer: Int? {
    layers.indices.reversed().lazy.filter { layers[$0].convolves }.map(endOfStage).first { end in
      let shape = try? split(after: end).front.graph().outputShape
      return (shape?.pixels ?? 0) > 1 && layers[(end + 1)...].contains { $0.form.kind != .flatten }
    }
  }

  /// The index of the last layer that only normalizes or rectifies the output of the one at
  /// `index`.
  private func endOfStage(_ index: Int) -> Int {
    let others = layers[(index + 1)...].firstIndex { !$0.form.kind.isFollower }
    return (others ?? layers.endIndex) - 1
  }

  /// The layers up to and including the one at `index`, and the remaining layers.
  ///
  /// The front's tensors keep the network's names; the back's are renamed by `path`. Errors: a
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
  /// Whether it works on each number or channel of the previous layer's output separately.
  package var isFollower: Bool {
    switch self {
    case .batchNorm, .relu, .activate, .gate: true
    case .conv2D, .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dense, .dropout,
      .residual:
      false
    }
  }
}
