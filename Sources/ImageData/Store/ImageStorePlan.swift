import Compute
import Glibc
internal import KernelTypes
internal import Primitives

/// The files to read for a store, and the memory for their pixels.
struct ImageStorePlan {
  /// The dataset's folder, from the root of the file system where that can be told.
  let root: String
  /// The files that are read.
  let candidates: ImageList
  /// What candidates must stay together with.
  private var groups = GroupNames()
  var wanted: Set<Split>
  var content: ContentSplit
  var preprocessing: Preprocessing
  var trainingSize: (width: Int, height: Int)
  /// The number of files of each class in the training folder that are read at all.
  private var classCounts: [Int: Int] = [:]
  /// The splits of those digests of which it is known that they are not the likely ones.
  private var decided: [FileDigest: Split] = [:]
  /// Pairs of candidates that are the same picture.
  private(set) var alike: [(Int, Int)] = []
  /// Candidates for which the search for the same picture was cut short.
  private(set) var cutShort = 0

  init(
    _ dataset: Dataset, _ splits: [Split], _ content: ContentSplit,
    _ preprocessing: Preprocessing, _ trainingSize: (width: Int, height: Int)
  ) {
    root = FileSystem.absolute(dataset.root) ?? dataset.root
    wanted = Set(splits)
    (self.content, self.preprocessing, self.trainingSize) = (content, preprocessing, trainingSize)
    let expression = content.groupBy.flatMap { try? ImageGroups($0) }
    // A validation folder always takes precedence over a part of the training folder.
    if dataset.splits[.val] != nil { self.content.validation = 0 }
    if dataset.splits[.test] != nil { self.content.test = 0 }
    if content.fold != nil { self.content.test = 0 }
    let (wanted, dealt) = (self.wanted, self.content)
    candidates = dataset.images(
      Split.allCases.filter { folder in
        // A fold is the test in place of the images of a folder.
        if folder == .test, content.fold != nil { return false }
        return wanted.contains(folder)
          || folder == .train
            && (wanted.contains(.val) && dealt.validation > 0
              || wanted.contains(.test) && (dealt.test > 0 || content.fold != nil))
      })
    if let expression {
      for index in candidates.indices {
        groups.add(expression.name(of: candidates.relativePath(of: index)))
      }
    }
    expect(candidates.indices)
  }

  /// Says which candidates are read at all: of how many the held out images are chosen.
  mutating func expect(_ used: some Sequence<Int>) {
    classCounts = [:]
    for index in used where candidates.split(of: index) == .train {
      classCounts[candidates.classIndex(of: index), default: 0] += 1
    }
  }

  var size: (width: Int, height: Int) { (preprocessing.width, preprocessing.height) }

  /// Bytes from one image to the next: room for the larger of the two sizes.
  var slotBytes: Int {
    let training = wanted.contains(.train) ? trainingSize.width * trainingSize.height : 0
    return 3 * max(size.width * size.height, training)
  }

  var byteCount: Int { slotBytes * candidates.count }

  /// The readers for training images and for others, and what shrinks images to be compared.
  typealias Readers = (training: ImageReader, other: ImageReader, tiny: Resizer)

  func readers(_ kernels: KernelTable) -> Readers {
    let training = preprocessing.sized(width: trainingSize.width, height: trainingSize.height)
    return (
      ImageReader(training, kernels: kernels), ImageReader(preprocessing, kernels: kernels),
      PerceptualHash.resizer(kernels)
    )
  }

  /// Everything that decides which files are read, and how.
  var optionsText: String {
    let splits = wanted.sorted().map(\.rawValue).joined(separator: " ")
    return "\(preprocessingText); \(contentText); \(splits)"
  }

  private var contentText: String {
    "\(content.validation) \(content.test) \(content.fraction)"
      + (content.rule == .independent ? "" : " \(content.rule.rawValue)")
      + (content.groupBy.map { " by \($0)" } ?? "") + (content.comparesImages ? " compared" : "")
      + (content.fold.map { " fold \($0.number)/\($0.count)" } ?? "")
  }

  /// Everything of the preprocessing that changes pixels.
  private var preprocessingText: String {
    let steps = preprocessing
    return "\(steps.width) \(steps.height) \(trainingSize.width) \(trainingSize.height) "
      + "\(steps.resize.rawValue) \(steps.filter.rawValue) \(steps.exif.rawValue) "
      + "\(steps.shrinkMargin) \(steps.maxPixels)"
      + (steps.cropShare == 1 ? "" : " \(steps.cropShare)")
  }

  /// SHA-256 over preprocessing, relative paths, use and contents.
  ///
  /// A line an image: the length of its path, which keeps a name with a line break from looking like
  /// two, the path, its use and its digest, in the order of the lines' bytes.
  func fingerprint(_ outcomes: OutcomeTable) -> String {
    var digest = SHA256()
    digest.update((preprocessingText + "\n").utf8)
    // Lines are sorted by the texts of the lengths, which are few, and then by the paths.
    var byLength: [Int: [Int32]] = [:]
    for index in candidates.indices
    where outcomes.split(of: index) != nil || outcomes.failures[index] != nil {
      byLength[candidates.relativeLength(of: index), default: []].append(Int32(index))
    }
    for length in byLength.keys.sorted(by: { "\($0) " < "\($1) " }) {
      let ordered = (byLength[length] ?? []).sorted {
        candidates.relativePath(of: Int($0)).utf8.lexicographicallyPrecedes(
          candidates.relativePath(of: Int($1)).utf8)
      }
      for index in ordered.map({ Int($0) }) {
        let use = outcomes.split(of: index)?.rawValue ?? "bad"
        let place = "\(length) \(candidates.relativePath(of: index)) \(use) "
        digest.update("\(place)\(hexadecimal(outcomes.digest(of: index).bytes))\n".utf8)
      }
    }
    return hexadecimal(digest.finalize())
  }
}

extension ImageStorePlan {
  /// The split that a candidate belongs to by its content: the likely one until `settle` knows.
  ///
  /// Images of different splits may be wanted in different sizes, and which of a class are held out
  /// is known only when all have been read. Nearly all are where they are expected; the few others
  /// are read again.
  func split(of candidate: Int, digest: FileDigest) -> Split {
    let folder = candidates.split(of: candidate)
    guard folder == .train else { return folder }
    return decided[digest]
      ?? content.likelySplit(
        of: groups.digest(of: candidate) ?? digest,
        among: classCounts[candidates.classIndex(of: candidate)] ?? 0)
  }

  /// Whether a candidate is compared with others: those of other folders are not divided.
  func isCompared(_ candidate: Int) -> Bool {
    content.comparesImages && candidates.split(of: candidate) == .train
  }

  /// Finds the candidates that are the same picture, now that all have been read.
  ///
  /// `tick` gets the progress of the search and returns whether to stop.
  mutating func compare(
    _ outcomes: OutcomeTable, _ workers: WorkerPool, _ kernels: KernelTable,
    tick: NearDuplicates.Tick
  ) throws(ImageStoreError) {
    let outcome = NearDuplicates.outcome(
      of: outcomes.copies, workers: workers, kernels: kernels, tick: tick)
    if outcome.isStopped { throw .stopped }
    (alike, cutShort) = (outcome.pairs, outcome.cutShort)
  }

  /// Some candidates as they are divided.
  func divided(_ indices: [Int32], _ outcomes: OutcomeTable) -> DividedImages {
    DividedImages(
      outcomes.digests, at: indices,
      classes: indices.map { Int32(candidates.classIndex(of: Int($0))) }, groups: groups)
  }

  /// Pairs that are the same picture, among some candidates, by their places there.
  func alike(among indices: [Int32]) -> [(Int, Int)] {
    if alike.isEmpty { return [] }
    var places = [Int32](repeating: -1, count: candidates.count)
    for (place, index) in indices.enumerated() { places[Int(index)] = Int32(place) }
    return alike.filter { places[$0.0] >= 0 && places[$0.1] >= 0 }
      .map { (Int(places[$0.0]), Int(places[$0.1])) }
  }

  /// Assigns the training folder's files to splits now that their digests are known.
  ///
  /// Gives those that have to be read again, as they belong to another split than was expected.
  mutating func settle(_ outcomes: inout OutcomeTable) -> [Int] {
    var known: [Int32] = []
    known.reserveCapacity(candidates.count)
    for index in candidates.indices
    where candidates.split(of: index) == .train && !outcomes.digest(of: index).isEmpty {
      known.append(Int32(index))
    }
    let splits = content.assign(divided(known, outcomes), alike: alike(among: known))
    var again: [Int] = []
    for (index, split) in zip(known.lazy.map { Int($0) }, splits) {
      let isWanted = wanted.contains(split)
      if outcomes.failures[index] != nil {
        // What nobody asked for is not looked at, and not found to be bad.
        if !isWanted { outcomes.pardon(index) }
      } else if outcomes.split(of: index) != (isWanted ? split : nil) {
        decided[outcomes.digest(of: index)] = split
        again.append(index)
      }
    }
    return again
  }

  /// Reads one file and hands its image's bytes to `keep`.
  func outcome(
    of candidate: Int, _ readers: Readers, keep: ([UInt8]) -> Void
  ) -> ImageStoreOutcome {
    var outcome = ImageStoreOutcome()
    do throws(ImageFailure) {
      let bytes = try FileBytes.read(candidates.path(of: candidate))
      outcome.fileDigest = FileDigest(SHA256.digest(bytes))
      let split = split(of: candidate, digest: outcome.fileDigest)
      func compare(_ known: DecodedImage?) {
        guard isCompared(candidate) else { return }
        outcome.hash = PerceptualHash(
          file: bytes, known: preprocessing.exif == .apply ? known : nil,
          maxPixels: preprocessing.maxPixels, resizer: readers.tiny)
      }
      guard wanted.contains(split) else {
        compare(nil)
        return outcome
      }
      let reader = split == .train ? readers.training : readers.other
      let decoded = try reader.decode(bytes)
      compare(decoded)
      let image = reader.resize(decoded)
      outcome.sums = image.pixels.withUnsafeBytes { ChannelSums($0) }
      keep(image.pixels)
      outcome.split = split
    } catch {
      outcome.failure = error
    }
    return outcome
  }

  /// The rank, 0 up to 1, of a training file's content for `--fraction`; nil for other files and
  /// for unreadable ones, which are kept to be reported.
  func contentRank(of candidate: Int) -> Double? {
    guard candidates.split(of: candidate) == .train,
      let bytes = try? FileBytes.read(candidates.path(of: candidate))
    else { return nil }
    return ContentSplit.rank(FileDigest(SHA256.digest(bytes)))
  }

  /// The candidates that the fraction leaves out, by the content ranks of all.
  ///
  /// Of each class these are all but the wanted number that come first.
  func leftOut(_ ranks: [Double?]) -> Set<Int> {
    var classes: [Int: [(rank: Double, index: Int)]] = [:]
    for (index, rank) in ranks.enumerated() {
      guard let rank else { continue }
      classes[candidates.classIndex(of: index), default: []].append((rank, index))
    }
    var left: Set<Int> = []
    for members in classes.values {
      let wanted = max(1, Int((content.fraction * Double(members.count)).rounded()))
      left.formUnion(members.sorted { $0 < $1 }.dropFirst(wanted).map(\.index))
    }
    return left
  }

  /// The key of a cache file: everything that determines its contents.
  ///
  /// Sources count by path, size and time of change, the program by its own size and time, the
  /// libraries that it opens for some kinds of files by their versions.
  func cacheKey(_ workers: WorkerPool) -> CacheKey {
    var digest = SHA256()
    var options = [preprocessingText, contentText]
    options.append(wanted.sorted().map(\.rawValue).joined(separator: " "))
    let opened = CodecLibrary.names(for: candidates.lazy.map(\.relativePath))
    let program =
      ImageReader.libraryVersions(opening: opened) + [identity(Platform.program).text]
    digest.update((options + program).joined(separator: "\n").utf8)
    var times: [Int] = []
    times.reserveCapacity(candidates.count)
    // Asking for a million files takes long on one thread, longer where they lie on a network.
    for range in (0..<candidates.count).parts(of: ImageStorePlan.filesAtOnce) {
      let sources = workers.map(range) { index, _ in identity(candidates.path(of: index)) }
      for (index, source) in zip(range, sources) {
        times.append(source.changed)
        let path = candidates.relativePath(of: index)
        let place = "\(path.utf8.count) \(path) \(candidates.classIndex(of: index))"
        digest.update("\n\(place) \(candidates.split(of: index)) \(source.text)".utf8)
      }
    }
    options.append(root)
    let name = SHA256.hex(of: options.joined(separator: "\n").utf8).prefix(32)
    return CacheKey(
      name: name + ".pictures", text: hexadecimal(digest.finalize()), times: times)
  }

  /// Files whose answers are held at a time, before they are put where they take less room.
  static let filesAtOnce = 1 << 13

  /// See `cacheKey`.
  struct CacheKey {
    /// The file's name: the same for other states of the same folder, so that they replace it.
    var name: String
    var text: String
    /// The modification time of each source, in nanoseconds since 1970.
    var times: [Int]
  }

  private func identity(_ path: String) -> (text: String, changed: Int) {
    var status = stat()
    guard stat(systemPath(path), &status) == 0 else { return ("none", 0) }
    // The inode's change time too: a file that is put in another's place may keep its times.
    let times = [Platform.modified(status), Platform.changed(status)].map {
      $0.tv_sec * 1_000_000_000 + $0.tv_nsec
    }
    return ("\(status.st_size) \(times[0]) \(times[1]) \(status.st_ino)", times[0])
  }
}
