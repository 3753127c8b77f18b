internal import CNN
internal import ImageData

/// A named set of settings; options override single ones.
package enum Recipe: String, Sendable, Codable, CaseIterable {
  /// r18h, images that grow, Muon and a moving average, sized for a few thousand photos.
  case standard = "default"
  /// The Keras tutorial, number for number.
  case seed
  /// The tutorial with batch normalization and dropout.
  case seedBN = "seed-bn"
  /// A network with half as many layers, for a first look.
  case quick
  /// The default's network for the highest accuracy: more and larger images.
  case best
  /// The last layer of a trained network solved on features of all photos, for some dozens of them.
  case instant
  /// That solved last layer, then all layers trained from there, for some hundred photos and more.
  case finetune

  /// Whether networks are trained in epochs; otherwise the last layer alone is solved.
  package var hasEpochs: Bool { self != .instant }

  /// Whether the last layer is solved on the features of a trained network, which it then needs.
  package var solvesHead: Bool { self == .instant || self == .finetune }

  /// Whether photos are made square as those were that the model was trained on.
  ///
  /// Layers that are trained get used to whole photos.
  var framesAsModel: Bool { self != .finetune }

  /// The learning rate factors of the layers before the last where training starts from a model.
  var transferRates: (backbone: Double, stem: Double?) { (1, self == .finetune ? 0.3 : nil) }

  /// Whether normalizations keep the statistics of the model that training starts from.
  var freezesStatistics: Bool { self == .finetune }

  /// Whether this is one of the tutorial's recipes, which validate on the test set.
  package var isSeed: Bool { self == .seed || self == .seedBN }

  /// The recipe's values, without a dataset.
  var configuration: Configuration {
    Configuration(
      dataset: "", recipe: self, seed: 0, data: data, network: network, transfer: .none,
      training: training,
      augmentation: augmentation)
  }

  private var augmentation: Augmentation {
    switch self {
    case .seed, .seedBN: return .seed
    // Images seen only a dozen times are not made harder.
    case .quick: return .light
    case .standard: return .standard
    case .instant: return Augmentation(flip: .h)
    // The solved last layer knows the training images by heart: only harder ones teach the layers
    // before it something.
    case .best, .finetune:
      var augmentation = Augmentation.standard
      augmentation.mixup = 0.2
      return augmentation
    }
  }

  private var data: Configuration.Images {
    Configuration.Images(
      valSplit: hasEpochs ? 0.1 : 0, testSplit: 0, validateOnTest: isSeed, classWeights: .none,
      fraction: 1,
      resize: .stretch, filter: isSeed ? .nearest : .bicubic, exif: isSeed ? .ignore : .apply,
      normalization: isSeed ? .unit : .dataset, onBadImage: .skip, maxBad: 1,
      maxPixels: Preprocessing.defaultMaxPixels, splitRule: .stratified,
      nearDuplicates: .together)
  }

  private var network: Configuration.Net {
    switch self {
    case .seed, .seedBN: Configuration.Net(arch: rawValue, size: 64)
    // Random crops show objects larger than whole images do: with strong crops, predictions are
    // better on larger whole images (Touvron and others, 2019).
    case .quick: Configuration.Net(arch: "r10h", size: 96, growth: Growth(first: 64, last: 96))
    case .instant, .finetune: Configuration.Net(arch: "r18h", size: 160)
    case .standard: Configuration.Net(arch: "r18h", size: 160, growth: Growth(first: 80, last: 128))
    case .best: Configuration.Net(arch: "r18h", size: 192, growth: Growth(first: 96, last: 160))
    }
  }

  private var training: Configuration.Training {
    if isSeed {
      // The tutorial's: Keras's Adam and its defaults.
      return Configuration.Training(
        epochs: 25, minimumSteps: 0, batchSize: 32, minimumEpochSteps: 0, optimizer: .adam,
        learningRate: 1e-3, scalesLearningRate: false,
        beta1: 0.9, beta2: 0.999, epsilon: 1e-7, momentum: 0, weightDecay: 0,
        schedule: .constant, labelSmoothing: 0, ema: 0, clipGrad: 0, patience: 0,
        monitor: .accuracy, keep: .last, maxSeconds: 0)
    }
    if !hasEpochs {
      // None of these has a meaning: the solver needs no rate and no schedule.
      return Configuration.Training(
        epochs: 1, minimumSteps: 0, batchSize: 64, minimumEpochSteps: 0, optimizer: .sgd,
        learningRate: 0.1, scalesLearningRate: false, beta1: 0.9, beta2: 0.999, epsilon: 1e-8,
        momentum: 0, weightDecay: 0, schedule: .constant, labelSmoothing: 0, ema: 0, clipGrad: 0,
        patience: 0, monitor: .accuracy, keep: .last, maxSeconds: 0)
    }
    if self == .finetune {
      return Configuration.Training(
        epochs: 10, minimumSteps: 600, batchSize: 32, minimumEpochSteps: 6, optimizer: .adamw,
        learningRate: 2e-4, scalesLearningRate: true, beta1: 0.9, beta2: 0.999, epsilon: 1e-8,
        momentum: 0, weightDecay: 0.05, schedule: .oneCycle, labelSmoothing: 0.1, ema: 0.99,
        clipGrad: 0, patience: 0, monitor: .accuracy, keep: .last, maxSeconds: 0)
    }
    let (epochs, steps) =
      switch self {
      case .quick: (18, 280)
      case .best: (100, 1_800)
      default: (28, 480)
      }
    // Small datasets are seen more often, in smaller batches: a few hundred images would otherwise
    // give too few steps.
    return Configuration.Training(
      epochs: epochs, minimumSteps: steps, batchSize: 64, minimumEpochSteps: 12, optimizer: .muon,
      learningRate: 0.04, scalesLearningRate: true,
      beta1: 0.9, beta2: 0.99, epsilon: 1e-8, momentum: 0.9, weightDecay: 0.05,
      schedule: .oneCycle, labelSmoothing: 0.05, ema: 0.998, clipGrad: 0, patience: 0,
      monitor: .accuracy, keep: .best, maxSeconds: 0)
  }
}
