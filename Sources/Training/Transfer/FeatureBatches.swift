internal import ImageData
internal import Primitives
internal import Ranks

/// Features in the order in which the images themselves would come.
///
/// Epoch e has view e of each image, and starts over with the first where there are no more.
final class FeatureBatches: BatchSource {
  private let store: FeatureStore
  private let images: Int
  private let plan: BatchPlan
  private let rows: UnsafeMutableBufferPointer<Float>
  private var epoch: Int
  private var index: Int
  private var order: [Int] = []

  /// Batches of a store in the order of `plan`.
  init(_ store: FeatureStore, plan: BatchPlan) {
    self.store = store
    self.plan = plan
    images = plan.indices.count
    epoch = plan.epochs.lowerBound
    index = plan.firstBatch
    rows = .allocate(capacity: plan.batches.largest * store.features)
  }

  deinit { rows.deallocate() }

  var seconds: BatchSeconds { BatchSeconds() }

  func next() -> TrainingBatch? {
    guard plan.epochs.contains(epoch) else { return nil }
    guard index < plan.batchesPerEpoch else {
      epoch += 1
      index = 0
      return nil
    }
    if index == 0 || order.isEmpty {
      var stream = RandomStream(seed: plan.seed, purpose: .shuffle, epoch: epoch)
      order = stream.shuffledIndices(images)
    }
    let places = order[plan.batches[index]]
    index += 1
    return store.batch(
      places, plan.group.range(of: places.count), view: epoch % store.views, into: rows)
  }
}
