internal import CNN
internal import ImageData

/// The input of one training step.
struct TrainingBatch {
  /// Rows of the trained network's input, valid until the next batch.
  var pixels: UnsafeBufferPointer<Float>
  /// The class of each row.
  var targets: [Int32]
  /// The second classes where rows are blends of two.
  var mixture: TargetMixture?
  /// The images of the whole batch, of which several processes have a part each.
  var whole: [Int]
  /// The place of the first row in the whole batch.
  var offset: Int
}

/// The batches of all epochs, one after the other.
protocol BatchSource: AnyObject {
  /// The next batch, or nil once after the last one of each epoch.
  func next() throws -> TrainingBatch?
  /// Seconds spent so far on waiting, reading and changing images.
  var seconds: BatchSeconds { get }
}

/// The time spent on preparing batches, summed over the threads except for the waiting.
struct BatchSeconds: Codable, Sendable {
  var wait = 0.0
  var decode = 0.0
  var augment = 0.0
}

extension TrainingBatch {
  /// A loader's batch.
  init(_ batch: Batch) {
    pixels = batch.pixels
    targets = batch.targets
    mixture = batch.mixture.map { TargetMixture(targets: $0.targets, shares: $0.shares) }
    whole = batch.whole
    offset = batch.offset
  }
}

/// Images from a loader.
final class ImageBatches: BatchSource {
  private let loader: BatchLoader

  init(_ loader: BatchLoader) { self.loader = loader }

  func next() throws -> TrainingBatch? { try loader.next().map(TrainingBatch.init) }

  var seconds: BatchSeconds {
    BatchSeconds(
      wait: loader.waitSeconds, decode: loader.decodeSeconds, augment: loader.augmentSeconds)
  }
}
