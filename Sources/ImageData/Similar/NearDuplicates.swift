package import Compute
internal import Primitives

/// Finds images that are the same picture among many, without comparing each with each.
///
/// Two images are the same picture, saved again, resized, brightened, mirrored or slightly cropped, if
/// the hash of one, or of a crop of it or its mirror image, differs in at most 11 of 63 bits from the
/// other's, and if the details of their tiny copies, once these are aligned, correlate by at least
/// 0.94. On 14,579 photos hashes and coarse greys alone take strangers for twins; with the details all
/// pairs but some of ovals on white paper were one photo, or one scene a moment later. Of 200 photos
/// saved at quality 40, halved, or cropped by 4 % at each side or at a corner all are found.
///
/// Multi-index hashing (Norouzi, Punjani and Fleet 2012): hashes that differ in 11 bits agree but
/// for 2 in one of their four parts of 16 bits, so looking up 137 values of each part finds all.
package struct NearDuplicates {
  /// The most bits in which hashes of similar images differ.
  static let mostBits = 11
  /// The least correlation of the details of similar images, aligned.
  static let leastAgreement = 0.94
  /// That before they are aligned: of images cropped otherwise than was looked for at least 0.69.
  private static let leastPromise: Float = 0.4
  /// That with which there is nothing left to be aligned.
  private static let enoughPromise: Float = 0.97
  /// As many similar images are named for one; where there are more, it is in good company.
  static let mostMatches = 16
  /// Hashes that may be looked at for one image and crop, however few images there are.
  private static let leastLookups = 20_000
  /// The part of all hashes that may be looked at for one image and crop before its search is cut
  /// short.
  ///
  /// Of hashes drawn evenly the last image meets 1096 / 65536, or 1.7 %, of photos about 3 %.
  private static let mostLooked = 1.0 / 8
  /// Tiny copies compared for one image before the search gives up, and those aligned.
  private static let (mostComparisons, mostAlignments) = (500, 64)

  private static let parts = 4

  private let copies: TinyCopies
  /// The copies among which is searched, in order: the numbers of images here are places in it.
  private let chosen: [Int32]
  /// The details of the tiny copies, as `GreySquare.bytes`.
  private let details: [Int8]
  /// The images sorted by each part of their hashes in turn, and those hashes.
  private let order: [Int32]
  private let sorted: [UInt64]
  /// The start of each value of each part in `order`, and after a part's last value its end.
  private let starts: [Int32]
  private let workers: WorkerPool

  private static let values = 1 << 16

  /// An index over the hashes of images.
  package init(_ hashes: [PerceptualHash], workers: WorkerPool) {
    let copies = TinyCopies(hashes)
    self.init(copies, Array(0..<Int32(copies.count)), workers: workers)
  }

  /// An index over some of the copies, ascending.
  init(_ copies: TinyCopies, _ chosen: [Int32], workers: WorkerPool) {
    (self.copies, self.chosen, self.workers) = (copies, chosen, workers)
    let bits = chosen.map { copies.bits[Int($0)] }
    let count = GreySquare.count
    details = [Int8](unsafeUninitializedCapacity: chosen.count * count) { bytes, initialized in
      nonisolated(unsafe) let bytes = bytes
      workers.parallelFor(chosen.count) { index, _ in
        let detail = GreySquare(copies[Int(chosen[index])]).detail.bytes
        for at in 0..<count { bytes.initializeElement(at: index * count + at, to: detail[at]) }
      }
      initialized = chosen.count * count
    }
    var order: [Int32] = []
    var starts: [Int32] = []
    order.reserveCapacity(NearDuplicates.parts * bits.count)
    for part in 0..<NearDuplicates.parts {
      var ends = [Int32](repeating: 0, count: NearDuplicates.values + 1)
      for hash in bits { ends[Int(NearDuplicates.value(hash, part)) + 1] += 1 }
      ends[0] = Int32(order.count)
      for value in 1..<ends.count { ends[value] += ends[value - 1] }
      starts += ends
      order += [Int32](repeating: 0, count: bits.count)
      for (index, hash) in bits.enumerated() {
        let value = Int(NearDuplicates.value(hash, part))
        order[Int(ends[value])] = Int32(index)
        ends[value] += 1
      }
    }
    self.order = order
    self.starts = starts
    sorted = order.map { bits[Int($0)] }
  }

  /// Pairs of the images that are the same picture; those without a hash are in none.
  package static func pairs(
    of hashes: [PerceptualHash?], workers: WorkerPool
  ) -> [(Int, Int)] {
    var copies = TinyCopies()
    for (image, hash) in hashes.enumerated() {
      if let hash { copies.add(hash, of: image) }
    }
    return pairs(of: copies, workers: workers)
  }

  /// Pairs of the images that are the same picture.
  static func pairs(of copies: TinyCopies, workers: WorkerPool) -> [(Int, Int)] {
    let all = NearDuplicates(copies, Array(0..<Int32(copies.count)), workers: workers)
    return all.search().pairs.map { (Int(copies.images[$0.0]), Int(copies.images[$0.1])) }
  }

  /// The result of a search among all images.
  package struct Outcome {
    /// Pairs of similar images, enough to connect all of a group, in order.
    package var pairs: [(Int, Int)] = []
    /// Images whose search was cut short, so that similar ones may be missing.
    package var cutShort = 0
    package var lookups = 0
  }

  /// Searches for each image among those before it, and for each crop of it among all.
  package func search() -> Outcome {
    var outcome = Outcome()
    // A crop may find what is found the other way round, too.
    var pairs: Set<SIMD2<Int32>> = []
    for range in chosen.indices.parts(of: NearDuplicates.searchesAtOnce) {
      for search in workers.map(range, { index, _ in run(index) }) {
        for other in search.found {
          pairs.insert([Int32(min(other, search.index)), Int32(max(other, search.index))])
        }
        if search.isCutShort { outcome.cutShort += 1 }
        outcome.lookups += search.lookups
      }
    }
    outcome.pairs = pairs.sorted { ($0.x, $0.y) < ($1.x, $1.y) }.map { (Int($0.x), Int($0.y)) }
    return outcome
  }

  /// Images whose findings are held at a time, before they are put together.
  private static let searchesAtOnce = 1 << 16

  private var mostLookups: Int {
    max(NearDuplicates.leastLookups, Int(NearDuplicates.mostLooked * Double(chosen.count)))
  }

  /// The state of the search for one image.
  private struct Search {
    let index: Int
    var found: [Int] = []
    var lookups = 0
    var isCutShort = false

    init(_ index: Int) { self.index = index }

    var isOver: Bool { found.count >= NearDuplicates.mostMatches }
  }

  /// An image, or a crop of it, that is looked for, or the mirror image.
  private struct Query {
    let crop: PictureCrop
    let bits: UInt64
    let whole: GreySquare
    /// The detail of what the crop shows, once it is wanted.
    lazy var detail = whole.cropped(crop).detail.bytes
    /// What may still be looked at.
    var lookups: Int
    var (comparisons, alignments) = (
      NearDuplicates.mostComparisons, NearDuplicates.mostAlignments
    )

    init(_ crop: PictureCrop, of whole: GreySquare, bits: UInt64, lookups: Int) {
      (self.crop, self.whole, self.bits, self.lookups) = (crop, whole, bits, lookups)
    }

    var isExhausted: Bool { lookups <= 0 || comparisons <= 0 || alignments <= 0 }
  }

  /// Crops that are looked for besides whole images, and how to hash them.
  private static let crops = PictureCrop.searched.map { crop in
    (
      crop: crop, across: PerceptualHash.Cosines(low: crop.left, high: crop.right),
      down: PerceptualHash.Cosines(low: crop.top, high: crop.bottom)
    )
  }

  /// Finds some of the images that look like one.
  private func run(_ index: Int) -> Search {
    var search = Search(index)
    let hash = copies[Int(chosen[index])]
    let whole = GreySquare(hash)
    let mirrored = whole.mirrored
    let greys = hash.greys.map { Float($0) }
    func run(_ crop: PictureCrop, _ bits: UInt64) {
      for isMirrored in [false, true] where !search.isOver {
        var query =
          isMirrored
          ? Query(
            crop.mirrored, of: mirrored, bits: bits ^ PerceptualHash.oddFrequencies,
            lookups: mostLookups)
          : Query(crop, of: whole, bits: bits, lookups: mostLookups)
        self.run(&query, &search)
        search.lookups += mostLookups - query.lookups
        search.isCutShort = search.isCutShort || query.isExhausted
      }
    }
    run(.whole, hash.bits)
    for (crop, across, down) in NearDuplicates.crops where !search.isOver {
      run(crop, PerceptualHash.signs(greys, across: across, down: down))
    }
    return search
  }

  private func run(_ query: inout Query, _ search: inout Search) {
    for flips in NearDuplicates.flips {
      for part in 0..<NearDuplicates.parts {
        look(up: NearDuplicates.value(query.bits, part) ^ flips, part, &query, &search)
        if search.isOver || query.isExhausted { return }
      }
    }
  }

  /// Looks at the images whose part of the hash has a value: of a whole image those before it, as it
  /// is looked for among them when their turn comes.
  private func look(
    up value: UInt16, _ part: Int, _ query: inout Query, _ search: inout Search
  ) {
    let start = part * (NearDuplicates.values + 1) + Int(value)
    let range = Int(starts[start])..<Int(starts[start + 1])
    // The closest in name come first; the images of a range ascend.
    var at =
      query.crop == .whole
      ? range.partitioningIndex { Int(order[$0]) >= search.index } : range.upperBound
    while at > range.lowerBound, !search.isOver, !query.isExhausted {
      at -= 1
      query.lookups -= 1
      guard (sorted[at] ^ query.bits).nonzeroBitCount <= NearDuplicates.mostBits else { continue }
      let other = Int(order[at])
      if other == search.index || search.found.contains(other) { continue }
      query.comparisons -= 1
      let promise = promise(query.detail, other)
      if promise >= NearDuplicates.enoughPromise {
        search.found.append(other)
        continue
      }
      guard promise >= NearDuplicates.leastPromise else { continue }
      query.alignments -= 1
      let agreement = query.whole.agreement(
        with: GreySquare(copies[Int(chosen[other])]), from: query.crop.alignment)
      if agreement >= NearDuplicates.leastAgreement { search.found.append(other) }
    }
  }

  /// About the correlation of a detail with an image's.
  private func promise(_ detail: [Int8], _ other: Int) -> Float {
    var sum: Int32 = 0
    details.withUnsafeBufferPointer { details in
      detail.withUnsafeBufferPointer { detail in
        let start = other * GreySquare.count
        for at in 0..<GreySquare.count { sum += Int32(detail[at]) * Int32(details[start + at]) }
      }
    }
    return Float(sum) / (GreySquare.scale * GreySquare.scale)
  }

  private static func value(_ hash: UInt64, _ part: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: hash >> UInt64(16 * part))
  }

  /// The values of 16 bits with at most two set, those with fewer first.
  private static let flips: [UInt16] =
    [0] + (0..<16).map { 1 << UInt16($0) }
    + (0..<16).flatMap { high in (0..<high).map { 1 << UInt16(high) | 1 << UInt16($0) } }
}
