package import Compute
package import KernelTypes
package import Primitives
package import Ranks
internal import Synchronization

/// A file that gave no image.
package struct BadImage: Error, Sendable, Hashable {
  package var sample: Sample
  /// The split whose folder it lies in.
  package var split: Split
  package var failure: ImageFailure
}

/// The images of some splits, decoded and resized.
///
/// Images of the training split may be kept larger than the others, which have the network's
/// size and came through `ImageReader`, so that training, evaluation and prediction agree on
/// every pixel. Where the pixels are kept is `place`; the numbers are the same everywhere. A
/// class, because it owns them; nothing that can be asked of it changes after loading.
package final class ImageStore: Sendable {
  /// The candidates that were read.
  ///
  /// The indices of the store are indices here.
  package let samples: ImageList
  /// The network's size, which all but training images have.
  package let size: (width: Int, height: Int)
  package let trainingSize: (width: Int, height: Int)
  /// The files that gave no image, in the order of the samples.
  package let failures: [BadImage]
  /// SHA-256 over preprocessing, relative paths and contents, 64 hexadecimal digits.
  package let fingerprint: String
  /// Bytes of pixels, wherever they are.
  package let byteCount: Int

  private let outcomes: OutcomeTable
  private let indicesBySplit: [Split: [Int]]
  private let source: PixelSource
  private let plan: ImageStorePlan
  /// Pairs of images that are the same picture, where images were compared.
  var alike: [(Int, Int)] { plan.alike }
  /// Images for which the search for the same picture was cut short, so that some may be missing.
  package var searchesCutShort: Int { plan.cutShort }

  /// Reads, hashes, decodes and resizes the images of some splits, each file once but for the few
  /// that turn out to belong to another split than was expected.
  ///
  /// Files of the training folder are assigned by `content` to the splits that have no folder;
  /// those of splits not asked for are hashed and left. `trainingSize` is the size of training
  /// images (the network's if nil). `cache` says where the pixels are kept; a file of an earlier
  /// load of the same files is used as it is. `progress` is called on the caller's thread now and
  /// then, and with done == total at the end; `comparing` likewise, after that, where images are
  /// compared. With a fraction the training folder is hashed first.
  ///
  /// In a group of several this process reads its part alone and learns the rest from the others;
  /// what the store says is the same on all, and that of one process. Images that others have
  /// decoded are decoded when first wanted, and checked then. Every process reads
  /// `filesPerExchange` files between two exchanges, the same on all: after so many, all learn that
  /// one has failed or is to stop.
  package static func load(
    _ dataset: Dataset, splits: [Split], content: ContentSplit = ContentSplit(),
    preprocessing: Preprocessing, trainingSize: (width: Int, height: Int)? = nil,
    cache: ImageCache = ImageCache(), group: Group = Group(), filesPerExchange: Int = 256,
    workers: WorkerPool, kernels: KernelTable,
    shouldStop: () -> Bool = { false },
    comparing: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(ImageStoreError) -> ImageStore {
    let plan = ImageStorePlan(
      dataset, splits, content, preprocessing,
      trainingSize ?? (preprocessing.width, preprocessing.height))
    // Also by a run that makes no file itself, as none may do so for long.
    if cache.policy != .off, let folder = cache.folder, group.neighbours.place == 0,
      !Dataset.lies(folder, in: plan.root)
    {
      CacheFolder.tidy(folder)
    }
    func tick(_ done: Int, _ total: Int) -> Bool {
      progress(done, total)
      return shouldStop()
    }
    var loading = try ImageStoreLoading(
      plan, workers, kernels, cache, group, filesPerExchange: filesPerExchange
    ) { tick(0, plan.candidates.count) }
    return try loading.load(tick) { done, total in
      comparing(done, total)
      return shouldStop()
    }
  }

  init(_ source: PixelSource, plan: ImageStorePlan, outcomes: OutcomeTable) {
    (self.source, self.plan, self.outcomes) = (source, plan, outcomes)
    samples = plan.candidates
    size = plan.size
    trainingSize = plan.trainingSize
    byteCount = plan.byteCount
    failures = outcomes.failures.sorted { $0.key < $1.key }.map { index, failure in
      BadImage(
        sample: plan.candidates[index], split: plan.candidates.split(of: index), failure: failure)
    }
    indicesBySplit = Dictionary(
      uniqueKeysWithValues: Split.allCases.map { split in
        (split, outcomes.indices.filter { outcomes.split(of: $0) == split })
      })
    fingerprint = plan.fingerprint(outcomes)
  }

  package var place: ImageCache.Place { source.placeName }

  /// Whether all pixels are in memory; a shared store may hold only a part.
  var isInMemory: Bool { place == .ram && !source.isShared }

  /// The indices of the images of a split, in the order of the dataset.
  ///
  /// Bad files are omitted.
  package func indices(_ split: Split) -> [Int] {
    indicesBySplit[split] ?? []
  }

  /// The split of an image, or nil if the file is bad or belongs to a split not asked for.
  package func split(of index: Int) -> Split? { outcomes.split(of: index) }

  /// The SHA-256 of a file; empty if it could not be read.
  package func digest(of index: Int) -> [UInt8] { fileDigest(of: index).bytes }

  /// The same in place.
  func fileDigest(of index: Int) -> FileDigest { outcomes.digest(of: index) }

  /// For each of some images, ascending, the digest that stands for all that must stay together with
  /// it; see `DividedImages.joining`.
  package func units(_ indices: [Int]) -> [FileDigest] {
    let indices = indices.map { Int32($0) }
    return plan.divided(indices, outcomes).units(alike: plan.alike(among: indices))
  }

  /// The splits that some training images, ascending, would have by another division.
  package func splits(of indices: [Int], by content: ContentSplit) -> [Split] {
    let indices = indices.map { Int32($0) }
    return content.assign(plan.divided(indices, outcomes), alike: plan.alike(among: indices))
  }

  package func targets(_ indices: some Sequence<Int>) -> [Int32] {
    indices.map { Int32(samples.classIndex(of: $0)) }
  }

  package func size(of index: Int) -> (width: Int, height: Int) {
    split(of: index) == .train ? trainingSize : size
  }

  /// A copy of an image.
  package func image(_ index: Int) throws(ImageStoreError) -> RGBImage {
    let size = size(of: index)
    var pixels: [UInt8] = []
    try withPixels(index) {
      pixels = Array(UnsafeBufferPointer(start: $0, count: 3 * size.width * size.height))
    }
    return RGBImage(width: size.width, height: size.height, pixels: pixels)
  }

  /// Gives `body` the pixels of an image, three bytes each; some bytes past the last can be read.
  ///
  /// - isFresh: at the network's size, from its file.
  func withPixels(
    _ index: Int, isFresh: Bool = false, _ body: (UnsafePointer<UInt8>) -> Void
  ) throws(ImageStoreError) {
    precondition(split(of: index) != nil, "no image has this index")
    let image = PixelSource.Image(
      index: index, digest: fileDigest(of: index), isTraining: split(of: index) == .train)
    if isFresh {
      try source.withFreshPixels(image, body)
    } else {
      try source.withPixels(image, body)
    }
  }

  /// Writes the tensors of images as they are for prediction, one after the other.
  ///
  /// `target` has room for all of them. A training image that is kept at another size than the
  /// network's is read from its file again.
  package func writeTensors(
    _ indices: [Int], _ preprocessing: Preprocessing,
    into target: UnsafeMutableBufferPointer<Float>, kernels: KernelTable, workers: WorkerPool
  ) throws(ImageStoreError) {
    let count = preprocessing.tensorCount
    precondition(target.count >= indices.count * count, "the target is too small")
    precondition(
      size.width == preprocessing.width && size.height == preprocessing.height,
      "images must have the network's input size")
    guard let base = target.baseAddress else { return }
    let scale = preprocessing.scale
    let offset = preprocessing.offset
    let failure = Mutex<ImageStoreError?>(nil)
    workers.parallelFor(indices.count) { position, _ in
      do throws(ImageStoreError) {
        try withPixels(indices[position], isFresh: size(of: indices[position]) != size) {
          kernels.images.normalize(
            $0, size.width * size.height, scale, offset, base + position * count)
        }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// The mean and the standard deviation of red, green and blue over images, in 0...255.
  ///
  /// Sums are whole numbers, so the order of work changes nothing.
  package func channelStatistics(_ indices: [Int]) -> (mean: [Float], deviation: [Float]) {
    var total = ChannelSums()
    for index in indices { total.add(outcomes.sums(of: index)) }
    guard total.count > 0 else { return ([0, 0, 0], [255, 255, 255]) }
    var mean: [Float] = []
    var deviation: [Float] = []
    for channel in 0..<3 {
      let average = Double(total.values[channel]) / Double(total.count)
      let variance = Double(total.squares[channel]) / Double(total.count) - average * average
      mean.append(Float(average))
      // Images of one colour have no deviation to divide by.
      deviation.append(Float(max(1, variance.squareRoot())))
    }
    return (mean, deviation)
  }
}
