/// A published network of inverted bottlenecks, layer by layer.
///
/// A block widens the map by a 1x1 convolution, filters each channel by itself, and narrows the map
/// again; where the shape stays, a shortcut leads around it (Sandler et al. 2018). EfficientNet-Lite
/// is EfficientNet without squeeze-and-excitation and with ReLU6 (Tan and Le 2019), with TensorFlow's
/// padding and normalization.
package enum MobileNetwork: String, CaseIterable, Sendable {
  /// torchvision's and timm's MobileNetV2 of width 1.
  case mobileNetV2 = "mobilenet_v2"
  /// EfficientNet-Lite0.
  case efficientNetLite0 = "efficientnet_lite0"
  /// EfficientNet-Lite1: Lite0, deeper.
  case efficientNetLite1 = "efficientnet_lite1"
  /// EfficientNet-Lite1: Lite0, deeper.and wider.
  case efficientNetLite2 = "efficientnet_lite2"

  /// A block of the network.
  package struct Block: Sendable {
    /// The stage, and the block in it, both from 0.
    package var stage: Int
    package var index: Int
    /// The side of the depthwise kernel.
    var kernel: Int
    var stride: Int
    /// The factor by which the first convolution widens the map.
    var expansion: Int
    var outputs: Int

    /// Whether the block has a convolution that widens the map.
    package var expands: Bool { expansion > 1 }
  }

  /// The usual side of the image.
  package var size: Int {
    switch self {
    case .mobileNetV2, .efficientNetLite0: 224
    case .efficientNetLite1: 240
    case .efficientNetLite2: 260
    }
  }

  /// The blocks in order.
  package var blocks: [Block] {
    stages.enumerated().flatMap { stage, form in
      (0..<form.blocks).map { index in
        Block(
          stage: stage, index: index, kernel: form.kernel, stride: index == 0 ? form.stride : 1,
          expansion: stage == 0 ? 1 : 6, outputs: form.outputs)
      }
    }
  }

  private typealias Stage = (kernel: Int, stride: Int, outputs: Int, blocks: Int)

  private var stages: [Stage] {
    switch self {
    case .mobileNetV2:
      [
        (3, 1, 16, 1), (3, 2, 24, 2), (3, 2, 32, 3), (3, 2, 64, 4), (3, 1, 96, 3), (3, 2, 160, 3),
        (3, 1, 320, 1),
      ]
    case .efficientNetLite0: MobileNetwork.lite(width: 1, depth: 1)
    case .efficientNetLite1: MobileNetwork.lite(width: 1, depth: 1.1)
    case .efficientNetLite2: MobileNetwork.lite(width: 1.1, depth: 1.2)
    }
  }

  /// EfficientNet's stages, scaled; the first and the last keep their depth.
  private static func lite(width: Double, depth: Double) -> [Stage] {
    let stages: [Stage] = [
      (3, 1, 16, 1), (3, 2, 24, 2), (5, 2, 40, 2), (3, 2, 80, 3), (5, 1, 112, 3), (5, 2, 192, 4),
      (3, 1, 320, 1),
    ]
    return stages.enumerated().map { index, stage in
      let isInner = index > 0 && index < stages.count - 1
      let wanted = Double(stage.outputs) * width
      // The nearest multiple of 8, unless that takes off more than a tenth.
      let rounded = max(8, Int(wanted + 4) / 8 * 8)
      return (
        stage.kernel, stage.stride, Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded,
        isInner ? Int((Double(stage.blocks) * depth).rounded(.up)) : stage.blocks
      )
    }
  }

  private func padding(_ kernel: Int) -> Padding {
    self == .mobileNetV2 ? .explicit(kernel / 2) : .same
  }

  private var normalization: BatchNorm {
    self == .mobileNetV2 ? BatchNorm() : BatchNorm(epsilon: 1e-3, statisticsUpdateRate: 0.01)
  }

  private func normalized(
    _ filters: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1
  ) -> [any Layer] {
    [
      Conv2D(
        filters: filters, kernelSize: kernel, stride: stride, padding: padding(kernel),
        groups: groups, useBias: false, initializer: .heNormalFanOut),
      normalization,
    ]
  }

  /// The network: a stem of 32 channels at half the side, the blocks, and 1,280 features.
  func architecture(size: Int?, outputs: Int, dropout: Double?) -> Architecture {
    let relu6: [any Layer] = [Activate(.relu6)]
    var channels = 32
    var layers = normalized(channels, kernel: 3, stride: 2) + relu6
    for block in blocks {
      let hidden = channels * block.expansion
      var body = block.expands ? normalized(hidden) + relu6 : []
      body += normalized(hidden, kernel: block.kernel, stride: block.stride, groups: hidden) + relu6
      body += normalized(block.outputs)
      let keepsShape = block.stride == 1 && channels == block.outputs
      layers += keepsShape ? [Residual(body: body, rectifies: false)] : body
      channels = block.outputs
    }
    layers += normalized(1280) + relu6 + [GlobalAveragePool2D()]
    return Architecture(
      name: rawValue, input: Architecture.image(size ?? self.size),
      layers: layers
        + Architecture.end(
          outputs: outputs, dropout: dropout ?? (self == .efficientNetLite2 ? 0.3 : 0.2)))
  }
}
