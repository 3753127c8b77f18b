internal import CNN

/// The two forms in which timm has the same network under the same names of tensors.
enum TimmPadding {
  /// TensorFlow's, of networks whose name begins with `tf_`: padding by the size of the map, and an
  /// epsilon of 1e-3.
  case tensorFlow
  /// PyTorch's: the same padding on all sides, and an epsilon of 1e-5.
  case symmetric

  /// The architecture, which has TensorFlow's form, in this one.
  func applied(to architecture: Architecture) -> Architecture {
    switch self {
    case .tensorFlow: return architecture
    case .symmetric:
      var copy = architecture
      copy.name += "-symmetric"
      copy.layers = TimmPadding.symmetric(copy.layers)
      return copy
    }
  }

  private static func symmetric(_ layers: [any Layer]) -> [any Layer] {
    layers.map { layer in
      switch layer.form {
      case .conv2D(var layer):
        layer.padding = .explicit(layer.kernelSize / 2)
        return layer
      case .batchNorm(var layer):
        (layer.epsilon, layer.statisticsUpdateRate) = (1e-5, 0.1)
        return layer
      case .residual(var layer):
        (layer.body, layer.shortcut) = (symmetric(layer.body), symmetric(layer.shortcut))
        return layer
      case .gate(var layer):
        layer.body = symmetric(layer.body)
        return layer
      case .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dense, .dropout, .relu,
        .activate:
        return layer
      }
    }
  }
}

extension TorchNetwork {
  /// Whether timm has the network in two forms, with the same names of tensors.
  var hasTwoForms: Bool { rawValue.hasPrefix("efficientnet_lite") }

  /// timm's name, which a `config.json` says; that of TensorFlow's form begins with `tf_`.
  var timmName: String {
    let prefix = "mobilenet_v"
    guard rawValue.hasPrefix(prefix) else { return rawValue }
    return "mobilenetv" + rawValue.dropFirst(prefix.count) + "_100"
  }

  /// timm's names that are of this network, with the form that each means.
  var timmNames: [(name: String, form: TimmPadding?)] {
    hasTwoForms
      ? [("tf_" + timmName, .tensorFlow), (timmName, .symmetric)] : [(timmName, nil)]
  }
}
