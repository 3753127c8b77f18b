/// What a check knows of many images, in place: some 60 bytes each beside the names, more for a file
/// that gives no image, and the tiny copies.
struct CheckedImages {
  let files: ImageList
  /// Why files gave no image.
  private(set) var failures: [Int: ImageFailure] = [:]
  /// The tiny copies of those that can be compared.
  private(set) var copies = TinyCopies()
  /// Bytes of all files that could be read.
  private(set) var byteCount = 0
  private var digests: [FileDigest] = []
  /// The beginnings of rough digests: images with the same pixels have the same.
  private var roughDigests: [UInt64] = []
  private var facts: [Facts] = []

  /// The facts of an image.
  private struct Facts {
    var width: UInt32 = 0
    var height: UInt32 = 0
    var traits: UInt16 = 0
    var kind = FileKind.jpeg
    var isTurned = false
    /// 0 if nothing can be told.
    var fineness: UInt8 = 0
  }

  /// A readable image.
  struct Image {
    var kind: FileKind
    /// Pixels across, upright.
    var width: Int
    /// Pixels down, upright.
    var height: Int
    /// Whether its EXIF orientation turns or mirrors it.
    var isTurned: Bool
    /// Nothing in it is finer than so many pixels; nil if nothing can be told.
    var fineness: Int?
    fileprivate var traitBits: UInt16

    var traits: [ImageFacts.Trait] {
      ImageFacts.Trait.allCases.enumerated().filter { traitBits >> UInt16($0.offset) & 1 == 1 }
        .map(\.element)
    }
  }

  /// Files of which none has been examined yet.
  init(_ files: ImageList) {
    self.files = files
    digests.reserveCapacity(files.count)
    roughDigests.reserveCapacity(files.count)
    facts.reserveCapacity(files.count)
  }

  /// Takes what is known of the next file.
  mutating func add(_ examination: ImageExamination) {
    let index = facts.count
    byteCount += examination.byteCount
    switch examination.result {
    case .failure(let failure):
      failures[index] = failure
      digests.append(FileDigest())
      roughDigests.append(0)
      facts.append(Facts())
    case .success(let image):
      if let hash = image.hash { copies.add(hash, of: index) }
      digests.append(image.fileDigest)
      roughDigests.append(image.roughDigest.word(at: 0))
      let traits = ImageFacts.Trait.allCases.enumerated().reduce(UInt16(0)) { bits, trait in
        image.facts.traits.contains(trait.element) ? bits | 1 << UInt16(trait.offset) : bits
      }
      facts.append(
        Facts(
          width: UInt32(clamping: image.width), height: UInt32(clamping: image.height),
          traits: traits, kind: image.facts.kind, isTurned: image.facts.orientation != 1,
          fineness: UInt8(clamping: image.fineness ?? 0)))
    }
  }

  /// A readable image; nil for another file.
  subscript(index: Int) -> Image? {
    guard failures[index] == nil else { return nil }
    let own = facts[index]
    return Image(
      kind: own.kind, width: Int(own.width), height: Int(own.height), isTurned: own.isTurned,
      fineness: own.fineness == 0 ? nil : Int(own.fineness), traitBits: own.traits)
  }

  var readable: [Int] { files.indices.filter { failures[$0] == nil } }

  /// The digest of a readable image's file.
  func digest(of index: Int) -> FileDigest { digests[index] }

  /// A number that images with the same pixels share.
  func roughDigest(of index: Int) -> UInt64 { roughDigests[index] }

  /// Findings about a file by itself.
  func findings(of index: Int) -> [CheckFinding] {
    guard let image = self[index] else {
      let failure = failures[index]
      return [
        CheckFinding(
          .undecodable, failure?.message ?? "", [files.relativePath(of: index)],
          code: failure?.code)
      ]
    }
    let path = files.relativePath(of: index)
    var findings: [CheckFinding] = []
    let name = path[
      (path.utf8.lastIndex(of: UInt8(ascii: "/")).map(path.index(after:)) ?? path.startIndex)...]
    let ending = ImageName.ending(of: String(name)).map(String.init)
    let isForeign = ending.flatMap { ForeignKind(ending: $0) } != nil
    if isForeign || !image.kind.fits(ending: path) {
      findings.append(
        CheckFinding(
          .wrongExtension, "holds \(image.kind == .avif ? "an" : "a") \(image.kind.name)", [path]))
    }
    let sides = [image.width, image.height].sorted()
    let size = "\(image.width) x \(image.height) pixels"
    if sides[0] < DatasetCheck.leastSide { findings.append(CheckFinding(.tiny, size, [path])) }
    if sides[1] > DatasetCheck.mostAspect * sides[0] {
      findings.append(CheckFinding(.extremeShape, size, [path]))
    }
    return findings
  }
}
