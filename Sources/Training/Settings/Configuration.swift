package import CNN
package import ImageData
package import Primitives

/// Everything that decides what a run computes, resolved; `config.json`.
///
/// Settings that cannot change the result, such as the number of threads, are not part of it.
package struct Configuration: Codable, Sendable, Hashable {
  /// The dataset's folder as given.
  package var dataset: String
  /// The recipe that the rest started from.
  package var recipe: Recipe
  /// The seed of every random stream.
  package var seed: UInt64
  /// The images and their preprocessing.
  package var data: Images
  package var network: Net
  /// The model that training starts from.
  package var transfer: Transfer
  /// The optimization.
  package var training: Training
  /// The random changes of training images.
  package var augmentation: Augmentation

  /// The images and their preprocessing.
  package struct Images: Codable, Sendable, Hashable {
    /// The fraction of training images held out if there is no validation folder.
    package var valSplit: Double
    /// The fraction held out for testing if there is no test folder.
    package var testSplit: Double
    /// Whether the test images serve as validation, as in the tutorial.
    package var validateOnTest: Bool
    /// The weights of classes in the loss.
    package var classWeights: ClassWeights
    /// The fraction of each class's training images that is used.
    package var fraction: Double
    package var resize: ResizeMode
    /// Whether whole photos are tried beside it, and what is better out of fold is kept; nil for no.
    package var choosesResize: Bool?
    /// The resampling filter.
    package var filter: ResizeFilter
    /// Whether the EXIF orientation is applied.
    package var exif: ExifPolicy
    /// The normalization of pixels.
    package var normalization: Normalization
    package var onBadImage: BadImagePolicy
    /// The percentage of unreadable images above which training does not start.
    package var maxBad: Double
    /// Images with more pixels are refused.
    package var maxPixels: Int
    /// The rule that selects held-out images; nil in files of version 0.1.0, which selected each
    /// image by itself.
    package var splitRule: SplitRule?
    /// The regular expression whose captures of an image's path name its group, which is not
    /// divided between splits; nil where every image stands alone.
    package var groupBy: String?
    /// What becomes of near-duplicates where images are divided; nil in files of earlier versions,
    /// which ignored them.
    package var nearDuplicates: NearDuplicatePolicy?
    /// Parts for cross-validation; nil for none, or those that the recipe has.
    package var folds: Int?
    /// The part of these that this run is tested on and not trained on, from 1; nil for none.
    package var fold: Int?

    /// The fold that the run is tested on.
    var heldFold: ContentSplit.Fold? {
      fold.flatMap { number in folds.map { ContentSplit.Fold(number, of: $0) } }
    }
  }

  /// The network.
  package struct Net: Codable, Sendable, Hashable {
    /// A preset's name, or the path of the JSON file that `layers` came from.
    package var arch: String
    /// The side of the square input in pixels.
    package var size: Int
    /// The image sizes during training.
    package var growth: Growth
    /// The fraction of features dropped before the last layer; nil for the preset's.
    @AlwaysWritten package var dropout: Double? = nil
    /// The network's description in JSON if it is not a preset.
    @AlwaysWritten package var layers: String? = nil

    enum CodingKeys: String, CodingKey {
      case arch, size, growth, dropout, layers
    }

    init(arch: String, size: Int, growth: Growth? = nil) {
      self.arch = arch
      self.size = size
      self.growth = growth ?? Growth(first: size, last: size)
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
  }

  /// The optimization.
  package struct Training: Codable, Sendable, Hashable {
    /// Passes over the training images.
    package var epochs: Int
    /// A small dataset is trained for more epochs, to reach at least this many steps; 0 for exactly
    /// `epochs`.
    package var minimumSteps: Int
    /// Images per step.
    package var batchSize: Int
    /// A small dataset gets smaller batches, halved down to 8, so that an epoch has at least this
    /// many steps; 0 for exactly `batchSize`.
    package var minimumEpochSteps: Int
    package var optimizer: OptimizerKind
    /// The peak learning rate.
    package var learningRate: Double
    /// Whether the learning rate is reduced in proportion if batches are made smaller.
    ///
    /// Goyal et al. 2017. An explicit learning rate is kept.
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
    /// The learning rate schedule.
    package var schedule: ScheduleKind
    /// The fraction of the target that is spread over the classes.
    package var labelSmoothing: Double
    /// The decay of the moving average of the weights, 0 for none.
    package var ema: Double
    /// The maximum gradient norm, 0 for no limit.
    package var clipGrad: Double
    /// Epochs without improvement before training stops, 0 for never.
    package var patience: Int
    /// The metric that decides which epoch is the best.
    package var monitor: Monitor
    /// Which epoch's weights are kept.
    package var keep: Keep
    /// The time limit in seconds, 0 for no limit.
    ///
    /// A run stores 0: the effects of its time limit are recorded in `changes`, so that a
    /// repetition does not depend on the clock.
    package var maxSeconds: Double
    /// The policy for non-finite numbers; nil in files of earlier versions, which stopped.
    package var onNaN: NonFinitePolicy?
    /// Whether processes that train together normalize by the whole batch; nil for yes.
    package var syncBN: Bool?
    /// The changes of the run's length while it ran, in order; nil for none.
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

/// The weights of classes in the loss.
package enum ClassWeights: String, Codable, Sendable, CaseIterable {
  /// Every image counts the same.
  case none
  /// Every class counts the same: images / (classes x images of the class).
  case balanced
}

/// The normalization of pixels.
package enum Normalization: String, Codable, Sendable, CaseIterable {
  /// Divided by 255.
  case unit
  /// Like the model that training starts from.
  case model
  /// Mean and deviation of the training images' channels become 0 and 1.
  case dataset
}

/// The policy for unreadable images.
package enum BadImagePolicy: String, Codable, Sendable, CaseIterable {
  /// They are skipped and reported.
  case skip
  case fail
}

/// The learning rate schedule.
package enum ScheduleKind: String, Codable, Sendable, CaseIterable {
  case constant
  /// Half a cosine from the peak to 0.
  case cosine
  /// Up over a fifth of the steps, then half a cosine to 0.
  case oneCycle = "one-cycle"
  /// A tenth of the rate after half of the steps, a hundredth after three quarters.
  case step
  /// Reduced when the monitor stops improving.
  case plateau
}

/// The metric that decides which epoch is the best.
package enum Monitor: String, Codable, Sendable, CaseIterable {
  /// Lowest validation loss.
  case loss = "val_loss"
  /// Highest validation accuracy; ties: lower loss, then earlier epoch.
  case accuracy = "val_accuracy"
  /// Highest macro F1 on the validation images.
  case f1 = "val_f1"
}

/// The policy for infinite numbers and NaN.
package enum NonFinitePolicy: String, Codable, Sendable, CaseIterable {
  /// The run ends with an error; weights of earlier epochs are kept.
  case stop
  /// The run returns to its last checkpoint and continues at half the learning rate, at most three
  /// times.
  case rollback
}

/// Which epoch's weights are kept.
package enum Keep: String, Codable, Sendable, CaseIterable {
  /// The best by the monitor.
  case best
  case last
}
