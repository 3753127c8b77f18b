package import CNN
internal import ImageData

/// A network whose public weights `import` recognises by their names and shapes.
///
/// To add a network, add a preset of its name and a case here; the compiler asks for the rest.
package enum TorchNetwork: Hashable, CaseIterable, Sendable, RawRepresentable {
  /// ResNet of 18 layers.
  case resnet18
  /// ResNet of 34 layers.
  case resnet34
  /// A network of inverted bottlenecks.
  case mobile(MobileNetwork)

  package static let allCases = [.resnet18, .resnet34] + MobileNetwork.allCases.map(Self.mobile)

  /// The name of the preset.
  package var rawValue: String {
    switch self {
    case .resnet18: "resnet18"
    case .resnet34: "resnet34"
    case .mobile(let network): network.rawValue
    }
  }

  package init?(rawValue: String) {
    guard let found = TorchNetwork.allCases.first(where: { $0.rawValue == rawValue }) else {
      return nil
    }
    self = found
  }

  /// The network with the same layers, whatever its image size, classes and dropout; nil if there
  /// is none.
  package init?(_ architecture: Architecture) {
    let found = TorchNetwork.allCases.first { network in
      (try? network.architecture(outputs: 1))?.hasLayers(of: architecture) == true
    }
    guard let found else { return nil }
    self = found
  }

  /// The network with `outputs` logits, for images of `side` pixels or its own size.
  func architecture(outputs: Int, side: Int? = nil) throws(ModelError) -> Architecture {
    try .preset(rawValue, size: side, outputs: outputs)
  }

  /// The blocks in each stage of a ResNet; nil for another network.
  var residualBlocks: [Int]? {
    switch self {
    case .resnet18: [2, 2, 2, 2]
    case .resnet34: [3, 4, 6, 3]
    case .mobile: nil
    }
  }

  /// The images that public weights were trained on.
  var preprocessing: Preprocessing {
    let (size, cropShare, filter, mean, deviation): (Int, Double, ResizeFilter, [Float], [Float])
    switch self {
    case .mobile(let network) where network != .mobileNetV2:
      // As the authors evaluate, with levels as `efficientnet-lite-pytorch` has them.
      (size, filter) = (network.size, .bicubic)
      cropShare = Double(size) / Double(size + 32)
      (mean, deviation) = ([127, 127, 127], [128, 128, 128])
    case .resnet18, .resnet34, .mobile:
      // The middle 224 of 256 pixels, and the mean and deviation of ImageNet.
      (size, cropShare, filter) = (224, 0.875, .bilinear)
      mean = [0.485, 0.456, 0.406].map { Float(255 * $0) }
      deviation = [0.229, 0.224, 0.225].map { Float(255 * $0) }
    }
    return Preprocessing(
      width: size, height: size, resize: .crop, cropShare: cropShare, filter: filter, mean: mean,
      deviation: deviation)
  }

  /// The names under which libraries store the weights, torchvision's first.
  var namings: [TorchNaming] {
    switch self {
    case .resnet18, .resnet34: [.residual(residualBlocks ?? [])]
    case .mobile(.mobileNetV2): [.torchvision(.mobileNetV2), .timm(.mobileNetV2)]
    case .mobile(let network): [.efficientNetLite(network), .timm(network)]
    }
  }
}

/// A library's names for the weights of a network.
struct TorchNaming {
  /// Whether the names are timm's, which has two forms of some networks.
  var isTimm = false
  /// The modules of each convolution and of its batch normalization, in the network's order.
  var convolutions: [(convolution: String, normalization: String)] = []
  /// The last layer.
  var head: String

  private mutating func add(_ convolution: String, _ normalization: String, in module: String = "")
  {
    convolutions.append((module + convolution, module + normalization))
  }

  /// A ResNet's in torchvision and timm.
  static func residual(_ blocks: [Int]) -> TorchNaming {
    var naming = TorchNaming(head: "fc")
    naming.add("conv1", "bn1")
    for (stage, count) in blocks.enumerated() {
      for block in 0..<count {
        let module = "layer\(stage + 1).\(block)."
        naming.add("conv1", "bn1", in: module)
        naming.add("conv2", "bn2", in: module)
        if stage > 0, block == 0 { naming.add("downsample.0", "downsample.1", in: module) }
      }
    }
    return naming
  }

  /// MobileNetV2's in torchvision.
  static func torchvision(_ network: MobileNetwork) -> TorchNaming {
    var naming = TorchNaming(head: "classifier.1")
    naming.add("features.0.0", "features.0.1")
    for (index, block) in network.blocks.enumerated() {
      let module = "features.\(index + 1).conv."
      let first = block.expands ? 1 : 0
      if block.expands { naming.add("0.0", "0.1", in: module) }
      naming.add("\(first).0", "\(first).1", in: module)
      naming.add("\(first + 1)", "\(first + 2)", in: module)
    }
    naming.add("0", "1", in: "features.\(network.blocks.count + 1).")
    return naming
  }

  /// timm's for networks of inverted bottlenecks.
  static func timm(_ network: MobileNetwork) -> TorchNaming {
    var naming = TorchNaming(isTimm: true, head: "classifier")
    naming.add("conv_stem", "bn1")
    for block in network.blocks {
      let module = "blocks.\(block.stage).\(block.index)."
      if block.expands { naming.add("conv_pw", "bn1", in: module) }
      naming.add("conv_dw", block.expands ? "bn2" : "bn1", in: module)
      naming.add(
        block.expands ? "conv_pwl" : "conv_pw", block.expands ? "bn3" : "bn2", in: module)
    }
    naming.add("conv_head", "bn2")
    return naming
  }

  /// EfficientNet-Lite's in `efficientnet-lite-pytorch`.
  static func efficientNetLite(_ network: MobileNetwork) -> TorchNaming {
    var naming = TorchNaming(head: "_fc")
    naming.add("_conv_stem", "_bn0")
    for (index, block) in network.blocks.enumerated() {
      let module = "_blocks.\(index)."
      if block.expands { naming.add("_expand_conv", "_bn0", in: module) }
      naming.add("_depthwise_conv", "_bn1", in: module)
      naming.add("_project_conv", "_bn2", in: module)
    }
    naming.add("_conv_head", "_bn1")
    return naming
  }

  /// The tensors of an architecture that has these convolutions, in order.
  ///
  /// - shape: the network's extents of one of its tensors.
  func tensors(of architecture: Architecture, shape: (String) -> [Int]?) -> [TorchTensor] {
    var tensors: [TorchTensor] = []
    var count = 0
    func add(_ layer: any Layer, _ path: String, _ name: String) {
      tensors += TorchTensor.tensors(of: layer, at: path, name: name, shape: shape)
    }
    func walk(_ layers: [any Layer], _ path: String) {
      for (index, layer) in layers.enumerated() {
        let path = "\(path).\(index)"
        switch layer.form {
        case .conv2D:
          count += 1
          add(layer, path, convolutions[count - 1].convolution)
        case .batchNorm: add(layer, path, convolutions[count - 1].normalization)
        case .dense: add(layer, path, head)
        case .residual(let block):
          walk(block.body, "\(path).body")
          walk(block.shortcut, "\(path).shortcut")
        case .gate(let gate): walk(gate.body, "\(path).body")
        case .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dropout, .relu, .activate:
          break
        }
      }
    }
    walk(architecture.layers, "layers")
    return tensors
  }
}
