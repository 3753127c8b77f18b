import Glibc
package import KernelInterface
internal import Primitives
internal import Synchronization

extension ImageStore {
  /// Bytes that the pixels of so many pictures take.
  package static func byteCount(pictures: Int, width: Int, height: Int) -> Int {
    3 * width * height * pictures
  }

  /// Reads, hashes, decodes and resizes the pictures of some splits, each file once.
  ///
  /// Files of the training folder are dealt by `content` to the splits that have no folder;
  /// those of splits not asked for are hashed and left. `trainingSize` is the size of training
  /// pictures (the network's if nil). `cache` says where the pixels are kept; a file of an earlier
  /// load of the same files is used as it is. `progress` is called on the caller's thread now and
  /// then, and with done == total at the end. With a fraction the training folder is hashed first.
  package static func load(
    _ dataset: Dataset, splits: [Split], content: ContentSplit = ContentSplit(),
    preprocessing: Preprocessing, trainingSize: (width: Int, height: Int)? = nil,
    cache: PictureCache = PictureCache(), workers: WorkerPool, kernels: KernelTable,
    shouldStop: () -> Bool = { false },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(ImageStoreError) -> ImageStore {
    let plan = ImageStorePlan(
      dataset, splits, content, preprocessing,
      trainingSize ?? (preprocessing.width, preprocessing.height))
    let loading = ImageStoreLoading(
      plan: plan, readers: plan.readers(kernels), workers: workers)
    func tick(_ done: Int, _ total: Int) -> Bool {
      progress(done, total)
      return shouldStop()
    }
    return switch try cache.place(bytes: plan.byteCount, root: plan.root) {
    case .ram: try loading.intoMemory(tick)
    case .off: try loading.intoNothing(tick)
    case .disk: try loading.intoFile(of: cache, tick)
    }
  }
}

/// Loading in progress.
private struct ImageStoreLoading {
  let plan: ImageStorePlan
  let readers: ImageStorePlan.Readers
  let workers: WorkerPool

  /// Takes note of the pictures that are done and says whether to stop.
  typealias Tick = (_ done: Int, _ total: Int) -> Bool

  func intoMemory(_ tick: Tick) throws(ImageStoreError) -> ImageStore {
    let bytes = plan.byteCount + PixelSource.slack
    // Untouched pages cost nothing.
    guard let memory = malloc(bytes) else { throw .outOfMemory(bytes: plan.byteCount) }
    let source = PixelSource(memory: memory, slotBytes: plan.slotBytes)
    nonisolated(unsafe) let slots = UnsafeMutableRawBufferPointer(start: memory, count: bytes)
    let slotBytes = plan.slotBytes
    let outcomes = try read(tick) { index, pixels in
      UnsafeMutableRawBufferPointer(rebasing: slots[(index * slotBytes)...])
        .copyBytes(from: pixels)
    }
    return ImageStore(source, plan: plan, outcomes: outcomes)
  }

  func intoNothing(_ tick: Tick) throws(ImageStoreError) -> ImageStore {
    let outcomes = try read(tick) { _, _ in }
    return ImageStore(
      PixelSource(readers, slotBytes: plan.slotBytes), plan: plan, outcomes: outcomes)
  }

  /// Takes the file of an earlier run, or makes it; `auto` does without where that fails.
  func intoFile(of cache: PictureCache, _ tick: Tick) throws(ImageStoreError) -> ImageStore {
    do throws(ImageStoreError) {
      guard let folder = cache.folder else {
        throw .cache(path: "the cache folder", reason: "HOME is not set")
      }
      return try intoFile(in: CacheFolder(folder, outside: plan.root), tick)
    } catch {
      switch error {
      case .cache where cache.policy == .auto, .noRoom where cache.policy == .auto:
        return try intoNothing(tick)
      default: throw error
      }
    }
  }

  private func intoFile(in folder: CacheFolder, _ tick: Tick) throws(ImageStoreError) -> ImageStore
  {
    let key = plan.cacheKey()
    let path = folder.path + "/" + key.name
    let total = plan.candidates.count
    if let file = PictureCacheFile(
      path, key: key.text, slotBytes: plan.slotBytes, count: total, times: key.times)
    {
      if tick(total, total) { throw .stopped }
      return ImageStore(
        PixelSource(file, readers, slotBytes: plan.slotBytes), plan: plan,
        outcomes: file.outcomes)
    }
    folder.tidy()
    let writer = try PictureCacheFile.Writer(path, slotBytes: plan.slotBytes, count: total)
    let failure = Mutex<ImageStoreError?>(nil)
    let outcomes = try read(tick, hasFailed: { failure.withLock { $0 != nil } }) { index, pixels in
      do throws(ImageStoreError) { try writer.write(pixels, slot: index) } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    // What may have failed for want of something that comes back is not to be remembered.
    let isFinal = outcomes.allSatisfy { ![.unreadable, .tooSlow].contains($0.failure?.code) }
    let file = try writer.finish(
      PictureCacheFile.Index(key: key.text, outcomes: outcomes), isKept: isFinal)
    return ImageStore(
      PixelSource(file, readers, slotBytes: plan.slotBytes), plan: plan, outcomes: outcomes)
  }

  /// Reads every file on all threads and hands the pictures to `keep` on any of them.
  ///
  /// Stops early, with what there is, once `hasFailed` says so.
  private func read(
    _ tick: Tick, hasFailed: @Sendable () -> Bool = { false },
    keep: @Sendable (_ index: Int, _ pixels: [UInt8]) -> Void
  ) throws(ImageStoreError) -> [ImageStoreOutcome] {
    let total = plan.candidates.count
    var outcomes = [ImageStoreOutcome](repeating: ImageStoreOutcome(), count: total)
    let isStopped = Atomic(false)
    let left =
      plan.content.fraction < 1
      ? plan.leftOut(workers) { worker in
        if worker == 0, tick(0, total) { isStopped.store(true, ordering: .relaxed) }
        return isStopped.load(ordering: .relaxed)
      } : []
    let done = Atomic(0)
    let (plan, readers) = (plan, readers)
    outcomes.withUnsafeMutableBufferPointer { outcomes in
      // Each task writes its own element.
      nonisolated(unsafe) let outcomes = outcomes
      workers.parallelFor(total) { index, worker in
        if isStopped.load(ordering: .relaxed) || left.contains(index) || hasFailed() { return }
        outcomes[index] = plan.outcome(of: plan.candidates[index], readers) { keep(index, $0) }
        let count = done.add(1, ordering: .relaxed).newValue
        // Worker 0 is the caller's thread.
        if worker == 0, tick(count, total - left.count) {
          isStopped.store(true, ordering: .relaxed)
        }
      }
    }
    // The other threads may have taken every picture before the caller's came to ask.
    let isLate = tick(total - left.count, total - left.count)
    if isLate || isStopped.load(ordering: .relaxed) { throw .stopped }
    return outcomes
  }
}
