package import Compute
import Glibc
internal import KernelTypes
internal import Synchronization

extension ImageStore {
  /// Bytes that the pixels of the given number of images take.
  package static func byteCount(pictures: Int, width: Int, height: Int) -> Int {
    3 * width * height * pictures
  }

  /// Reads, hashes, decodes and resizes the images of some splits, each file once but for the few
  /// that turn out to belong to another split than was expected.
  ///
  /// Files of the training folder are dealt by `content` to the splits that have no folder;
  /// those of splits not asked for are hashed and left. `trainingSize` is the size of training
  /// images (the network's if nil). `cache` says where the pixels are kept; a file of an earlier
  /// load of the same files is used as it is. `progress` is called on the caller's thread now and
  /// then, and with done == total at the end. With a fraction the training folder is hashed first.
  ///
  /// With a share this process reads its part alone and learns the rest from the others; what the
  /// store says is the same on all, and that of one process. Images that others have decoded are
  /// decoded when first wanted, and checked then.
  package static func load(
    _ dataset: Dataset, splits: [Split], content: ContentSplit = ContentSplit(),
    preprocessing: Preprocessing, trainingSize: (width: Int, height: Int)? = nil,
    cache: PictureCache = PictureCache(), share: LoadingShare? = nil, workers: WorkerPool,
    kernels: KernelTable,
    shouldStop: () -> Bool = { false },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(ImageStoreError) -> ImageStore {
    let plan = ImageStorePlan(
      dataset, splits, content, preprocessing,
      trainingSize ?? (preprocessing.width, preprocessing.height))
    let reading = FileReading(plan: plan, readers: plan.readers(kernels), workers: workers)
    // Also by a run that makes no file itself, as none may do so for long.
    if cache.policy != .off, let folder = cache.folder, share?.isFirstOfNode ?? true,
      !Dataset.lies(folder, in: plan.root)
    {
      CacheFolder.tidy(folder)
    }
    func tick(_ done: Int, _ total: Int) -> Bool {
      progress(done, total)
      return shouldStop()
    }
    if let share {
      let loading = try SharedLoading(reading, cache, share) { tick(0, plan.candidates.count) }
      return try loading.load(tick)
    }
    let loading = ImageStoreLoading(plan: plan, reading: reading)
    return switch try cache.place(bytes: plan.byteCount, root: plan.root) {
    case .ram: try loading.intoMemory(tick)
    case .off: try loading.intoNothing(tick)
    case .disk: try loading.intoFile(of: cache, tick)
    }
  }
}

/// Loading by one process.
private struct ImageStoreLoading {
  let plan: ImageStorePlan
  let reading: FileReading

  typealias Tick = FileReading.Tick

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
      PixelSource(reading.readers, slotBytes: plan.slotBytes), plan: plan, outcomes: outcomes)
  }

  /// Takes the file of an earlier run, or makes it; `auto` does without where that fails.
  func intoFile(of cache: PictureCache, _ tick: Tick) throws(ImageStoreError) -> ImageStore {
    do throws(ImageStoreError) {
      return try intoFile(CacheEntry(plan, cache), tick)
    } catch {
      guard error.isOfCache, cache.policy == .auto else { throw error }
      return try intoNothing(tick)
    }
  }

  private func intoFile(_ entry: CacheEntry, _ tick: Tick) throws(ImageStoreError) -> ImageStore {
    let total = plan.candidates.count
    if let file = entry.find() {
      if tick(total, total) { throw .stopped }
      return ImageStore(
        PixelSource(file, reading.readers, slotBytes: plan.slotBytes), plan: plan,
        outcomes: file.outcomes)
    }
    let writer = try entry.make()
    let failure = Mutex<ImageStoreError?>(nil)
    let outcomes = try read(tick, hasFailed: { failure.withLock { $0 != nil } }) { index, pixels in
      do throws(ImageStoreError) { try writer.write(pixels, slot: index) } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let file = try writer.finish(outcomes)
    return ImageStore(
      PixelSource(file, reading.readers, slotBytes: plan.slotBytes), plan: plan, outcomes: outcomes)
  }

  /// Reads every file that a fraction does not leave out.
  private func read(
    _ tick: Tick, hasFailed: @Sendable () -> Bool = { false }, keep: FileReading.Keep
  ) throws(ImageStoreError) -> [ImageStoreOutcome] {
    let all = Array(plan.candidates.indices)
    var left: Set<Int> = []
    if plan.content.fraction < 1 {
      left = plan.leftOut(try reading.contentRanks(all) { tick(0, all.count) })
    }
    let used = left.isEmpty ? all : all.filter { !left.contains($0) }
    var reading = reading
    reading.plan.expect(used)
    var outcomes = [ImageStoreOutcome](repeating: ImageStoreOutcome(), count: all.count)
    let found = try reading.outcomes(
      used, { tick($0, used.count) }, hasFailed: hasFailed, keep: keep)
    for (index, outcome) in zip(used, found) { outcomes[index] = outcome }
    if hasFailed() { return outcomes }
    let again = reading.plan.settle(&outcomes)
    let settled = try reading.outcomes(
      again, { _ in tick(used.count, used.count) }, hasFailed: hasFailed, keep: keep)
    for (index, outcome) in zip(again, settled) {
      guard outcome.digest == outcomes[index].digest || hasFailed() else {
        throw .changed(path: plan.candidates[index].sample.path)
      }
      outcomes[index] = outcome
    }
    return outcomes
  }
}
