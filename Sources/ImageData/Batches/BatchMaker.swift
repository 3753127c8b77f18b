internal import KernelTypes
internal import Primitives
internal import Ranks

/// Says which images make up each batch.
final class BatchMaker {
  let plan: BatchPlan
  private let store: ImageStore
  private let pass: AugmentationPass
  /// Half as large as the indices themselves.
  private var order: [Int32] = []
  private var orderEpoch: Int?

  init(store: ImageStore, plan: BatchPlan, kernels: KernelTable) {
    self.store = store
    self.plan = plan
    pass = AugmentationPass(
      plan.augmentation, plan.preprocessing, seed: plan.seed, kernels: kernels.images)
  }

  /// Floats of the largest image of all epochs.
  var largestTensor: Int {
    3 * (plan.epochs.map { plan.size(of: $0) }.map { $0.width * $0.height }.max() ?? 0)
  }

  /// Floats of the largest part of a batch of all epochs.
  var largestBatch: Int {
    largestTensor * plan.group.largestPart(of: plan.batches.largest)
  }

  func order(of epoch: Int) -> [Int32] {
    if orderEpoch != epoch {
      if plan.shuffles {
        var stream = RandomStream(seed: plan.seed, purpose: .shuffle, epoch: epoch)
        order = stream.shuffledIndices(plan.indices.count).map { Int32(plan.indices[$0]) }
      } else {
        order = plan.indices.map { Int32($0) }
      }
      orderEpoch = epoch
    }
    return order
  }

  /// The images of this process's part of a batch, to be written to `target` one by one.
  func begin(
    _ epoch: Int, _ index: Int, into target: UnsafeMutableBufferPointer<Float>
  ) -> PreparedBatch {
    let whole = order(of: epoch)[plan.batches[index]].map { Int($0) }
    return prepare(whole, plan.group.range(of: whole.count), epoch, index, into: target)
  }

  /// A part of some samples as they are in an epoch, to be written to `target` one by one.
  func prepare(
    _ whole: [Int], _ part: Range<Int>, _ epoch: Int, _ index: Int,
    into target: UnsafeMutableBufferPointer<Float>
  ) -> PreparedBatch {
    let samples = Array(whole[part])
    let size = plan.size(of: epoch)
    let count = samples.count * 3 * size.width * size.height
    return PreparedBatch(
      batch: Batch(
        pixels: UnsafeBufferPointer(rebasing: target[0..<count]),
        targets: store.targets(samples), samples: samples, whole: whole, offset: part.lowerBound,
        width: size.width, height: size.height, epoch: epoch, index: index,
        mixture: mixture(samples, epoch, size)),
      target: UnsafeMutableBufferPointer(rebasing: target[0..<count]), pass: pass, store: store)
  }

  /// Whom the samples are blended with.
  private func mixture(
    _ samples: [Int], _ epoch: Int, _ size: (width: Int, height: Int)
  ) -> BatchMixture? {
    guard plan.augmentation.blends else { return nil }
    let draws = samples.compactMap { sample in
      BlendDraw(
        plan.augmentation, count: plan.indices.count, size: size, seed: plan.seed, epoch: epoch,
        sample: sample)
    }
    let partners = draws.map { plan.indices[$0.partner] }
    return BatchMixture(
      samples: partners, targets: store.targets(partners), shares: draws.map(\.share),
      windows: draws.map(\.window))
  }
}

/// A batch whose images are still to be written, in any order and on any threads.
struct PreparedBatch: @unchecked Sendable {
  let batch: Batch
  let target: UnsafeMutableBufferPointer<Float>
  let pass: AugmentationPass
  let store: ImageStore

  /// Writes the tensor of one image; returns how long its bytes took to come.
  @discardableResult
  func write(_ position: Int) throws(ImageStoreError) -> Duration {
    var fetching = Duration.zero
    let sample = batch.samples[position]
    guard let mixture = batch.mixture else {
      try withImage(sample, &fetching) { write($0, position) }
      return fetching
    }
    var fetchingPartner = Duration.zero
    var failure: ImageStoreError?
    try withImage(sample, &fetching) { image in
      do throws(ImageStoreError) {
        try withImage(mixture.samples[position], &fetchingPartner) { partner in
          let blend = BlendedImage(
            image: partner, share: mixture.shares[position], window: mixture.windows[position])
          write(image, position, blend)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return fetching + fetchingPartner
  }

  private func write(
    _ image: ImageBytes, _ position: Int, _ blend: BlendedImage? = nil
  ) {
    guard let base = target.baseAddress else { return }
    let size = (width: batch.width, height: batch.height)
    pass.write(
      image, sample: batch.samples[position], epoch: batch.epoch, blend: blend,
      size: size, into: base + position * 3 * size.width * size.height)
  }

  private func withImage(
    _ sample: Int, _ fetching: inout Duration, _ body: (ImageBytes) -> Void
  ) throws(ImageStoreError) {
    let start = ContinuousClock.now
    var fetched = start
    try store.withPixels(sample) {
      fetched = ContinuousClock.now
      body(ImageBytes(pixels: $0, size: store.size(of: sample)))
    }
    fetching += fetched - start
  }
}
