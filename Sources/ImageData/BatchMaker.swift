internal import KernelInterface
internal import Primitives

/// Says which pictures make up each batch.
final class BatchMaker {
  let plan: BatchPlan
  private let store: ImageStore
  private let pass: AugmentationPass
  private var order: [Int] = []
  private var orderEpoch: Int?

  init(store: ImageStore, plan: BatchPlan, kernels: KernelTable) {
    self.store = store
    self.plan = plan
    pass = AugmentationPass(
      plan.augmentation, plan.preprocessing, seed: plan.seed, kernels: kernels.images)
  }

  /// Floats of the largest picture of all epochs.
  var largestTensor: Int {
    3 * (plan.epochs.map { plan.size(of: $0) }.map { $0.width * $0.height }.max() ?? 0)
  }

  /// Floats of the largest batch of all epochs.
  var largestBatch: Int { largestTensor * min(plan.batchSize, max(1, plan.indices.count)) }

  /// The pictures of an epoch in the order of its batches.
  func order(of epoch: Int) -> [Int] {
    if orderEpoch != epoch {
      order = plan.indices
      if plan.shuffles {
        var stream = RandomStream(seed: plan.seed, purpose: .shuffle, epoch: epoch)
        order = stream.shuffledIndices(order.count).map { plan.indices[$0] }
      }
      orderEpoch = epoch
    }
    return order
  }

  /// The pictures of a batch, to be written to `target` one by one.
  func begin(
    _ epoch: Int, _ index: Int, into target: UnsafeMutableBufferPointer<Float>
  ) -> PreparedBatch {
    let order = order(of: epoch)
    let start = index * plan.batchSize
    let samples = Array(order[start..<min(order.count, start + plan.batchSize)])
    return prepare(samples, epoch, index, into: target)
  }

  /// Samples as they are in an epoch, to be written to `target` one by one.
  func prepare(
    _ samples: [Int], _ epoch: Int, _ index: Int, into target: UnsafeMutableBufferPointer<Float>
  ) -> PreparedBatch {
    let size = plan.size(of: epoch)
    let count = samples.count * 3 * size.width * size.height
    return PreparedBatch(
      batch: Batch(
        pixels: UnsafeBufferPointer(rebasing: target[0..<count]),
        targets: store.targets(samples), samples: samples, width: size.width,
        height: size.height, epoch: epoch, index: index, mixture: mixture(samples, epoch)),
      target: UnsafeMutableBufferPointer(rebasing: target[0..<count]), pass: pass, store: store)
  }

  /// Whom the samples are blended with.
  private func mixture(_ samples: [Int], _ epoch: Int) -> BatchMixture? {
    guard plan.augmentation.mixup > 0 else { return nil }
    let draws = samples.map { sample in
      MixupDraw(
        alpha: plan.augmentation.mixup, count: plan.indices.count, seed: plan.seed, epoch: epoch,
        sample: sample)
    }
    let partners = draws.map { plan.indices[$0.partner] }
    return BatchMixture(
      samples: partners, targets: store.targets(partners), shares: draws.map(\.share))
  }
}

/// A batch whose pictures are still to be written, in any order and on any threads.
struct PreparedBatch: @unchecked Sendable {
  let batch: Batch
  let target: UnsafeMutableBufferPointer<Float>
  let pass: AugmentationPass
  let store: ImageStore

  /// Writes the tensor of one picture.
  func write(_ position: Int) {
    guard let base = target.baseAddress else { return }
    let size = (width: batch.width, height: batch.height)
    let sample = batch.samples[position]
    let mixture = batch.mixture
    pass.write(
      bytes(sample), sample: sample, epoch: batch.epoch,
      partner: mixture.map { bytes($0.samples[position]) },
      share: mixture?.shares[position] ?? 1, size: size,
      into: base + position * 3 * size.width * size.height)
  }

  private func bytes(_ sample: Int) -> PictureBytes {
    PictureBytes(pixels: store.pixels(sample), size: store.size(of: sample))
  }
}
