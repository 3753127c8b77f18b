/// A published residual network, layer by layer as torchvision and timm have it.
///
/// He et al. 2016. Stem of one 7x7 convolution at stride 2 and a max pool of 3x3 windows at stride 2, four stages of
/// 64, 128, 256 and 512 channels. A basic block has two 3x3 convolutions. A bottleneck has a 3x3
/// convolution between two of 1x1, of which the last makes the map four times as wide. If a stage
/// halves the map, both paths do so in one convolution: the first 3x3 of the block, and the 1x1 of
/// the shortcut.
package enum ResidualNetwork: String, CaseIterable, Sendable {
  /// 18 layers, in basic blocks.
  case resnet18
  /// 34 layers, in basic blocks.
  case resnet34
  /// 50 layers, in bottlenecks.
  case resnet50

  /// The blocks in each stage.
  package var blocks: [Int] {
    switch self {
    case .resnet18: [2, 2, 2, 2]
    case .resnet34, .resnet50: [3, 4, 6, 3]
    }
  }

  /// Whether the blocks are bottlenecks.
  package var hasBottlenecks: Bool { self == .resnet50 }

  /// The network with `outputs` logits; `size` and `dropout` nil for its own 224 pixels and none.
  func architecture(size: Int?, outputs: Int, dropout: Double?) -> Architecture {
    func normalized(_ filters: Int, kernel: Int = 3, stride: Int = 1) -> [any Layer] {
      Architecture.normalized(filters, kernel: kernel, stride: stride)
    }
    var layers = normalized(64, kernel: 7, stride: 2)
    layers += [ReLU(), MaxPool2D(3, stride: 2, padding: .explicit(1))] as [any Layer]
    var channels = 64
    for (stage, count) in blocks.enumerated() {
      let filters = 64 << stage
      let outputs = hasBottlenecks ? 4 * filters : filters
      for block in 0..<count {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let before = hasBottlenecks ? normalized(filters, kernel: 1) + [ReLU()] : []
        let body =
          before + normalized(filters, stride: stride) + [ReLU()]
          + normalized(outputs, kernel: hasBottlenecks ? 1 : 3)
        let shortcut =
          channels == outputs ? [] : normalized(outputs, kernel: 1, stride: stride)
        layers.append(Residual(body: body, shortcut: shortcut))
        channels = outputs
      }
    }
    return Architecture(
      name: rawValue, input: Architecture.image(size ?? 224),
      layers: layers + [GlobalAveragePool2D()]
        + Architecture.end(outputs: outputs, dropout: dropout ?? 0))
  }
}
