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
  /// ResNet of 50 layers.
  case resnet50
  /// A network of inverted bottlenecks.
  case mobile(MobileNetwork)

  package static let allCases =
    [.resnet18, .resnet34, .resnet50] + MobileNetwork.allCases.map(Self.mobile)

  /// The name of the preset.
  package var rawValue: String {
    switch self {
    case .resnet18: "resnet18"
    case .resnet34: "resnet34"
    case .resnet50: "resnet50"
    case .mobile(let network): network.rawValue
    }
  }

  package init?(rawValue: String) {
    guard let found = TorchNetwork.allCases.first(where: { $0.rawValue == rawValue }) else {
      return nil
    }
    self = found
  }

  /// The residual network; nil for another.
  var residual: ResidualNetwork? { ResidualNetwork(rawValue: rawValue) }

  /// The images that public weights were trained on.
  var preprocessing: Preprocessing {
    // The middle 224 of 256 pixels, and the mean and deviation of ImageNet.
    var (size, cropShare, filter) = (224, 0.875, ResizeFilter.bilinear)
    var mean = [0.485, 0.456, 0.406].map { Float(255 * $0) }
    var deviation = [0.229, 0.224, 0.225].map { Float(255 * $0) }
    switch self {
    case .resnet18, .resnet34, .resnet50, .mobile(.mobileNetV2), .mobile(.mobileNetV3Small),
      .mobile(.mobileNetV3Large):
      break
    case .mobile(.efficientNetB0), .mobile(.tensorFlowB0): filter = .bicubic
    case .mobile(.efficientNetLite0), .mobile(.efficientNetLite1), .mobile(.efficientNetLite2):
      // As the authors evaluate, with levels as `efficientnet-lite-pytorch` has them.
      if case .mobile(let network) = self { size = network.size }
      (cropShare, filter) = (Double(size) / Double(size + 32), .bicubic)
      (mean, deviation) = ([127, 127, 127], [128, 128, 128])
    }
    return Preprocessing(
      width: size, height: size, resize: .crop, cropShare: cropShare, filter: filter, mean: mean,
      deviation: deviation)
  }

  /// The forms in which libraries publish the weights, torchvision's first.
  var forms: [TorchForm] {
    func form(
      _ naming: TorchNaming, _ convention: MobileNetwork.Convention? = nil, timm: String? = nil
    ) -> TorchForm {
      TorchForm(network: self, naming: naming, convention: convention, timmName: timm)
    }
    switch self {
    case .resnet18, .resnet34, .resnet50:
      return residual.map { [form(.residual($0), timm: rawValue)] } ?? []
    case .mobile(let network):
      switch network {
      case .mobileNetV2, .mobileNetV3Small, .mobileNetV3Large:
        let timm = rawValue.replacing("mobilenet_", with: "mobilenet") + "_100"
        return [
          form(.torchvision(network), .torchvision), form(.timm(network), .timm, timm: timm),
        ]
      case .efficientNetB0:
        return [
          form(.torchvision(network), .torchvision), form(.timm(network), .timm, timm: rawValue),
        ]
      case .tensorFlowB0:
        return [
          form(.timm(network), .tensorFlow, timm: rawValue),
          form(.efficientNetPyTorch(network), .tensorFlow),
        ]
      case .efficientNetLite0, .efficientNetLite1, .efficientNetLite2:
        // timm has networks of two paddings under the same names of tensors.
        return [
          form(.efficientNetPyTorch(network), .tensorFlow),
          form(.timm(network), .tensorFlow, timm: "tf_" + rawValue),
          form(.timm(network), .timm, timm: rawValue),
        ]
      }
    }
  }
}

/// A network by its own name or by timm's, which may tell what its weights do not.
package struct NamedNetwork: RawRepresentable, Sendable {
  package let rawValue: String
  package let network: TorchNetwork

  package init?(rawValue: String) {
    let found = TorchNetwork.allCases.first {
      $0.rawValue == rawValue || $0.forms.contains { $0.timmName == rawValue }
    }
    guard let found else { return nil }
    (self.rawValue, network) = (rawValue, found)
  }

  /// The networks' own names, then those that only timm has.
  package static let all =
    (TorchNetwork.allCases.map(\.rawValue)
    + TorchNetwork.allCases.flatMap(\.forms).compactMap(\.timmName).filter {
      TorchNetwork(rawValue: $0) == nil
    }).compactMap(Self.init(rawValue:))
}

/// A network as a library publishes its weights.
struct TorchForm {
  let network: TorchNetwork
  let naming: TorchNaming
  /// The library's convention for a network of inverted bottlenecks; nil for the network's own.
  let convention: MobileNetwork.Convention?
  /// timm's name of the network, which a `config.json` says; nil where the names are not timm's.
  let timmName: String?
}

extension TorchForm {
  /// The form with the same layers, whatever its image size, classes and dropout; nil if there is
  /// none.
  init?(_ architecture: Architecture) {
    let found = TorchNetwork.allCases.lazy.flatMap(\.forms).first { form in
      (try? form.architecture(outputs: 1))?.hasLayers(of: architecture) == true
    }
    guard let found else { return nil }
    self = found
  }

  /// The network with `outputs` logits, for images of `side` pixels or its own size.
  func architecture(outputs: Int, side: Int? = nil) throws(ModelError) -> Architecture {
    if case .mobile(let network) = network {
      network.architecture(size: side, outputs: outputs, by: convention)
    } else {
      try .preset(network.rawValue, size: side, outputs: outputs)
    }
  }
}
