internal import CNN

/// A library's names for the modules of a network that have weights.
struct TorchNaming {
  /// In the order of the network's layers: convolutions, normalizations and dense layers.
  private(set) var modules: [String] = []

  /// The last layer.
  var head: String { modules.last ?? "" }

  private mutating func add(_ names: String..., in module: String = "") {
    modules += names.map { module + $0 }
  }

  /// A ResNet's in torchvision and timm.
  static func residual(_ network: ResidualNetwork) -> TorchNaming {
    var naming = TorchNaming()
    naming.add("conv1", "bn1")
    for (stage, count) in network.blocks.enumerated() {
      for block in 0..<count {
        let module = "layer\(stage + 1).\(block)."
        naming.add("conv1", "bn1", "conv2", "bn2", in: module)
        if network.hasBottlenecks { naming.add("conv3", "bn3", in: module) }
        // A basic block of the first stage has as many channels as its input.
        if block == 0, stage > 0 || network.hasBottlenecks {
          naming.add("downsample.0", "downsample.1", in: module)
        }
      }
    }
    naming.add("fc")
    return naming
  }

  /// torchvision's for networks of inverted bottlenecks.
  static func torchvision(_ network: MobileNetwork) -> TorchNaming {
    var naming = TorchNaming()
    let (isSecond, isEfficientNet) = (network == .mobileNetV2, network == .efficientNetB0)
    naming.add("0.0", "0.1", in: "features.")
    for (index, block) in network.blocks.enumerated() {
      let place = isEfficientNet ? "\(block.stage + 1).\(block.index)" : "\(index + 1)"
      let module = "features.\(place).\(isSecond ? "conv" : "block")."
      var next = 0
      for _ in 0..<(block.expands ? 2 : 1) {
        naming.add("\(next).0", "\(next).1", in: module)
        next += 1
      }
      if block.squeezes {
        naming.add("\(next).fc1", "\(next).fc2", in: module)
        next += 1
      }
      // In MobileNetV2 no module of their own holds the last two.
      naming.add(
        isSecond ? "\(next)" : "\(next).0", isSecond ? "\(next + 1)" : "\(next).1", in: module)
    }
    let last = isEfficientNet ? network.blocks.last.map { $0.stage + 1 } : network.blocks.count
    naming.add("0", "1", in: "features.\((last ?? 0) + 1).")
    if network.hidden != nil {
      naming.add("0", "3", in: "classifier.")
    } else {
      naming.add("classifier.1")
    }
    return naming
  }

  /// timm's for networks of inverted bottlenecks.
  static func timm(_ network: MobileNetwork) -> TorchNaming {
    var naming = TorchNaming()
    naming.add("conv_stem", "bn1")
    for block in network.blocks {
      let module = "blocks.\(block.stage).\(block.index)."
      if block.expands { naming.add("conv_pw", "bn1", in: module) }
      naming.add("conv_dw", block.expands ? "bn2" : "bn1", in: module)
      if block.squeezes { naming.add("se.conv_reduce", "se.conv_expand", in: module) }
      naming.add(
        block.expands ? "conv_pwl" : "conv_pw", block.expands ? "bn3" : "bn2", in: module)
    }
    if network.hidden != nil {
      let stages = network.blocks.last.map { $0.stage + 1 } ?? 0
      naming.add("conv", "bn1", in: "blocks.\(stages).0.")
      naming.add("conv_head", "classifier")
    } else {
      naming.add("conv_head", "bn2", "classifier")
    }
    return naming
  }

  /// EfficientNet's in `efficientnet-pytorch` and `efficientnet-lite-pytorch`.
  static func efficientNetPyTorch(_ network: MobileNetwork) -> TorchNaming {
    var naming = TorchNaming()
    naming.add("_conv_stem", "_bn0")
    for (index, block) in network.blocks.enumerated() {
      let module = "_blocks.\(index)."
      if block.expands { naming.add("_expand_conv", "_bn0", in: module) }
      naming.add("_depthwise_conv", "_bn1", in: module)
      if block.squeezes { naming.add("_se_reduce", "_se_expand", in: module) }
      naming.add("_project_conv", "_bn2", in: module)
    }
    naming.add("_conv_head", "_bn1", "_fc")
    return naming
  }

  /// The tensors of an architecture that has these modules, in order.
  ///
  /// - shape: the network's extents of one of its tensors.
  func tensors(of architecture: Architecture, shape: (String) -> [Int]?) -> [TorchTensor] {
    var tensors: [TorchTensor] = []
    var names = modules.makeIterator()
    func walk(_ layers: [any Layer], _ path: String) {
      for (index, layer) in layers.enumerated() {
        let path = "\(path).\(index)"
        switch layer.form {
        case .conv2D, .batchNorm, .dense:
          guard let name = names.next() else { continue }
          tensors += TorchTensor.tensors(of: layer, at: path, name: name, shape: shape)
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
