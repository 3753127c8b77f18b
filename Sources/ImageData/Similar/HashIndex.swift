internal import KernelTypes

/// Hashes sorted by each of their four parts in turn, so that those near one are found without looking
/// at all: 48 bytes of each.
///
/// Multi-index hashing (Norouzi, Punjani and Fleet 2012): hashes that differ in 11 bits agree but
/// for 2 in one of their four parts of 16 bits, so looking up 137 values of each part finds all.
struct HashIndex {
  /// The most bits in which hashes of similar images differ.
  static let mostBits = 11
  static let parts = 4
  private static let values = 1 << 16

  /// The numbers of the hashes sorted by each part in turn, ascending for each value, and those hashes.
  private let order: [Int32]
  private let sorted: [UInt64]
  /// The start of each value of each part in `order`, and after a part's last value its end.
  private let starts: [Int32]

  init(_ hashes: [UInt64]) {
    var order = [Int32](repeating: 0, count: HashIndex.parts * hashes.count)
    var sorted = [UInt64](repeating: 0, count: order.count)
    var starts: [Int32] = []
    for part in 0..<HashIndex.parts {
      var ends = [Int32](repeating: 0, count: HashIndex.values + 1)
      for hash in hashes { ends[Int(HashIndex.value(hash, part)) + 1] += 1 }
      ends[0] = Int32(part * hashes.count)
      for value in 1..<ends.count { ends[value] += ends[value - 1] }
      starts += ends
      for (number, hash) in hashes.enumerated() {
        let value = Int(HashIndex.value(hash, part))
        order[Int(ends[value])] = Int32(number)
        sorted[Int(ends[value])] = hash
        ends[value] += 1
      }
    }
    (self.order, self.sorted, self.starts) = (order, sorted, starts)
  }

  /// One part of a hash.
  static func value(_ hash: UInt64, _ part: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: hash >> UInt64(16 * part))
  }

  /// The values of 16 bits with at most two set, those with fewer first.
  static let flips: [UInt16] =
    [0] + (0..<16).map { 1 << UInt16($0) }
    + (0..<16).flatMap { high in (0..<high).map { 1 << UInt16(high) | 1 << UInt16($0) } }

  /// Gives `body` the tables.
  func withView<Result>(_ kernels: ImageKernels, _ body: (View) -> Result) -> Result {
    order.withUnsafeBufferPointer { order in
      sorted.withUnsafeBufferPointer { sorted in
        starts.withUnsafeBufferPointer { starts in
          body(View(order: order, sorted: sorted, starts: starts, nearHashes: kernels.nearHashes))
        }
      }
    }
  }

  /// The tables, in place.
  struct View {
    fileprivate let order: UnsafeBufferPointer<Int32>
    fileprivate let sorted: UnsafeBufferPointer<UInt64>
    fileprivate let starts: UnsafeBufferPointer<Int32>
    fileprivate let nearHashes: NearHashes

    /// The places of the hashes whose part has a value.
    func places(_ part: Int, _ value: UInt16) -> Range<Int> {
      let start = part * (HashIndex.values + 1) + Int(value)
      return Int(starts[start])..<Int(starts[start + 1])
    }

    /// The number of the hash at a place.
    func number(at place: Int) -> Int { Int(order[place]) }

    /// The first of some places whose number is not below `number`.
    func place(of number: Int, in places: Range<Int>) -> Int {
      var (low, high) = (places.lowerBound, places.upperBound)
      while low < high {
        let middle = (low + high) / 2
        if Int(order[middle]) < number { low = middle + 1 } else { high = middle }
      }
      return low
    }

    /// Which hashes of at most 64 places are near one: a bit each, the first place's the lowest.
    func near(_ hash: UInt64, _ places: Range<Int>) -> UInt64 {
      guard let base = sorted.baseAddress else { return 0 }
      return nearHashes(base + places.lowerBound, places.count, hash, HashIndex.mostBits)
    }
  }
}
