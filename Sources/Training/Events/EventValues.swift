package import Classifier
package import ImageData
package import Primitives

/// The plan of a run, known before its first step.
package struct RunStart: Codable, Sendable, Hashable {
  package var run: String
  /// The dataset's folder.
  package var dataset: String
  /// The recipe's name.
  package var recipe: String
  /// The network's name.
  package var architecture: String
  /// Side of the input in pixels.
  package var size: Int
  /// Side of the training images in the first epoch and in the last.
  package var trainingSizes: [Int]
  package var classes: [String]
  /// Trained numbers of the network.
  package var parameters: Int
  /// Bytes that training takes: network, activations, images.
  package var memoryBytes: Int
  package var epochs: Int
  package var stepsPerEpoch: Int
  /// Images per step.
  package var batchSize: Int
  package var seed: UInt64
  /// The instruction set's name.
  package var isa: String
  /// The convolution method, as for `--conv`.
  package var conv: String
  package var threads: Int
  /// Processes that train together; nil for one alone.
  package var ranks: Int?
  /// The place of decoded images: ram, disk or off.
  package var cache: String
  /// The model that training starts from; nil for fresh weights.
  package var from: RunOrigin?
  /// The point at which a run is resumed; nil for a new run.
  package var resumed: Place?

  /// A place between two steps.
  package struct Place: Codable, Sendable, Hashable {
    package var epochs: Int
    /// Steps of the next one that are done.
    package var steps: Int
  }

  enum CodingKeys: String, CodingKey {
    case run, dataset, recipe, architecture, size
    case trainingSizes = "training_sizes"
    case classes, parameters
    case memoryBytes = "memory_bytes"
    case epochs
    case stepsPerEpoch = "steps_per_epoch"
    case batchSize = "batch_size"
    case seed, isa, conv, threads, ranks, cache, from, resumed
  }
}

/// The number of images in each split.
package struct DatasetSummary: Codable, Sendable, Hashable {
  /// Images per class, in class order, of one split.
  package struct SplitCount: Codable, Sendable, Hashable {
    /// train, val or test.
    package var split: String
    /// The origin of the images, such as "a tenth of the training images".
    package var origin: String
    package var images: Int
    /// Images of each class, in class order.
    package var perClass: [Int]

    enum CodingKeys: String, CodingKey {
      case split, origin, images
      case perClass = "per_class"
    }
  }
  /// The dataset's folder.
  package var path: String
  package var classes: [String]
  /// The splits that hold images.
  package var splits: [SplitCount]
  /// Hidden files and folders ignored.
  package var hidden: Int
  /// Unreadable images omitted.
  package var skipped: [SkippedImage]
  /// Files that are there more than once; nil in what earlier versions wrote.
  package var findings: [DatasetFinding]?
  /// Digest of every image's bytes and class.
  package var fingerprint: String
}

/// Something about a dataset that its owner should know, as `cnnctl check` tells it.
package struct DatasetFinding: Codable, Sendable, Hashable {
  /// The kind's name, such as `leak`.
  package var kind: String
  /// Whether it is an error and not just a note.
  package var isError: Bool
  /// One sentence, lower case, that names no path.
  package var message: String
  /// The files concerned, below the dataset's folder.
  package var paths: [String]

  enum CodingKeys: String, CodingKey {
    case kind
    case isError = "is_error"
    case message, paths
  }
}

/// Training images as the first epochs will see them.
package struct TrainingSamples: Sendable {
  package var sheet: SampleSheet
  package var run: RunFolder
}

/// Progress of training after a step.
package struct BatchProgress: Sendable, Hashable {
  /// The epoch, from 1.
  package var epoch: Int
  package var epochs: Int
  /// Steps of this epoch that are done.
  package var step: Int
  package var steps: Int
  /// Images of this epoch that are done.
  package var images: Int
  /// Mean loss of this epoch so far.
  package var loss: Double
  /// Share of images right in this epoch so far.
  package var accuracy: Double
  /// The step's learning rate.
  package var learningRate: Double
  /// Seconds since the epoch began.
  package var seconds: Double
}

/// One row of metrics.csv, and where the time went.
package struct EpochMetrics: Codable, Sendable, Hashable {
  /// The epoch, from 1.
  package var epoch: Int
  package var epochs: Int
  /// Mean training loss over the epoch's images, as the weights continued changing.
  package var loss: Double
  /// Share of training images right, as the weights continued changing.
  package var accuracy: Double
  /// Mean loss on the validation images; nil without validation.
  package var valLoss: Double?
  /// Accuracy on the validation images.
  package var valAccuracy: Double?
  /// Macro F1 on the validation images.
  package var valF1: Double?
  /// The last step's learning rate.
  package var learningRate: Double
  /// Wall time with validation.
  package var seconds: Double
  /// Training images per second, without validation.
  package var imagesPerSecond: Double
  package var isBest: Bool
  /// Processor seconds spent on decoding during the epoch.
  package var decodeSeconds: Double
  /// Processor seconds spent on augmentation, beside training.
  package var augmentSeconds: Double
  package var forwardSeconds: Double
  package var backwardSeconds: Double
  package var optimizerSeconds: Double
  /// Seconds that training waited for a batch.
  package var waitSeconds: Double
  /// Seconds spent waiting for other processes; nil for a process alone.
  package var communicationSeconds: Double?

  enum CodingKeys: String, CodingKey {
    case epoch, epochs, loss, accuracy
    case valLoss = "val_loss"
    case valAccuracy = "val_accuracy"
    case valF1 = "val_f1"
    case learningRate = "lr"
    case seconds
    case imagesPerSecond = "images_per_second"
    case isBest = "best"
    case decodeSeconds = "decode"
    case augmentSeconds = "augment"
    case forwardSeconds = "forward"
    case backwardSeconds = "backward"
    case optimizerSeconds = "optimizer"
    case waitSeconds = "wait"
    case communicationSeconds = "communication"
  }
}

/// A weights file that was written.
package struct WeightsWritten: Codable, Sendable, Hashable {
  package var path: String
  /// The epoch whose weights it holds, from 1.
  package var epoch: Int
  /// Whether the epoch is the best so far.
  package var isBest: Bool

  enum CodingKeys: String, CodingKey {
    case path, epoch
    case isBest = "best"
  }
}

/// The results of a run.
package struct TrainingSummary: Codable, Sendable, Hashable {
  package var run: String
  package var weights: String
  /// SHA-256 of that file.
  package var weightsSHA256: String
  /// Epochs that were trained to their end.
  package var epochs: Int
  /// The epoch whose weights are kept, from 1; 0 where a signal came before the first was over, or
  /// none was better than the solved last layer that training started from.
  package var bestEpoch: Int
  /// Accuracy of the kept weights on the validation images.
  @AlwaysWritten package var valAccuracy: Double? = nil
  /// The divisor of the model's logits.
  package var temperature = 1.0
  /// Accuracy on the test images, with mirrored views where the model answers so; nil if there
  /// are none or the run was stopped.
  @AlwaysWritten package var testAccuracy: Double? = nil
  /// The same without mirrored views.
  @AlwaysWritten package var testAccuracyPlain: Double? = nil
  @AlwaysWritten package var testLoss: Double? = nil
  /// Wall time.
  package var seconds: Double
  /// Greatest memory of the process.
  package var peakMemoryBytes: Int
  /// The signal that stopped the run; nil if it ran to its end.
  package var stoppedBySignal: Int32?
  /// The reason why the run ended; nil in records of earlier versions.
  package var endedBy: Ending?
  /// Epochs that were asked for; nil in what earlier versions wrote.
  package var askedEpochs: Int?

  enum CodingKeys: String, CodingKey {
    case run, weights
    case weightsSHA256 = "weights_sha256"
    case epochs
    case bestEpoch = "best_epoch"
    case valAccuracy = "val_accuracy"
    case temperature
    case testAccuracy = "test_accuracy"
    case testAccuracyPlain = "test_accuracy_plain"
    case testLoss = "test_loss"
    case seconds
    case peakMemoryBytes = "peak_memory_bytes"
    case stoppedBySignal = "stopped_by_signal"
    case endedBy = "ended_by"
    case askedEpochs = "asked_epochs"
  }
}
