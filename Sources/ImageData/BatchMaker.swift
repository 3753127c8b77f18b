internal import KernelInterface
internal import Primitives

/// Says which pictures make up each batch.
final class BatchMaker {
  let plan: BatchPlan
  private let store: ImageStore
  private let kernels: KernelTable
  private var order: [Int] = []
  private var orderEpoch: Int?

  init(store: ImageStore, plan: BatchPlan, kernels: KernelTable) {
    self.store = store
    self.plan = plan
    self.kernels = kernels
  }

  /// Floats of the largest batch of all epochs.
  var largestBatch: Int {
    let largest = plan.epochs.map { plan.size(of: $0) }.map { $0.width * $0.height }.max() ?? 0
    return 3 * largest * min(plan.batchSize, max(1, plan.indices.count))
  }

  /// The pictures of a batch, to be written to `target` one by one.
  func begin(
    _ epoch: Int, _ index: Int, into target: UnsafeMutableBufferPointer<Float>
  ) -> PreparedBatch {
    if orderEpoch != epoch {
      order = plan.indices
      if plan.shuffles {
        var stream = RandomStream(seed: plan.seed, purpose: .shuffle, epoch: epoch)
        order = stream.shuffledIndices(order.count).map { plan.indices[$0] }
      }
      orderEpoch = epoch
    }
    let start = index * plan.batchSize
    let samples = Array(order[start..<min(order.count, start + plan.batchSize)])
    let size = plan.size(of: epoch)
    let count = samples.count * 3 * size.width * size.height
    return PreparedBatch(
      batch: Batch(
        pixels: UnsafeBufferPointer(rebasing: target[0..<count]),
        targets: store.targets(samples), samples: samples, width: size.width,
        height: size.height, epoch: epoch, index: index),
      target: UnsafeMutableBufferPointer(rebasing: target[0..<count]), plan: plan, store: store,
      kernels: kernels)
  }
}

/// A batch whose pictures are still to be written, in any order and on any threads.
struct PreparedBatch: @unchecked Sendable {
  let batch: Batch
  let target: UnsafeMutableBufferPointer<Float>
  let plan: BatchPlan
  let store: ImageStore
  let kernels: KernelTable

  /// Writes the tensor of one picture.
  func write(_ position: Int) {
    let size = (width: batch.width, height: batch.height)
    let count = 3 * size.width * size.height
    write(
      batch.samples[position], batch.epoch, size,
      into: UnsafeMutableBufferPointer(
        rebasing: target[(position * count)..<((position + 1) * count)]))
  }

  private func write(
    _ sample: Int, _ epoch: Int, _ size: (width: Int, height: Int),
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    guard let base = target.baseAddress else { return }
    let source = store.size(of: sample)
    if plan.augmentation == .none && source == size {
      kernels.images.normalize(
        store.pixels(sample), size.width * size.height, plan.preprocessing.scale,
        plan.preprocessing.offset, base)
      return
    }
    var stream = RandomStream(
      seed: plan.seed, purpose: .augmentation, epoch: epoch, sample: sample)
    let draw = AugmentationDraw(plan.augmentation, &stream)
    let parameters = draw.parameters(source: source, target: size, plan.preprocessing)
    withUnsafeTemporaryAllocation(byteCount: 4 * 1216, alignment: 64) { bytes in
      let scratch = bytes.bindMemory(to: Float.self)
      guard let scratch = scratch.baseAddress else { return }
      kernels.images.sampleAffine(
        store.pixels(sample), source.width, source.height, base, size.width, size.height,
        parameters, plan.augmentation.fill.kernelCode, scratch)
    }
    cutOut(draw, size, target)
  }

  /// Sets a square to the mean, which is zero after scaling.
  private func cutOut(
    _ draw: AugmentationDraw, _ size: (width: Int, height: Int),
    _ target: UnsafeMutableBufferPointer<Float>
  ) {
    guard draw.cutout > 0 else { return }
    func span(_ center: Double, _ side: Int) -> Range<Int> {
      let length = draw.cutout * Double(side)
      let first = Int((center * Double(side) - length / 2).rounded())
      let lower = min(side, max(0, first))
      return lower..<max(lower, min(side, first + Int(length.rounded())))
    }
    let columns = span(draw.cutoutX, size.width)
    for row in span(draw.cutoutY, size.height) {
      let start = 3 * row * size.width
      target[(start + 3 * columns.lowerBound)..<(start + 3 * columns.upperBound)]
        .update(repeating: 0)
    }
  }
}

extension BorderFill {
  /// How `ImageKernels.SampleAffine` names it.
  var kernelCode: Int {
    switch self {
    case .nearest: 0
    case .reflect: 1
    case .constant: 2
    }
  }
}
