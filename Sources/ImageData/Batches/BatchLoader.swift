package import Compute
package import KernelTypes
package import Ranks
internal import Synchronization

/// One batch, or this process's part of it, ready for the network.
package struct Batch {
  /// count x height x width x 3 floats, valid until the next call of `next`.
  package var pixels: UnsafeBufferPointer<Float>
  package var targets: [Int32]
  /// The index in the store of each image.
  package var samples: [Int]
  /// The index in the store of each image of the whole batch, the other processes' among them.
  package var whole: [Int]
  /// The place of the first image in the whole batch.
  package var offset: Int
  /// The images; a part of a small batch may have none.
  package var count: Int { targets.count }
  package var width: Int
  package var height: Int
  package var epoch: Int
  /// Its place in the epoch.
  package var index: Int
  /// The blending of the images; nil without mixup and CutMix.
  package var mixture: BatchMixture?
}

/// A loader's plan: the images, their order and their augmentation.
package struct BatchPlan: Sendable {
  /// The images, as indices of the store.
  package var indices: [Int]
  /// Images per batch at most, those of all processes.
  package var batchSize: Int
  /// Whether each epoch has its own order.
  package var shuffles: Bool
  package var seed: UInt64
  package var augmentation: Augmentation
  /// Mean and deviation, and the size unless `size` gives another.
  package var preprocessing: Preprocessing
  /// The epochs to prepare, one after the other without a pause.
  package var epochs: Range<Int>
  /// The first batch of the first epoch, to continue in the middle of one.
  package var firstBatch: Int
  /// The size of an epoch's batches; nil for the preprocessing's.
  package var size: (@Sendable (_ epoch: Int) -> (width: Int, height: Int))?
  /// The processes that each prepare their part of every batch.
  package var group: Group

  package init(
    indices: [Int], batchSize: Int, shuffles: Bool = true, seed: UInt64 = 0,
    augmentation: Augmentation = .none, preprocessing: Preprocessing,
    epochs: Range<Int>, firstBatch: Int = 0,
    size: (@Sendable (_ epoch: Int) -> (width: Int, height: Int))? = nil,
    group: Group = Group()
  ) {
    precondition(batchSize > 0 && firstBatch >= 0, "a batch has at least one image")
    (self.indices, self.batchSize, self.shuffles, self.seed) = (indices, batchSize, shuffles, seed)
    (self.augmentation, self.preprocessing, self.epochs) = (augmentation, preprocessing, epochs)
    (self.firstBatch, self.size, self.group) = (firstBatch, size, group)
  }

  package var batches: EvenBatches { EvenBatches(of: indices.count, atMost: batchSize) }

  package var batchesPerEpoch: Int { batches.count }

  func size(of epoch: Int) -> (width: Int, height: Int) {
    size?(epoch) ?? (preprocessing.width, preprocessing.height)
  }
}

/// Prepares batches on the threads of a pool, in the gaps of what else they do.
///
/// While a batch is used, the images of the next one are tasks for threads that would wait. The
/// order is drawn from (seed, epoch), each image's changes from (seed, epoch, index), so the
/// numbers depend neither on timing nor on threads, nor on how many processes share the batches. A
/// class, because it owns the batches.
package final class BatchLoader {
  private let maker: BatchMaker
  private let workers: WorkerPool
  private let buffers: [UnsafeMutableBufferPointer<Float>]
  private let work: Work
  private var epoch: Int
  private var index: Int
  /// The batch of (`epoch`, `index`), where it has been started.
  private var begun: PreparedBatch?
  private var isOffered = false
  private var made = 0

  /// Seconds that `next` has waited for batches.
  package private(set) var waitSeconds = 0.0

  /// Seconds that threads have spent on reading and decoding images, summed over the threads.
  ///
  /// Nothing where all images are kept in memory.
  package var decodeSeconds: Double {
    Double(work.fetching.load(ordering: .relaxed)) * 1e-9
  }

  /// Seconds that threads have spent on changing images, summed over the threads.
  package var augmentSeconds: Double {
    Double(work.augmenting.load(ordering: .relaxed)) * 1e-9
  }

  /// A loader of the plan's batches from a store; nothing is prepared before the first is wanted.
  package init(store: ImageStore, plan: BatchPlan, kernels: KernelTable, workers: WorkerPool) {
    epoch = plan.epochs.lowerBound
    index = plan.firstBatch
    maker = BatchMaker(store: store, plan: plan, kernels: kernels)
    self.workers = workers
    let capacity = maker.largestBatch
    buffers = (0..<2).map { _ in .allocate(capacity: capacity) }
    work = Work()
  }

  deinit {
    if isOffered { workers.finishOffer(isDropped: true) }
    for buffer in buffers { buffer.deallocate() }
  }

  /// The next batch, or nil once after the last batch of each epoch, and at the end.
  ///
  /// Errors: an image that is not kept in memory and can no longer be read.
  package func next() throws(ImageStoreError) -> Batch? {
    guard maker.plan.epochs.contains(epoch) else { return nil }
    if index >= maker.plan.batchesPerEpoch {
      epoch += 1
      index = 0
      return nil
    }
    let start = ContinuousClock.now
    let prepared = begun ?? begin(epoch, index)
    if isOffered {
      workers.finishOffer()
      isOffered = false
    } else {
      let write = writer(prepared)
      workers.parallelFor(prepared.batch.count) { image, _ in write(image) }
    }
    waitSeconds += (ContinuousClock.now - start) / .seconds(1)
    if let failure = work.failure.withLock({ $0 }) { throw failure }
    index += 1
    offerFollowing()
    return prepared.batch
  }

  /// Lays out the batch after the one that is about to be used, be it of the next epoch.
  private func offerFollowing() {
    begun = nil
    let isInEpoch = index < maker.plan.batchesPerEpoch
    let next = isInEpoch ? (epoch, index) : (epoch + 1, 0)
    guard maker.plan.epochs.contains(next.0) else { return }
    let prepared = begin(next.0, next.1)
    begun = prepared
    isOffered = workers.offer(prepared.batch.count, writer(prepared))
  }

  private func begin(_ epoch: Int, _ index: Int) -> PreparedBatch {
    made += 1
    return maker.begin(epoch, index, into: buffers[made % buffers.count])
  }

  /// A function that writes one image of a batch.
  private func writer(_ prepared: PreparedBatch) -> @Sendable (Int) -> Void {
    let work = work
    let isInMemory = prepared.store.isInMemory
    return { image in
      let start = ContinuousClock.now
      do throws(ImageStoreError) {
        let spent = try prepared.write(image)
        let fetching = isInMemory ? .zero : spent
        let augmenting = ContinuousClock.now - start - fetching
        work.fetching.wrappingAdd(Int(fetching / .nanoseconds(1)), ordering: .relaxed)
        work.augmenting.wrappingAdd(Int(augmenting / .nanoseconds(1)), ordering: .relaxed)
      } catch {
        work.failure.withLock { $0 = $0 ?? error }
      }
    }
  }

  /// The results of tasks, kept apart from the loader, which the tasks must not retain.
  private final class Work: Sendable {
    let fetching = Atomic<Int>(0)
    let augmenting = Atomic<Int>(0)
    /// The first image that could not be read.
    let failure = Mutex<ImageStoreError?>(nil)
  }
}
