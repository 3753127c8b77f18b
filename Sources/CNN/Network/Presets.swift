extension Architecture {
  /// The names of the preset networks.
  public static let presetNames =
    ["seed", "seed-bn", "vgg", "r10h", "r18h"] + ResidualNetwork.allCases.map(\.rawValue)
    + MobileNetwork.allCases.map(\.rawValue)

  /// A preset network.
  ///
  /// - size: the side of the image in pixels; nil for the network's own.
  /// - outputs: logits: 1 for two classes, otherwise the number of classes.
  /// - dropout: the fraction dropped before the last layer; nil for the network's own.
  public static func preset(
    _ name: String, size: Int? = nil, outputs: Int = 1, dropout: Double? = nil
  ) throws(ModelError) -> Architecture {
    switch name {
    case "seed":
      seed(size: size ?? 64, outputs: outputs, dropout: dropout ?? 0)
    case "seed-bn":
      seedWithNormalization(size: size ?? 64, outputs: outputs, dropout: dropout ?? 0.5)
    case "vgg":
      vgg(size: size ?? 96, outputs: outputs, dropout: dropout ?? 0.2)
    case "r10h", "r18h":
      residual(
        name: name, width: 32, blocks: name == "r10h" ? 1 : 2, size: size ?? 128,
        outputs: outputs, dropout: dropout ?? 0.2)
    default:
      if let network = ResidualNetwork(rawValue: name) {
        network.architecture(size: size, outputs: outputs, dropout: dropout)
      } else if let network = MobileNetwork(rawValue: name) {
        network.architecture(size: size, outputs: outputs, dropout: dropout)
      } else {
        throw .unknownPreset(name, known: presetNames)
      }
    }
  }

  static func image(_ size: Int) -> Shape { Shape(height: size, width: size, channels: 3) }

  static func end(outputs: Int, dropout: Double) -> [any Layer] {
    let drop: [any Layer] = dropout > 0 ? [Dropout(dropout)] : []
    return drop + [Dense(units: outputs)]
  }

  /// The tutorial's network: two convolutions of `width` channels, a hidden layer of `hidden`.
  package static func seed(
    size: Int, outputs: Int, dropout: Double, width: Int = 32, hidden: Int = 128
  ) -> Architecture {
    let layers: [any Layer] = [
      Conv2D(filters: width), ReLU(), MaxPool2D(2),
      Conv2D(filters: width), ReLU(), MaxPool2D(2),
      Flatten(), Dense(units: hidden), ReLU(),
    ]
    return Architecture(
      name: "seed", input: image(size), layers: layers + end(outputs: outputs, dropout: dropout))
  }

  /// The tutorial's network with batch normalization by Keras's numbers.
  package static func seedWithNormalization(
    size: Int, outputs: Int, dropout: Double, width: Int = 32, hidden: Int = 128
  ) -> Architecture {
    let normalization = BatchNorm(epsilon: 1e-3, statisticsUpdateRate: 0.01)
    let layers: [any Layer] = [
      Conv2D(filters: width), normalization, ReLU(), MaxPool2D(2),
      Conv2D(filters: width), normalization, ReLU(), MaxPool2D(2),
      Flatten(), Dense(units: hidden), ReLU(),
    ]
    return Architecture(
      name: "seed-bn", input: image(size),
      layers: layers + end(outputs: outputs, dropout: dropout))
  }

  static func normalized(
    _ filters: Int, kernel: Int = 3, stride: Int = 1, initialScale: Double = 1
  ) -> [any Layer] {
    [
      Conv2D(
        filters: filters, kernelSize: kernel, stride: stride, padding: .explicit(kernel / 2),
        useBias: false, initializer: .heNormalFanOut),
      BatchNorm(initialScale: initialScale),
    ]
  }

  private static func vgg(size: Int, outputs: Int, dropout: Double) -> Architecture {
    let stages = [32, 64, 128, 256].flatMap {
      normalized($0) + ([ReLU(), MaxPool2D(2)] as [any Layer])
    }
    return Architecture(
      name: "vgg", input: image(size),
      layers: stages + [GlobalAveragePool2D()] + end(outputs: outputs, dropout: dropout))
  }

  /// A residual network with `width` channels in its first stage: 10 layers with one block per
  /// stage, 18 with two.
  ///
  /// The form is ResNet-D's (He et al. 2019), the usual width 64. Stem of three 3x3 convolutions
  /// and a pool, four stages. If a stage halves the map, its shortcut averages, then projects. A
  /// block's last scale starts at zero, so each block starts as its shortcut (Goyal et al. 2017).
  package static func residual(
    name: String, width: Int, blocks: Int, size: Int, outputs: Int, dropout: Double
  ) -> Architecture {
    var layers: [any Layer] = []
    layers += normalized(width / 2, stride: 2) + [ReLU()]
    layers += normalized(width / 2) + [ReLU()]
    layers += normalized(width) + [ReLU(), MaxPool2D(2)]
    var channels = width
    for (stage, filters) in [width, 2 * width, 4 * width, 8 * width].enumerated() {
      for block in 0..<blocks {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let body =
          normalized(filters, stride: stride) + [ReLU()] + normalized(filters, initialScale: 0)
        let pool: [any Layer] = stride > 1 ? [AveragePool2D(2, padding: .same)] : []
        let shortcut =
          channels == filters && stride == 1 ? [] : pool + normalized(filters, kernel: 1)
        layers.append(Residual(body: body, shortcut: shortcut))
        channels = filters
      }
    }
    return Architecture(
      name: name, input: image(size),
      layers: layers + [GlobalAveragePool2D()] + end(outputs: outputs, dropout: dropout))
  }
}
