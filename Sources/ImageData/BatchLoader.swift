import Glibc
package import KernelInterface
internal import Primitives

/// One batch, ready for the network.
package struct Batch {
  /// count x height x width x 3 floats, valid until the next call of `next`.
  package var pixels: UnsafeBufferPointer<Float>
  /// The class of each picture.
  package var targets: [Int32]
  /// The index in the store of each picture.
  package var samples: [Int]
  /// The pictures; the last batch of an epoch may have fewer than the others.
  package var count: Int { targets.count }
  /// Pixels across.
  package var width: Int
  /// Pixels down.
  package var height: Int
  /// The epoch it belongs to.
  package var epoch: Int
  /// Its place in the epoch.
  package var index: Int
}

/// What a loader prepares: which pictures, in which order, changed how.
package struct BatchPlan: Sendable {
  /// The pictures, as indices of the store.
  package var indices: [Int]
  /// Pictures a batch.
  package var batchSize: Int
  /// Whether the pictures left over at the end of an epoch are left out.
  package var dropsLast: Bool
  /// Whether each epoch has an order of its own.
  package var shuffles: Bool
  /// What order and changes are drawn from.
  package var seed: UInt64
  /// How pictures are changed.
  package var augmentation: Augmentation
  /// Mean and deviation, and the size unless `size` gives another.
  package var preprocessing: Preprocessing
  /// The epochs to prepare, one after the other without a pause.
  package var epochs: Range<Int>
  /// The first batch of the first epoch, to go on in the middle of one.
  package var firstBatch: Int
  /// The size of an epoch's batches; nil for the preprocessing's.
  package var size: (@Sendable (_ epoch: Int) -> (width: Int, height: Int))?

  /// A plan for the given pictures.
  package init(
    indices: [Int], batchSize: Int, dropsLast: Bool = false, shuffles: Bool = true,
    seed: UInt64 = 0, augmentation: Augmentation = .none, preprocessing: Preprocessing,
    epochs: Range<Int>, firstBatch: Int = 0,
    size: (@Sendable (_ epoch: Int) -> (width: Int, height: Int))? = nil
  ) {
    precondition(batchSize > 0 && firstBatch >= 0, "a batch has at least one picture")
    self.indices = indices
    self.batchSize = batchSize
    self.dropsLast = dropsLast
    self.shuffles = shuffles
    self.seed = seed
    self.augmentation = augmentation
    self.preprocessing = preprocessing
    self.epochs = epochs
    self.firstBatch = firstBatch
    self.size = size
  }

  /// Batches of a whole epoch.
  package var batchesPerEpoch: Int {
    dropsLast ? indices.count / batchSize : (indices.count + batchSize - 1) / batchSize
  }

  func size(of epoch: Int) -> (width: Int, height: Int) {
    size?(epoch) ?? (preprocessing.width, preprocessing.height)
  }
}

/// Prepares batches on a thread of its own, beside training.
///
/// The order is drawn from (seed, epoch), each picture's changes from (seed, epoch, index), so
/// the numbers do not depend on timing. A class, because it owns the thread and the batches.
package final class BatchLoader {
  private let state: LoaderState
  private var thread: pthread_t?
  private var epoch: Int
  private var index: Int
  private var isHolding = false

  /// Seconds that `next` has waited for batches.
  package private(set) var waitSeconds = 0.0

  /// Seconds that the thread has worked on batches.
  package var preparationSeconds: Double { state.preparationSeconds }

  /// Starts to prepare the plan's batches from a store; `ring` batches are kept at most.
  package init(store: ImageStore, plan: BatchPlan, kernels: KernelTable, ring: Int = 3) {
    precondition(ring >= 2, "one batch is prepared while another is used")
    epoch = plan.epochs.lowerBound
    index = plan.firstBatch
    state = LoaderState(BatchMaker(store: store, plan: plan, kernels: kernels), ring: ring)
    let argument = Unmanaged.passRetained(state)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<LoaderState>.fromOpaque(raw).takeRetainedValue().prepareAll()
        return nil
      }, argument.toOpaque())
    if status == 0 {
      self.thread = thread
    } else {
      argument.release()
    }
  }

  deinit {
    state.stop()
    if let thread { pthread_join(thread, nil) }
  }

  /// The next batch, or nil once after the last batch of each epoch, and at the end.
  package func next() -> Batch? {
    if isHolding {
      state.release()
      isHolding = false
    }
    let plan = state.maker.plan
    guard plan.epochs.contains(epoch) else { return nil }
    if index >= plan.batchesPerEpoch {
      epoch += 1
      index = 0
      return nil
    }
    // Without a thread batches are made here.
    if thread == nil { state.prepare(epoch, index) }
    let start = ContinuousClock.now
    let batch = state.take()
    waitSeconds += (ContinuousClock.now - start) / .seconds(1)
    isHolding = true
    index += 1
    return batch
  }
}

/// What the loader and its thread share: a ring of batches and how many were made and used.
private final class LoaderState: @unchecked Sendable {
  let maker: BatchMaker
  private let monitor = Monitor()
  private let buffers: [UnsafeMutableBufferPointer<Float>]
  private var batches: [Batch?]
  private var made = 0
  private var used = 0
  private var isStopping = false
  private var seconds = 0.0

  init(_ maker: BatchMaker, ring: Int) {
    self.maker = maker
    buffers = (0..<ring).map { _ in .allocate(capacity: maker.largestBatch) }
    batches = [Batch?](repeating: nil, count: ring)
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }

  var preparationSeconds: Double { monitor.change { seconds } }

  func prepareAll() {
    let plan = maker.plan
    for epoch in plan.epochs {
      let first = epoch == plan.epochs.lowerBound ? plan.firstBatch : 0
      for index in first..<max(first, plan.batchesPerEpoch) {
        if !prepare(epoch, index) { return }
      }
    }
  }

  /// Makes one batch as soon as there is room; false if the loader is gone.
  @discardableResult
  func prepare(_ epoch: Int, _ index: Int) -> Bool {
    let place = monitor.wait {
      isStopping || made - used < buffers.count
    } then: {
      isStopping ? nil : made % buffers.count
    }
    guard let place else { return false }
    let start = ContinuousClock.now
    let batch = maker.make(epoch, index, into: buffers[place])
    let spent = (ContinuousClock.now - start) / .seconds(1)
    monitor.change {
      batches[place] = batch
      made += 1
      seconds += spent
    }
    return true
  }

  func take() -> Batch? {
    monitor.wait {
      made > used
    } then: {
      batches[used % buffers.count]
    }
  }

  func release() {
    monitor.change { used += 1 }
  }

  func stop() {
    monitor.change { isStopping = true }
  }
}
