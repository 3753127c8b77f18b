/// A published network of inverted bottlenecks, layer by layer.
///
/// A block widens the map by a 1x1 convolution, filters each channel by itself, may weigh the
/// channels by squeeze-and-excitation, and narrows the map again; where the shape stays, a shortcut
/// leads around it (Sandler et al. 2018). MobileNetV3 was found by search and has a hidden layer
/// before the last (Howard et al. 2019). EfficientNet is scaled in width and depth (Tan and Le 2019);
/// EfficientNet-Lite is EfficientNet without squeeze-and-excitation and with ReLU6. Blocks are not
/// skipped at random in training, as some libraries do.
package enum MobileNetwork: String, CaseIterable, Sendable {
  /// torchvision's and timm's MobileNetV2 of width 1.
  case mobileNetV2 = "mobilenet_v2"
  /// torchvision's small MobileNetV3, timm's `mobilenetv3_small_100`.
  case mobileNetV3Small = "mobilenet_v3_small"
  /// torchvision's large MobileNetV3, timm's `mobilenetv3_large_100`.
  case mobileNetV3Large = "mobilenet_v3_large"
  /// torchvision's and timm's EfficientNet-B0.
  case efficientNetB0 = "efficientnet_b0"
  /// EfficientNet-B0 as TensorFlow pads and normalizes, under timm's name.
  case tensorFlowB0 = "tf_efficientnet_b0"
  /// EfficientNet-Lite0.
  case efficientNetLite0 = "efficientnet_lite0"
  /// EfficientNet-Lite1: Lite0, deeper.
  case efficientNetLite1 = "efficientnet_lite1"
  /// EfficientNet-Lite2: Lite0, deeper and wider.
  case efficientNetLite2 = "efficientnet_lite2"

  /// Whose padding, normalization and hidden layer a network has; all else is the same.
  package enum Convention: Sendable {
    /// Zeros on all sides, and PyTorch's normalization, but for MobileNetV3 TensorFlow's.
    case torchvision
    /// Zeros on all sides, PyTorch's normalization, a 1x1 convolution as hidden layer.
    case timm
    /// Padding and normalization of TensorFlow, a 1x1 convolution as hidden layer.
    case tensorFlow
  }

  /// A block of the network.
  package struct Block: Sendable {
    /// The stage, and the block in it, both from 0.
    package var stage: Int
    package var index: Int
    /// The side of the depthwise kernel.
    var kernel: Int
    var stride: Int
    /// The channels of input, depthwise convolution and output.
    var inputs: Int
    var hidden: Int
    var outputs: Int
    /// The channels in the middle of squeeze-and-excitation; nil: it has none.
    var squeezed: Int?
    /// What follows the first two convolutions; nil: a rectifier.
    var activation: ActivationFunction?

    /// Whether the block has a convolution that widens the map.
    package var expands: Bool { hidden != inputs }
    /// Whether the block has squeeze-and-excitation.
    package var squeezes: Bool { squeezed != nil }
  }

  /// The usual side of the image.
  package var size: Int {
    switch self {
    case .mobileNetV2, .mobileNetV3Small, .mobileNetV3Large, .efficientNetB0, .tensorFlowB0,
      .efficientNetLite0:
      224
    case .efficientNetLite1: 240
    case .efficientNetLite2: 260
    }
  }

  /// The units of the layer between the features and the last; nil: there is none.
  package var hidden: Int? {
    switch self {
    case .mobileNetV3Small: 1024
    case .mobileNetV3Large: 1280
    case .mobileNetV2, .efficientNetB0, .tensorFlowB0, .efficientNetLite0, .efficientNetLite1,
      .efficientNetLite2:
      nil
    }
  }

  package var blocks: [Block] {
    var inputs = stem
    return stages.enumerated().flatMap { number, stage in
      stage.hidden.enumerated().map { index, hidden in
        let block = Block(
          stage: number, index: index, kernel: stage.kernel, stride: index == 0 ? stage.stride : 1,
          inputs: inputs, hidden: hidden, outputs: stage.outputs,
          squeezed: stage.squeezes
            ? isThird ? MobileNetwork.channels(Double(hidden) / 4) : inputs / 4 : nil,
          activation: stage.activation)
        inputs = stage.outputs
        return block
      }
    }
  }

  /// The network's own convention.
  private var convention: Convention {
    switch self {
    case .mobileNetV2, .mobileNetV3Small, .mobileNetV3Large, .efficientNetB0: .torchvision
    case .tensorFlowB0, .efficientNetLite0, .efficientNetLite1, .efficientNetLite2: .tensorFlow
    }
  }

  /// The channels of the first convolution.
  private var stem: Int { isThird ? 16 : 32 }

  /// Whether it is a MobileNetV3.
  private var isThird: Bool { hidden != nil }

  /// What follows the first and the last convolution, and the hidden layer.
  private var activation: ActivationFunction {
    switch self {
    case .mobileNetV2, .efficientNetLite0, .efficientNetLite1, .efficientNetLite2: .relu6
    case .mobileNetV3Small, .mobileNetV3Large: .hardSwish
    case .efficientNetB0, .tensorFlowB0: .silu
    }
  }

  // MARK: Stages

  /// Blocks of one kernel, the first with a stride: `hidden` are their depthwise channels.
  private struct Stage {
    var kernel: Int
    var stride: Int
    var outputs: Int
    var hidden: [Int]
    var activation: ActivationFunction?
    var squeezes: Bool

    init(
      _ kernel: Int, _ stride: Int, _ outputs: Int, _ hidden: [Int],
      _ activation: ActivationFunction? = nil, squeezes: Bool = false
    ) {
      (self.kernel, self.stride, self.outputs, self.hidden) = (kernel, stride, outputs, hidden)
      (self.activation, self.squeezes) = (activation, squeezes)
    }
  }

  private var stages: [Stage] {
    switch self {
    case .mobileNetV2:
      sixfold([
        (3, 1, 16, 1), (3, 2, 24, 2), (3, 2, 32, 3), (3, 2, 64, 4), (3, 1, 96, 3), (3, 2, 160, 3),
        (3, 1, 320, 1),
      ])
    case .mobileNetV3Small:
      [
        Stage(3, 2, 16, [16], squeezes: true), Stage(3, 2, 24, [72, 88]),
        Stage(5, 2, 40, [96, 240, 240], .hardSwish, squeezes: true),
        Stage(5, 1, 48, [120, 144], .hardSwish, squeezes: true),
        Stage(5, 2, 96, [288, 576, 576], .hardSwish, squeezes: true),
      ]
    case .mobileNetV3Large:
      [
        Stage(3, 1, 16, [16]), Stage(3, 2, 24, [64, 72]),
        Stage(5, 2, 40, [72, 120, 120], squeezes: true),
        Stage(3, 2, 80, [240, 200, 184, 184], .hardSwish),
        Stage(3, 1, 112, [480, 672], .hardSwish, squeezes: true),
        Stage(5, 2, 160, [672, 960, 960], .hardSwish, squeezes: true),
      ]
    case .efficientNetB0, .tensorFlowB0: efficientNet(width: 1, depth: 1, squeezes: true)
    case .efficientNetLite0: efficientNet(width: 1, depth: 1)
    case .efficientNetLite1: efficientNet(width: 1, depth: 1.1)
    case .efficientNetLite2: efficientNet(width: 1.1, depth: 1.2)
    }
  }

  private typealias Row = (kernel: Int, stride: Int, outputs: Int, blocks: Int)

  /// Stages of blocks that make the map six times as wide, but for the first.
  private func sixfold(_ rows: [Row], squeezes: Bool = false) -> [Stage] {
    var inputs = stem
    return rows.enumerated().map { number, row in
      let hidden = (0..<row.blocks).map { index in
        (number == 0 ? 1 : 6) * (index == 0 ? inputs : row.outputs)
      }
      inputs = row.outputs
      return Stage(row.kernel, row.stride, row.outputs, hidden, activation, squeezes: squeezes)
    }
  }

  /// EfficientNet's stages, scaled; the first and the last keep their depth, as Lite's do.
  private func efficientNet(width: Double, depth: Double, squeezes: Bool = false) -> [Stage] {
    let rows: [Row] = [
      (3, 1, 16, 1), (3, 2, 24, 2), (5, 2, 40, 2), (3, 2, 80, 3), (5, 1, 112, 3), (5, 2, 192, 4),
      (3, 1, 320, 1),
    ]
    let scaled: [Row] = rows.enumerated().map { index, row in
      let isInner = index > 0 && index < rows.count - 1
      return (
        row.kernel, row.stride, MobileNetwork.channels(Double(row.outputs) * width),
        isInner ? Int((Double(row.blocks) * depth).rounded(.up)) : row.blocks
      )
    }
    return sixfold(scaled, squeezes: squeezes)
  }

  /// The nearest multiple of 8, unless that takes off more than a tenth.
  private static func channels(_ wanted: Double) -> Int {
    let rounded = max(8, Int(wanted + 4) / 8 * 8)
    return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
  }

  // MARK: Layers

  private func normalization(_ convention: Convention) -> BatchNorm {
    switch convention {
    case .timm: BatchNorm()
    case .torchvision where !isThird: BatchNorm()
    case .torchvision, .tensorFlow: BatchNorm(epsilon: 1e-3, statisticsUpdateRate: 0.01)
    }
  }

  /// The network: a stem at half the side, the blocks, and the features that the last block's
  /// channels are widened to.
  ///
  /// - convention: that of a library; nil for the network's own.
  package func architecture(
    size: Int? = nil, outputs: Int, dropout: Double? = nil, by convention: Convention? = nil
  ) -> Architecture {
    let convention = convention ?? self.convention
    let normalization = normalization(convention)
    func normalized(
      _ filters: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1
    ) -> [any Layer] {
      [
        Conv2D(
          filters: filters, kernelSize: kernel, stride: stride,
          padding: convention == .tensorFlow ? .same : .explicit(kernel / 2), groups: groups,
          useBias: false, initializer: .heNormalFanOut),
        normalization,
      ]
    }
    let active: [any Layer] = [Activate(activation)]
    var layers = normalized(stem, kernel: 3, stride: 2) + active
    let blocks = blocks
    for block in blocks {
      let active: [any Layer] = [block.activation.map { Activate($0) } ?? ReLU()]
      var body = block.expands ? normalized(block.hidden) + active : []
      body += normalized(
        block.hidden, kernel: block.kernel, stride: block.stride, groups: block.hidden)
      body += active
      if let squeezed = block.squeezed { body.append(gate(block.hidden, squeezed)) }
      body += normalized(block.outputs)
      let keepsShape = block.stride == 1 && block.inputs == block.outputs
      layers += keepsShape ? [Residual(body: body, rectifies: false)] : body
    }
    let last = blocks.last?.outputs ?? stem
    layers += normalized(isThird ? 6 * last : 1280) + active + [GlobalAveragePool2D()]
    if let hidden {
      let layer: any Layer =
        convention == .torchvision
        ? Dense(units: hidden) : Conv2D(filters: hidden, kernelSize: 1)
      layers += [layer] + active
    }
    return Architecture(
      name: rawValue, input: Architecture.image(size ?? self.size),
      layers: layers
        + Architecture.end(
          outputs: outputs, dropout: dropout ?? (self == .efficientNetLite2 ? 0.3 : 0.2)))
  }

  /// Squeeze-and-excitation: with SiLU and the sigmoid, in MobileNetV3 with a rectifier and the
  /// hard sigmoid.
  private func gate(_ channels: Int, _ squeezed: Int) -> Gate {
    isThird
      ? Gate(channels: channels, squeezed: squeezed, gate: .hardSigmoid)
      : Gate(channels: channels, squeezed: squeezed, activation: activation, gate: .sigmoid)
  }
}
