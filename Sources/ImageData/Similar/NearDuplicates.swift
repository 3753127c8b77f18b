package import Compute
package import KernelTypes
internal import Primitives
internal import Synchronization

/// Finds images that are the same picture among many, without comparing each with each.
///
/// Two images are the same picture, saved again, resized, brightened, mirrored or slightly cropped, if
/// the hash of one, or of a crop of it or its mirror image, differs in at most 11 of 63 bits from the
/// other's, and if the details of their tiny copies, once these are aligned, correlate by at least
/// 0.94. On 14,579 photos hashes and coarse greys alone take strangers for twins; with the details all
/// pairs but some of ovals on white paper were one photo, or one scene a moment later. Of 200 photos
/// saved at quality 40, halved, or cropped by 4 % at each side or at a corner all are found.
///
/// A search takes at most so many steps for an image, whatever there is to be met, and 96 bytes of
/// memory: the index, a sketch of the detail, its number and those of others. Tiny copies are looked at
/// one by one.
package struct NearDuplicates {
  private let copies: TinyCopies
  /// The copies among which is searched, in order: the numbers of images here are places in it.
  private let chosen: [Int32]
  private let limits: PictureSearch.Limits
  private let kernels: KernelTable
  private let workers: WorkerPool

  /// The images of some hashes.
  package init(_ hashes: [PerceptualHash], workers: WorkerPool, kernels: KernelTable) {
    let copies = TinyCopies(hashes)
    self.init(copies, Array(0..<Int32(copies.count)), workers: workers, kernels: kernels)
  }

  /// The images of some of the copies, ascending.
  init(_ copies: TinyCopies, _ chosen: [Int32], workers: WorkerPool, kernels: KernelTable) {
    (self.copies, self.chosen) = (copies, chosen)
    (self.workers, self.kernels) = (workers, kernels)
    limits = PictureSearch.Limits(images: chosen.count)
  }

  /// Bytes of memory for each image during a search.
  static let bytesPerImage =
    (HashIndex.parts + 2) * MemoryLayout<Int32>.stride
    + (HashIndex.parts + 1) * MemoryLayout<UInt64>.stride + MemoryLayout<DetailSketch>.stride

  /// The result of a search among images; those without a hash are in no pair.
  package static func outcome(
    of hashes: [PerceptualHash?], workers: WorkerPool, kernels: KernelTable
  ) -> Outcome {
    var copies = TinyCopies()
    for (image, hash) in hashes.enumerated() {
      if let hash { copies.add(hash, of: image) }
    }
    return outcome(of: copies, workers: workers, kernels: kernels)
  }

  /// The result of a search among images, whose numbers are those of the images themselves.
  static func outcome(
    of copies: TinyCopies, workers: WorkerPool, kernels: KernelTable, tick: Tick = { _, _ in false }
  ) -> Outcome {
    let all = NearDuplicates(
      copies, Array(0..<Int32(copies.count)), workers: workers, kernels: kernels)
    var outcome = all.search(tick)
    outcome.pairs = outcome.pairs.map { (Int(copies.images[$0.0]), Int(copies.images[$0.1])) }
    return outcome
  }

  /// The result of a search among all images.
  package struct Outcome {
    /// Pairs of similar images, just enough to connect all of a group, in order.
    package var pairs: [(Int, Int)] = []
    /// Images whose search was cut short, so that similar ones may be missing.
    package var cutShort = 0
    package var lookups = 0
    /// Whether the search was stopped before it was over.
    package var isStopped = false
  }

  /// The sentence on images whose search was cut short; nil for none.
  package static func line(cutShort images: Int) -> String? {
    images == 0
      ? nil
      : "the search for images that are the same picture was cut short for "
        + "\(counted(images, "image")), which look like too many others; some copies may be missing"
  }

  /// Takes note of how many images have been searched for, on the caller's thread, and says whether to
  /// stop.
  package typealias Tick = (_ done: Int, _ total: Int) -> Bool

  /// Searches for each image among those before it, and for each crop of it among all.
  package func search(_ tick: Tick = { _, _ in false }) -> Outcome {
    let total = chosen.count
    var outcome = Outcome()
    guard let sketches = sketches({ tick(0, total) }) else {
      outcome.isStopped = true
      return outcome
    }
    let index = HashIndex(chosen.map { copies.bits[Int($0)] })
    // Of a group of a hundred all would be pairs: those that connect what is not yet connected do.
    var groups = Groups(count: total)
    let done = Atomic(0)
    for range in (0..<total).parts(of: NearDuplicates.searchesAtOnce) {
      let results = index.withView(kernels.images) { view in
        workers.map(
          range, blank: PictureSearch.Result(),
          isStopped: { tick(done.load(ordering: .relaxed), total) }
        ) { image in
          defer { done.add(1, ordering: .relaxed) }
          var search = PictureSearch(
            image, among: chosen, copies, sketches: sketches, limits: limits)
          return search.run(view)
        }
      }
      guard let results else {
        outcome.isStopped = true
        return outcome
      }
      for (image, result) in zip(range, results) {
        for other in result.found.lazy.map({ Int($0) }) where groups.join(image, other) {
          outcome.pairs.append((min(image, other), max(image, other)))
        }
        if result.isCutShort { outcome.cutShort += 1 }
        outcome.lookups += result.lookups
      }
    }
    outcome.pairs.sort { $0 < $1 }
    return outcome
  }

  /// The sketches of the images' details; nil once it is to be stopped.
  private func sketches(_ isStopped: () -> Bool) -> [DetailSketch]? {
    workers.map(0..<chosen.count, blank: DetailSketch(), isStopped: isStopped) { image in
      DetailSketch(GreySquare(copies[Int(chosen[image])]).detail.normalized)
    }
  }

  /// Images whose findings are held at a time, before they are put together.
  private static let searchesAtOnce = 1 << 16
}
