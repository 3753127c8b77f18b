package import CNN
package import ImageData

/// Everything that decides what a run computes, resolved; `config.json`.
///
/// What cannot change a bit of the result, such as the number of threads, is not here.
package struct Configuration: Codable, Sendable, Hashable {
  /// The dataset's folder as it was named.
  package var dataset: String
  /// The recipe that the rest started from.
  package var recipe: Recipe
  /// The seed of every random stream.
  package var seed: UInt64
  /// Which images, and how they are prepared.
  package var data: Images
  /// The network.
  package var network: Net
  /// What training starts from.
  package var transfer: Transfer
  /// The optimization.
  package var training: Training
  /// The random changes of training images.
  package var augmentation: Augmentation

  /// Which images, and how they are prepared.
  package struct Images: Codable, Sendable, Hashable {
    /// The share of training images held out where no folder holds validation images.
    package var valSplit: Double
    /// The share set aside where no folder holds test images.
    package var testSplit: Double
    /// Whether the test images serve as validation, as in the tutorial.
    package var validateOnTest: Bool
    /// How classes weigh in the loss.
    package var classWeights: ClassWeights
    /// The share of each class's training images that is used.
    package var fraction: Double
    /// How an image's shape changes.
    package var resize: ResizeMode
    /// How its pixels are put together.
    package var filter: ResizeFilter
    /// Whether it is turned upright.
    package var exif: ExifPolicy
    /// How its pixels become numbers.
    package var normalization: Normalization
    /// What happens with an unreadable image.
    package var onBadImage: BadImagePolicy
    /// The percentage of unreadable images above which training does not start.
    package var maxBad: Double
    /// Images with more pixels are refused.
    package var maxPixels: Int
    /// How the images that are held out are chosen; nil in files of version 0.1.0, for each by
    /// itself.
    package var splitRule: SplitRule?
  }

  /// The network.
  package struct Net: Codable, Sendable, Hashable {
    /// A preset's name, or the path of the JSON file that `layers` came from.
    package var arch: String
    /// The side of the square input in pixels: what every answer is made from.
    package var size: Int
    /// The sides of the images that training steps are made on.
    package var growth: Growth
    /// The share of features dropped before the last layer; nil for the preset's.
    package var dropout: Double?
    /// The network's description in JSON where it is no preset.
    package var layers: String?

    enum CodingKeys: String, CodingKey {
      case arch
      case size
      case growth
      case dropout
      case layers
    }

    init(arch: String, size: Int, growth: Growth? = nil) {
      self.arch = arch
      self.size = size
      self.growth = growth ?? Growth(constant: size)
    }

    /// Reads values; in files written before images could grow, they do not.
    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      let size = try values.decode(Int.self, forKey: .size)
      self.init(
        arch: try values.decode(String.self, forKey: .arch), size: size,
        growth: try values.decodeIfPresent(Growth.self, forKey: .growth))
      dropout = try values.decodeIfPresent(Double.self, forKey: .dropout)
      layers = try values.decodeIfPresent(String.self, forKey: .layers)
    }

    /// Writes every key, null where there is no value.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(arch, forKey: .arch)
      try container.encode(size, forKey: .size)
      try container.encode(growth, forKey: .growth)
      try container.encode(dropout, forKey: .dropout)
      try container.encode(layers, forKey: .layers)
    }
  }

  /// The optimization.
  package struct Training: Codable, Sendable, Hashable {
    /// Passes over the training images.
    package var epochs: Int
    /// More epochs are made of a small set so that there are as many steps; 0 for exactly
    /// `epochs`.
    package var minimumSteps: Int
    /// Images a step.
    package var batchSize: Int
    /// A small set gets smaller batches, halved down to 8, so that an epoch has as many steps;
    /// 0 for exactly `batchSize`.
    package var minimumEpochSteps: Int
    /// The rule of the step.
    package var optimizer: OptimizerKind
    /// The peak of the schedule.
    package var learningRate: Double
    /// Whether the rate falls in proportion where batches are made smaller.
    ///
    /// Goyal et al. 2017. A rate that was asked for stays.
    package var scalesLearningRate: Bool
    /// Adam's decay of the first moment.
    package var beta1: Double
    /// Adam's decay of the second moment.
    package var beta2: Double
    /// Adam's ε.
    package var epsilon: Double
    /// SGD's and Muon's momentum (Nesterov's).
    package var momentum: Double
    /// Decoupled decay of weights of two or more dimensions.
    package var weightDecay: Double
    /// How the rate moves.
    package var schedule: ScheduleKind
    /// The share of the target spread over the classes.
    package var labelSmoothing: Double
    /// The decay of the moving average of the weights, 0 for none.
    package var ema: Double
    /// The greatest norm of the gradient, 0 for no limit.
    package var clipGrad: Double
    /// Epochs without improvement before training stops, 0 for never.
    package var patience: Int
    /// What tells the best epoch.
    package var monitor: Monitor
    /// Which epoch's weights are kept.
    package var keep: Keep
    /// Seconds that a run has from its beginning, 0 for no limit.
    ///
    /// A run takes the limit for itself and writes 0: what it led to stands in `changes`, and who
    /// repeats the run does not look at the clock.
    package var maxSeconds: Double
    /// What follows a number that is not finite; nil in files of earlier versions, for stopping.
    package var onNaN: NonFinitePolicy?
    /// Whether processes that train together normalize by the whole batch; nil for yes.
    package var syncBN: Bool?
    /// How the run's length changed while it ran, in order; nil for not at all.
    package var changes: [PlanChange]?
  }
}

extension Configuration {
  /// Reads values, those of files written before training could start from a model among them.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      dataset: try values.decode(String.self, forKey: .dataset),
      recipe: try values.decode(Recipe.self, forKey: .recipe),
      seed: try values.decode(UInt64.self, forKey: .seed),
      data: try values.decode(Images.self, forKey: .data),
      network: try values.decode(Net.self, forKey: .network),
      transfer: try values.decodeIfPresent(Transfer.self, forKey: .transfer) ?? .none,
      training: try values.decode(Training.self, forKey: .training),
      augmentation: try values.decode(Augmentation.self, forKey: .augmentation))
  }
}

/// How classes weigh in the loss.
package enum ClassWeights: String, Codable, Sendable, CaseIterable {
  /// Every image counts the same.
  case none
  /// Every class counts the same: images / (classes x images of the class).
  case balanced
}

/// How pixels become numbers.
package enum Normalization: String, Codable, Sendable, CaseIterable {
  /// Divided by 255.
  case unit
  /// As the model does that training starts from.
  case model
  /// Mean and deviation of the training images' channels become 0 and 1.
  case dataset
}

/// What happens with an unreadable image.
package enum BadImagePolicy: String, Codable, Sendable, CaseIterable {
  /// It is left out and reported.
  case skip
  /// Training does not start.
  case fail
}

/// How the learning rate moves.
package enum ScheduleKind: String, Codable, Sendable, CaseIterable {
  /// Not at all.
  case constant
  /// Half a cosine from the peak to 0.
  case cosine
  /// Up over a fifth of the steps, then half a cosine to 0.
  case oneCycle = "one-cycle"
  /// A tenth of the rate after half of the steps, a hundredth after three quarters.
  case step
  /// Down where the monitor stands still.
  case plateau
}

/// What tells the best epoch.
package enum Monitor: String, Codable, Sendable, CaseIterable {
  /// Least validation loss.
  case loss = "val_loss"
  /// Greatest validation accuracy; ties: lower loss, then earlier.
  case accuracy = "val_accuracy"
  /// Greatest macro F1 on the validation images.
  case f1 = "val_f1"
}

/// What follows a number that is infinite or no number.
package enum NonFinitePolicy: String, Codable, Sendable, CaseIterable {
  /// The run ends with an error; weights of earlier epochs are kept.
  case stop
  /// The run goes back to its last checkpoint and on at half the rate, at most three times.
  case rollback
}

/// Which epoch's weights are kept.
package enum Keep: String, Codable, Sendable, CaseIterable {
  /// The best by the monitor.
  case best
  /// The last.
  case last
}
