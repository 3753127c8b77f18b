package import Compute

/// Finds images that look alike among many, without comparing each with each.
///
/// Two images look alike if their hashes, or one and the other's mirrored, differ in at most 11
/// of 63 bits, and their tiny copies correlate by at least 0.93. On 13,300 photos the first
/// condition alone takes some dozens of strangers for twins, both together none. All of 500 photos
/// that were compressed, halved, brightened or mirrored met both, of those cropped by 2 % at each
/// side 99 %, by 4 % 59 %.
///
/// Multi-index hashing (Norouzi, Punjani and Fleet 2012): hashes that differ in 11 bits agree but
/// for 2 in one of their four parts of 16 bits, so looking up 137 values of each part finds all.
package struct NearDuplicates {
  /// The most bits in which hashes of similar images differ.
  static let mostBits = 11
  /// The least correlation of the tiny copies of similar images.
  static let leastCorrelation = 0.93
  /// As many similar images are named for one; where there are more, it is in good company.
  static let mostMatches = 16
  /// Hashes that may be looked at for one image, however few images there are.
  private static let leastLookups = 20_000
  /// The part of all hashes that may be looked at for one image before its search is cut short.
  ///
  /// Of hashes drawn evenly the last image meets 1096 / 65536, or 1.7 %, of photos about 3 %.
  private static let mostLooked = 1.0 / 8
  /// Tiny copies compared for one image before the search gives up.
  private static let mostComparisons = 500

  private static let parts = 4
  private static let side = PerceptualHash.side

  private let bits: [UInt64]
  private let greys: [UInt8]
  private let statistics: [GreyStatistics]
  /// The images sorted by each part of their hashes in turn, and those hashes.
  private let order: [Int32]
  private let sorted: [UInt64]
  /// The start of each value of each part in `order`, and after a part's last value its end.
  private let starts: [Int32]

  private static let values = 1 << 16

  /// An index over the hashes of images.
  package init(_ hashes: [PerceptualHash]) {
    bits = hashes.map(\.bits)
    greys = hashes.flatMap(\.greys)
    statistics = hashes.map { GreyStatistics($0.greys) }
    var order: [Int32] = []
    var starts: [Int32] = []
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
    sorted = order.map { [bits] in bits[Int($0)] }
  }

  /// The result of a search among all images.
  package struct Outcome {
    /// Pairs of similar images, enough to connect all of a group.
    package var pairs: [(Int, Int)] = []
    /// Images whose search was cut short, so that similar ones may be missing.
    package var cutShort = 0
    package var lookups = 0
  }

  /// Searches for each image among those before it.
  package func search(workers: WorkerPool) -> Outcome {
    var searches = bits.indices.map { Search($0, lookups: mostLookups) }
    searches.withUnsafeMutableBufferPointer { searches in
      nonisolated(unsafe) let searches = searches
      workers.parallelFor(bits.count) { index, _ in run(&searches[index]) }
    }
    var outcome = Outcome()
    for search in searches {
      outcome.pairs += search.found.map { ($0, search.index) }
      if search.isExhausted { outcome.cutShort += 1 }
      outcome.lookups += mostLookups - search.lookups
    }
    return outcome
  }

  private var mostLookups: Int {
    max(NearDuplicates.leastLookups, Int(NearDuplicates.mostLooked * Double(bits.count)))
  }

  /// Finds some of the images before a search's that look like it.
  private func run(_ search: inout Search) {
    let index = search.index
    for isMirrored in [false, true] {
      let hash = bits[index] ^ (isMirrored ? PerceptualHash.oddFrequencies : 0)
      let copy = tinyCopy(index, isMirrored)
      for flips in NearDuplicates.flips {
        for part in 0..<NearDuplicates.parts {
          look(up: NearDuplicates.value(hash, part) ^ flips, part, hash, copy, &search)
          if search.isOver { return }
        }
      }
    }
  }

  /// The state of the search for one image.
  private struct Search {
    let index: Int
    var found: [Int] = []
    var lookups: Int
    var comparisons = NearDuplicates.mostComparisons

    init(_ index: Int, lookups: Int) {
      self.index = index
      self.lookups = lookups
    }

    /// Whether the search ran out of time and may have missed some.
    var isExhausted: Bool { lookups <= 0 || comparisons <= 0 }

    var isOver: Bool { found.count >= NearDuplicates.mostMatches || isExhausted }
  }

  /// Looks at the images before the searched one whose part of the hash has a value.
  private func look(
    up value: UInt16, _ part: Int, _ hash: UInt64, _ copy: [UInt8], _ search: inout Search
  ) {
    let start = part * (NearDuplicates.values + 1) + Int(value)
    let first = Int(starts[start])
    // The closest in name come first.
    var at = end(of: first..<Int(starts[start + 1]), before: search.index)
    while at > first, !search.isOver {
      at -= 1
      search.lookups -= 1
      guard (sorted[at] ^ hash).nonzeroBitCount <= NearDuplicates.mostBits else { continue }
      let other = Int(order[at])
      if search.found.contains(other) { continue }
      search.comparisons -= 1
      if correlation(copy, statistics[search.index], other) >= NearDuplicates.leastCorrelation {
        search.found.append(other)
      }
    }
  }

  /// The end of the images before `index` in a range of `order`, which ascends.
  private func end(of range: Range<Int>, before index: Int) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if Int(order[middle]) < index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func tinyCopy(_ index: Int, _ isMirrored: Bool) -> [UInt8] {
    let side = NearDuplicates.side
    let start = index * side * side
    return (0..<side * side).map { at in
      greys[start + (isMirrored ? at - at % side + side - 1 - at % side : at)]
    }
  }

  /// Pearson's correlation of a tiny copy with an image's.
  private func correlation(_ copy: [UInt8], _ own: GreyStatistics, _ other: Int) -> Double {
    let count = copy.count
    var sum: Int32 = 0
    greys.withUnsafeBufferPointer { greys in
      copy.withUnsafeBufferPointer { copy in
        for at in 0..<count { sum += Int32(copy[at]) * Int32(greys[other * count + at]) }
      }
    }
    let theirs = statistics[other]
    let covariance = Double(sum) / Double(count) - own.mean * theirs.mean
    return covariance / (own.deviation * theirs.deviation)
  }

  private static func value(_ hash: UInt64, _ part: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: hash >> UInt64(16 * part))
  }

  /// The values of 16 bits with at most two set, those with fewer first.
  private static let flips: [UInt16] =
    [0] + (0..<16).map { 1 << UInt16($0) }
    + (0..<16).flatMap { high in (0..<high).map { 1 << UInt16(high) | 1 << UInt16($0) } }
}
