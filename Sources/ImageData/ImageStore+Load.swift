import Glibc
package import KernelInterface
internal import Primitives
internal import Synchronization

/// What became of one candidate.
struct ImageStoreOutcome {
  var digest: [UInt8] = []
  var split: Split?
  var failure: ImageFailure?
}

/// What is read for a store, and into how much memory.
struct ImageStorePlan {
  /// A sample and the split whose folder it lies in.
  struct Candidate {
    var sample: Sample
    var folder: Split
  }

  var candidates: [Candidate] = []
  var wanted: Set<Split>
  var content: ContentSplit
  var preprocessing: Preprocessing
  var trainingSize: (width: Int, height: Int)

  init(
    _ dataset: Dataset, _ splits: [Split], _ content: ContentSplit,
    _ preprocessing: Preprocessing, _ trainingSize: (width: Int, height: Int)
  ) {
    wanted = Set(splits)
    self.content = content
    self.preprocessing = preprocessing
    self.trainingSize = trainingSize
    // A folder of its own always goes before a part of the training folder.
    if dataset.splits[.val] != nil { self.content.validation = 0 }
    if dataset.splits[.test] != nil { self.content.test = 0 }
    for folder in Split.allCases {
      let isSource =
        wanted.contains(folder)
        || folder == .train
          && (wanted.contains(.val) && self.content.validation > 0
            || wanted.contains(.test) && self.content.test > 0)
      guard isSource else { continue }
      for sample in dataset.splits[folder] ?? [] {
        candidates.append(Candidate(sample: sample, folder: folder))
      }
    }
  }

  var size: (width: Int, height: Int) { (preprocessing.width, preprocessing.height) }

  /// Bytes from one picture to the next: room for the larger of the two sizes.
  var slotBytes: Int {
    let training = wanted.contains(.train) ? trainingSize.width * trainingSize.height : 0
    return 3 * max(size.width * size.height, training)
  }

  var byteCount: Int { slotBytes * candidates.count }

  func preprocessing(for split: Split) -> Preprocessing {
    split == .train
      ? preprocessing.sized(width: trainingSize.width, height: trainingSize.height) : preprocessing
  }

  func fingerprint(_ outcomes: [ImageStoreOutcome]) -> String {
    var digest = SHA256()
    let steps = preprocessing
    digest.update(
      ("\(steps.width) \(steps.height) \(trainingSize.width) \(trainingSize.height) "
        + "\(steps.resize.rawValue) \(steps.filter.rawValue) \(steps.exif.rawValue) "
        + "\(steps.maxPixels)\n").utf8)
    let lines = zip(candidates, outcomes).compactMap { candidate, outcome -> String? in
      guard outcome.split != nil || outcome.failure != nil else { return nil }
      let use = outcome.split?.rawValue ?? "bad"
      let path = candidate.sample.relativePath
      // The length keeps a name with a line break from looking like two.
      return "\(path.utf8.count) \(path) \(use) \(hexadecimal(outcome.digest))\n"
    }
    for line in lines.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      digest.update(line.utf8)
    }
    return hexadecimal(digest.finalize())
  }
}

extension ImageStore {
  /// Bytes that the pixels of so many pictures take.
  package static func byteCount(pictures: Int, width: Int, height: Int) -> Int {
    3 * width * height * pictures
  }

  /// Reads, hashes, decodes and resizes the pictures of some splits, each file once.
  ///
  /// Files of the training folder are dealt by `content` to the splits that have no folder;
  /// those of splits not asked for are hashed and left. `trainingSize` is the size of training
  /// pictures (the network's if nil). `progress` is called on the caller's thread now and then,
  /// and with done == total at the end. With a fraction the training folder is hashed first.
  package static func load(
    _ dataset: Dataset, splits: [Split], content: ContentSplit = ContentSplit(),
    preprocessing: Preprocessing, trainingSize: (width: Int, height: Int)? = nil,
    workers: WorkerPool, kernels: KernelTable, shouldStop: () -> Bool = { false },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(ImageStoreError) -> ImageStore {
    let plan = ImageStorePlan(
      dataset, splits, content, preprocessing,
      trainingSize ?? (preprocessing.width, preprocessing.height))
    let total = plan.candidates.count
    var outcomes = [ImageStoreOutcome](repeating: ImageStoreOutcome(), count: total)
    let left = plan.content.fraction < 1 ? plan.leftOut(workers) : []
    // Kernels may read a few bytes past the last picture. Untouched pages cost nothing.
    guard let memory = malloc(plan.byteCount + 64) else {
      throw .outOfMemory(bytes: plan.byteCount)
    }
    let isStopped = Atomic(false)
    let done = Atomic(0)
    outcomes.withUnsafeMutableBufferPointer { outcomes in
      workers.parallelFor(total) { index, worker in
        if isStopped.load(ordering: .relaxed) || left.contains(index) { return }
        let slot = UnsafeMutableRawBufferPointer(
          start: memory + index * plan.slotBytes, count: plan.slotBytes)
        outcomes[index] = plan.outcome(of: plan.candidates[index], into: slot, kernels)
        let count = done.add(1, ordering: .relaxed).newValue
        // Worker 0 is the caller's thread.
        if worker == 0 {
          if shouldStop() { isStopped.store(true, ordering: .relaxed) }
          progress(count, total - left.count)
        }
      }
    }
    // The other threads may have taken every picture before the caller's came to ask.
    if isStopped.load(ordering: .relaxed) || shouldStop() {
      free(memory)
      throw .stopped
    }
    progress(total - left.count, total - left.count)
    return ImageStore(memory, plan: plan, outcomes: outcomes)
  }
}

extension ImageStorePlan {
  /// Reads one file and puts its picture into `slot`.
  func outcome(
    of candidate: Candidate, into slot: UnsafeMutableRawBufferPointer, _ kernels: KernelTable
  ) -> ImageStoreOutcome {
    var outcome = ImageStoreOutcome()
    do throws(ImageFailure) {
      if let failure = candidate.sample.failure { throw failure }
      let bytes = try FileBytes.read(candidate.sample.path)
      var digest = SHA256()
      digest.update(bytes)
      outcome.digest = digest.finalize()
      let split = candidate.folder == .train ? content.split(of: outcome.digest) : candidate.folder
      guard wanted.contains(split) else { return outcome }
      let image = try ImageReader.read(bytes: bytes, preprocessing(for: split), kernels: kernels)
      slot.copyBytes(from: image.pixels)
      outcome.split = split
    } catch {
      outcome.failure = error
    }
    return outcome
  }

  /// The candidates that the fraction leaves out.
  ///
  /// Of each class of the training folder these are all but the wanted number whose digests come
  /// first. Unreadable files are left in, to be reported.
  func leftOut(_ workers: WorkerPool) -> Set<Int> {
    var ranks = [Double](repeating: -1, count: candidates.count)
    ranks.withUnsafeMutableBufferPointer { ranks in
      nonisolated(unsafe) let ranks = ranks
      workers.parallelFor(candidates.count) { index, _ in
        let candidate = candidates[index]
        guard candidate.folder == .train, candidate.sample.failure == nil,
          let bytes = try? FileBytes.read(candidate.sample.path)
        else { return }
        var digest = SHA256()
        digest.update(bytes)
        ranks[index] = ContentSplit.rank(digest.finalize())
      }
    }
    var classes: [Int: [Int]] = [:]
    for index in candidates.indices where ranks[index] >= 0 {
      classes[candidates[index].sample.classIndex, default: []].append(index)
    }
    var left: Set<Int> = []
    for members in classes.values {
      let wanted = max(1, Int((content.fraction * Double(members.count)).rounded()))
      let order = members.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
      left.formUnion(order.dropFirst(wanted))
    }
    return left
  }
}
