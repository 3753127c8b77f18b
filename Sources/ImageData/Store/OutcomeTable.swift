/// The outcomes of candidates in place: 69 bytes each, more for a bad file and for one that is
/// compared with others.
struct OutcomeTable: Sendable {
  private(set) var digests: [FileDigest]
  /// One byte each, as a split has values left for none.
  private var splits: [Split?]
  private var sums: [PackedSums]
  /// Why files gave no image.
  private(set) var failures: [Int: ImageFailure] = [:]
  /// The tiny copies of images that are compared.
  private(set) var copies = TinyCopies()
  /// Pixels of an image to train on, and of any other.
  private let (trainingPixels, pixels): (Int, Int)

  /// Of no candidates.
  init() {
    (digests, splits, sums) = ([], [], [])
    (trainingPixels, pixels) = (0, 0)
  }

  /// No outcomes yet of the candidates of a plan.
  init(_ plan: ImageStorePlan) {
    let count = plan.candidates.count
    digests = [FileDigest](repeating: FileDigest(), count: count)
    splits = [Split?](repeating: nil, count: count)
    sums = [PackedSums](repeating: PackedSums(), count: count)
    trainingPixels = plan.trainingSize.width * plan.trainingSize.height
    pixels = plan.size.width * plan.size.height
  }

  var indices: Range<Int> { digests.indices }

  func split(of index: Int) -> Split? { splits[index] }

  func digest(of index: Int) -> FileDigest { digests[index] }

  func sums(of index: Int) -> ChannelSums {
    let split = split(of: index)
    return sums[index].sums(count: split == nil ? 0 : split == .train ? trainingPixels : pixels)
  }

  /// An outcome but for its tiny copy, which is kept when it first comes.
  subscript(index: Int) -> ImageStoreOutcome {
    get {
      var outcome = ImageStoreOutcome()
      outcome.fileDigest = digests[index]
      outcome.split = split(of: index)
      outcome.failure = failures[index]
      outcome.sums = sums(of: index)
      return outcome
    }
    set {
      digests[index] = newValue.fileDigest
      splits[index] = newValue.split
      failures[index] = newValue.failure
      sums[index] = PackedSums(newValue.sums)
      if let hash = newValue.hash { keep(hash, of: index) }
    }
  }

  /// Keeps an image's tiny copy, unless it is here.
  mutating func keep(_ hash: PerceptualHash, of index: Int) { copies.add(hash, of: index) }

  /// Forgets why a file gave no image.
  mutating func pardon(_ index: Int) { failures[index] = nil }

  /// The same without the tiny copies, once all have been compared.
  func withoutCopies() -> OutcomeTable {
    var table = self
    table.copies = TinyCopies()
    return table
  }
}

/// Sums over an image's pixels in 36 bytes: six numbers below 2^48.
private struct PackedSums: Sendable {
  private typealias Numbers = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)
  private typealias Highs = (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16)

  private var low: Numbers = (0, 0, 0, 0, 0, 0)
  private var high: Highs = (0, 0, 0, 0, 0, 0)

  init() {}

  init(_ sums: ChannelSums) {
    let (a, b) = (sums.values, sums.squares)
    func low(_ number: Int) -> UInt32 { UInt32(truncatingIfNeeded: number) }
    func high(_ number: Int) -> UInt16 { UInt16(truncatingIfNeeded: number >> 32) }
    self.low = (low(a[0]), low(a[1]), low(a[2]), low(b[0]), low(b[1]), low(b[2]))
    self.high = (high(a[0]), high(a[1]), high(a[2]), high(b[0]), high(b[1]), high(b[2]))
  }

  /// The sums, of so many pixels.
  func sums(count: Int) -> ChannelSums {
    func number(_ low: UInt32, _ high: UInt16) -> Int { Int(high) << 32 | Int(low) }
    var sums = ChannelSums()
    sums.count = count
    sums.values[0] = number(low.0, high.0)
    sums.values[1] = number(low.1, high.1)
    sums.values[2] = number(low.2, high.2)
    sums.squares[0] = number(low.3, high.3)
    sums.squares[1] = number(low.4, high.4)
    sums.squares[2] = number(low.5, high.5)
    return sums
  }
}
