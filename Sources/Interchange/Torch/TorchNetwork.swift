package import CNN
internal import ImageData

/// A network whose weights torchvision and timm have under the same names: what `import` recognises
/// and `export` writes.
///
/// A network added is a case here, and a preset of its name; the compiler asks for the rest.
package enum TorchNetwork: String, CaseIterable, Sendable {
  /// 18 layers.
  case resnet18
  /// 34 layers.
  case resnet34

  /// The side of the images that public weights were trained for.
  static let side = 224
  /// The fraction of the sides that the crop keeps, 224 of 256 pixels.
  static let cropShare = 0.875

  /// The name of the last layer.
  var head: String {
    switch self {
    case .resnet18, .resnet34: "fc"
    }
  }

  /// What public weights were trained with: the shorter side to 256 pixels, the middle 224 of both, and
  /// ImageNet's mean and deviation.
  var preprocessing: Preprocessing {
    switch self {
    case .resnet18, .resnet34:
      Preprocessing(
        width: TorchNetwork.side, height: TorchNetwork.side, resize: .crop,
        cropShare: TorchNetwork.cropShare, filter: .bilinear,
        mean: [0.485, 0.456, 0.406].map { Float(255 * $0) },
        deviation: [0.229, 0.224, 0.225].map { Float(255 * $0) })
    }
  }

  /// The network with `outputs` logits.
  func architecture(outputs: Int) throws(ModelError) -> Architecture {
    try .preset(rawValue, size: TorchNetwork.side, outputs: outputs)
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

  /// The tensors of an architecture of this network, in torchvision's order.
  func tensors(
    of architecture: Architecture, shape: (String) -> [Int]?
  ) -> [TorchTensor] {
    var tensors: [TorchTensor] = []
    func add(_ layer: any Layer, _ path: String, _ name: String) {
      tensors += TorchTensor.tensors(of: layer, at: path, name: name, shape: shape)
    }
    var stage = 0
    var block = 0
    for (index, layer) in architecture.layers.enumerated() {
      let path = "layers.\(index)"
      switch layer.form {
      case .conv2D: add(layer, path, "conv1")
      case .batchNorm: add(layer, path, "bn1")
      case .dense: add(layer, path, "fc")
      case .residual(let residual):
        // A stage begins with the first block and wherever a shortcut projects.
        let begins = stage == 0 || !residual.shortcut.isEmpty
        (stage, block) = begins ? (stage + 1, 0) : (stage, block + 1)
        let name = "layer\(stage).\(block)"
        let parts = [0: "conv1", 1: "bn1", 3: "conv2", 4: "bn2"]
        for (part, layer) in residual.body.enumerated() {
          add(layer, "\(path).body.\(part)", "\(name).\(parts[part] ?? "")")
        }
        for (part, layer) in residual.shortcut.enumerated() {
          add(layer, "\(path).shortcut.\(part)", "\(name).downsample.\(part)")
        }
      case .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dropout, .relu, .activate,
        .gate:
        break
      }
    }
    return tensors
  }

  /// The blocks of each stage.
  var blocks: [Int] { self == .resnet18 ? [2, 2, 2, 2] : [3, 4, 6, 3] }
}
