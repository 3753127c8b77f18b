/// The search for the images that are the same picture as one of them.
struct PictureSearch {
  /// The least correlation of the details of similar images, aligned.
  private static let leastAgreement = 0.94
  /// That before they are aligned: of images cropped otherwise than was looked for at least 0.69.
  private static let leastPromise: Float = 0.4
  /// That with which there is nothing left to be aligned.
  private static let enoughPromise: Float = 0.97
  /// The signs in which sketches of similar images differ at most.
  ///
  /// At a correlation of 0.69 it is 66 of 256 give or take 7; of strangers one in 200 differs in so few.
  private static let mostDistance = 107
  /// With more, whoever differs in fewer is looked at first.
  private static let nearDistance = 70
  /// As many similar images are named for one; where there are more, it is in good company.
  private static let mostMatches = 16

  /// What may be done for one image before its search is cut short.
  struct Limits {
    /// Hashes that are looked at for one crop.
    ///
    /// Of hashes drawn evenly an image meets 1096 / 65536 of all, or 1.7 %, of photos about 3 %.
    let lookups: Int
    /// Sketches that are compared for one crop.
    let comparisons = 500
    /// Tiny copies that are looked at for all crops together, and those that are aligned: fewer where
    /// there are more than 16,384 images, so that the whole takes no longer than for so many, and no
    /// fewer from 131,072 on.
    let (copies, alignments): (Int, Int)

    /// Of a search among so many images.
    init(images: Int) {
      lookups = min(max(20_000, images / 8), 1 << 18)
      alignments = min(64, max(8, (1 << 20) / max(1, images)))
      copies = 4 * alignments
    }
  }

  /// The result of a search so far.
  struct Result {
    /// Some of the images that look like this one.
    var found: [Int32] = []
    var lookups = 0
    /// Whether similar images may be missing.
    var isCutShort = false
  }

  private let image: Int
  private let hash: PerceptualHash
  private let images: [Int32]
  private let copies: TinyCopies
  private let sketches: [DetailSketch]
  private let limits: Limits
  private var result = Result()
  /// What may still be looked at and aligned.
  private var (copiesLeft, alignmentsLeft): (Int, Int)
  /// An image that is compared with this one, or with its mirror image.
  private struct Candidate: Equatable {
    let image: Int
    let isMirrored: Bool
  }

  /// Those whose tiny copies have been looked at.
  private var settled: [Candidate] = []
  /// Those that may be looked at, with the distance of their sketches.
  private var waiting: [(distance: Int, candidate: Candidate)] = []
  private lazy var square = GreySquare(hash)
  private lazy var mirrored = square.mirrored
  /// The views that were wanted so far, those of the mirror image behind the others.
  private var views = [View?](repeating: nil, count: 2 * PictureSearch.crops.count)

  /// The whole image, and crops that are looked for besides, with what hashes and samples them.
  private static let crops = ([PictureCrop.whole] + PictureCrop.searched).map { Crop($0) }

  private struct Crop {
    let part: PictureCrop
    let across: PerceptualHash.Cosines
    let down: PerceptualHash.Cosines
    let columns: GreyPlaces
    let rows: GreyPlaces

    init(_ part: PictureCrop) {
      self.part = part
      across = PerceptualHash.Cosines(low: part.left, high: part.right)
      down = PerceptualHash.Cosines(low: part.top, high: part.bottom)
      columns = GreyPlaces(PictureCrop.places(part.left, part.right))
      rows = GreyPlaces(PictureCrop.places(part.top, part.bottom))
    }
  }

  /// What a crop shows of the image or of its mirror image.
  private struct View {
    let detail: GreySquare
    let sketch: DetailSketch

    init(detail: GreySquare) {
      self.detail = detail
      sketch = DetailSketch(detail)
    }
  }

  /// A crop's hash, or that of its mirror image, that is looked for.
  private struct Query {
    let crop: Int
    let isMirrored: Bool
    let bits: UInt64
    /// Hashes that may still be looked at.
    var lookups: Int
    /// Sketches that may still be compared.
    var comparisons: Int

    var isExhausted: Bool { lookups <= 0 || comparisons <= 0 }
  }

  /// A search for the image at a place of `images`, which are copies.
  init(
    _ image: Int, among images: [Int32], _ copies: TinyCopies, sketches: [DetailSketch],
    limits: Limits
  ) {
    (self.image, self.images, self.copies) = (image, images, copies)
    (self.sketches, self.limits) = (sketches, limits)
    (copiesLeft, alignmentsLeft) = (limits.copies, limits.alignments)
    hash = copies[Int(images[image])]
  }

  private var hasEnough: Bool { result.found.count >= PictureSearch.mostMatches }
  private var isExhausted: Bool { copiesLeft <= 0 || alignmentsLeft <= 0 }
  private var isOver: Bool { hasEnough || isExhausted }

  /// Finds some of the images that look like this one.
  mutating func run(_ index: HashIndex.View) -> Result {
    let greys = hash.greys.map { Float($0) }
    for (number, crop) in PictureSearch.crops.enumerated() where !isOver {
      let bits =
        number == 0
        ? hash.bits : PerceptualHash.signs(greys, across: crop.across, down: crop.down)
      for isMirrored in [false, true] where !isOver {
        var query = Query(
          crop: number, isMirrored: isMirrored,
          bits: isMirrored ? bits ^ PerceptualHash.oddFrequencies : bits,
          lookups: limits.lookups, comparisons: limits.comparisons)
        look(for: &query, index)
        result.lookups += limits.lookups - query.lookups
        result.isCutShort = result.isCutShort || query.isExhausted || isExhausted
      }
    }
    lookAtWaiting()
    return result
  }

  /// Looks at those that were left for later, the most promising first: it may not do for all.
  private mutating func lookAtWaiting() {
    // As they were met where they promise the same.
    let ordered = waiting.enumerated().sorted {
      ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset)
    }
    for candidate in ordered.lazy.map(\.element.candidate) where !isKnown(candidate) {
      if hasEnough { return }
      if isExhausted {
        result.isCutShort = true
        return
      }
      lookAt(candidate)
    }
  }

  private mutating func look(for query: inout Query, _ index: HashIndex.View) {
    for flips in HashIndex.flips {
      for part in 0..<HashIndex.parts {
        let places = index.places(part, HashIndex.value(query.bits, part) ^ flips)
        if places.isEmpty { continue }
        look(at: places, &query, index)
        if isOver || query.isExhausted { return }
      }
    }
  }

  /// Looks at the images at some places of the index: for a whole image at those before it, as it is
  /// looked for among them when their turn comes.
  private mutating func look(
    at places: Range<Int>, _ query: inout Query, _ index: HashIndex.View
  ) {
    var end = query.crop == 0 ? index.place(of: image, in: places) : places.upperBound
    let start = max(places.lowerBound, end - query.lookups)
    // The closest in name come first.
    while end > start {
      let block = max(start, end - UInt64.bitWidth)..<end
      var near = index.near(query.bits, block)
      while near != 0 {
        let bit = UInt64.bitWidth - 1 - near.leadingZeroBitCount
        near ^= 1 << UInt64(bit)
        let place = block.lowerBound + bit
        compare(index.number(at: place), &query)
        if isOver || query.comparisons <= 0 {
          query.lookups -= end - place
          return
        }
      }
      query.lookups -= block.count
      end = block.lowerBound
    }
  }

  /// Compares the image with one whose hash is near.
  private mutating func compare(_ other: Int, _ query: inout Query) {
    let candidate = Candidate(image: other, isMirrored: query.isMirrored)
    if other == image || isKnown(candidate) { return }
    query.comparisons -= 1
    let distance = view(query.crop, query.isMirrored).sketch.distance(to: sketches[other])
    if distance <= PictureSearch.nearDistance {
      lookAt(candidate)
    } else if distance <= PictureSearch.mostDistance {
      waiting.append((distance, candidate))
    }
  }

  private func isKnown(_ candidate: Candidate) -> Bool {
    result.found.contains(Int32(candidate.image)) || settled.contains(candidate)
  }

  private mutating func lookAt(_ candidate: Candidate) {
    settled.append(candidate)
    copiesLeft -= 1
    if isSame(candidate) { result.found.append(Int32(candidate.image)) }
  }

  /// Whether the image, or its mirror image, is the same picture as another, by their tiny copies.
  ///
  /// They are aligned from the crop that promises most.
  private mutating func isSame(_ candidate: Candidate) -> Bool {
    let isMirrored = candidate.isMirrored
    let theirs = GreySquare(copies[Int(images[candidate.image])])
    let detail = theirs.detail.normalized
    var best = (promise: -Float.infinity, part: PictureCrop.whole)
    for (number, crop) in PictureSearch.crops.enumerated() {
      let promise = view(number, isMirrored).detail.product(detail)
      if promise >= PictureSearch.enoughPromise { return true }
      if promise > best.promise { best = (promise, crop.part) }
    }
    guard best.promise >= PictureSearch.leastPromise else { return false }
    alignmentsLeft -= 1
    let (own, part) = isMirrored ? (mirrored, best.part.mirrored) : (square, best.part)
    return own.agreement(with: theirs, from: part.alignment) >= PictureSearch.leastAgreement
  }

  /// What a crop shows.
  private mutating func view(_ number: Int, _ isMirrored: Bool) -> View {
    let place = isMirrored ? PictureSearch.crops.count + number : number
    if let known = views[place] { return known }
    let crop = PictureSearch.crops[number]
    let new =
      isMirrored
      ? View(detail: view(number, false).detail.mirrored)
      : View(
        detail: (number == 0 ? square : square.sampled(across: crop.columns, down: crop.rows))
          .detail.normalized)
    views[place] = new
    return new
  }
}
