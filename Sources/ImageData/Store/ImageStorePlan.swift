import Compute
import Glibc
internal import KernelTypes
internal import Primitives

/// The files to read for a store, and the memory for their pixels.
struct ImageStorePlan {
  /// A sample and the split whose folder it lies in.
  struct Candidate {
    var sample: Sample
    var folder: Split
    /// What it must stay together with; nil for itself alone.
    var group: String?
  }

  /// The dataset's folder, from the root of the file system where that can be told.
  let root: String
  var candidates: [Candidate] = []
  var wanted: Set<Split>
  var content: ContentSplit
  var preprocessing: Preprocessing
  var trainingSize: (width: Int, height: Int)
  /// The number of files of each class in the training folder that are read at all.
  private var classCounts: [Int: Int] = [:]
  /// The splits of those digests of which it is known that they are not the likely ones.
  private var decided: [[UInt8]: Split] = [:]
  /// Pairs of candidates that are the same picture.
  private(set) var alike: [(Int, Int)] = []

  init(
    _ dataset: Dataset, _ splits: [Split], _ content: ContentSplit,
    _ preprocessing: Preprocessing, _ trainingSize: (width: Int, height: Int)
  ) {
    root = FolderListing.realPath(dataset.root) ?? dataset.root
    wanted = Set(splits)
    (self.content, self.preprocessing, self.trainingSize) = (content, preprocessing, trainingSize)
    let groups = content.groupBy.flatMap { try? ImageGroups($0) }
    // A folder of its own always goes before a part of the training folder.
    if dataset.splits[.val] != nil { self.content.validation = 0 }
    if dataset.splits[.test] != nil { self.content.test = 0 }
    if content.fold != nil { self.content.test = 0 }
    for folder in Split.allCases {
      let isSource =
        wanted.contains(folder)
        || folder == .train
          && (wanted.contains(.val) && self.content.validation > 0
            || wanted.contains(.test) && (self.content.test > 0 || content.fold != nil))
      guard isSource else { continue }
      // A fold is the test in place of the images of a folder.
      if folder == .test, content.fold != nil { continue }
      for sample in dataset.splits[folder] ?? [] {
        candidates.append(
          Candidate(
            sample: sample, folder: folder, group: groups?.name(of: sample.relativePath)))
      }
    }
    expect(Array(candidates.indices))
  }

  /// Says which candidates are read at all: of how many the held out images are chosen.
  mutating func expect(_ used: [Int]) {
    classCounts = [:]
    for index in used where candidates[index].folder == .train {
      classCounts[candidates[index].sample.classIndex, default: 0] += 1
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

  func fingerprint(_ outcomes: [ImageStoreOutcome]) -> String {
    var digest = SHA256()
    digest.update((preprocessingText + "\n").utf8)
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

extension ImageStorePlan {
  /// The split that a candidate belongs to by its content: the likely one until `settle` knows.
  ///
  /// Images of different splits may be wanted in different sizes, and which of a class are held out
  /// is known only when all have been read. Nearly all are where they are expected; the few others
  /// are read again.
  func split(of candidate: Candidate, digest: [UInt8]) -> Split {
    guard candidate.folder == .train else { return candidate.folder }
    return decided[digest]
      ?? content.likelySplit(
        of: ContentSplit.unit(of: digest, group: candidate.group),
        among: classCounts[candidate.sample.classIndex] ?? 0)
  }

  /// Whether a candidate is compared with others: those of other folders are not divided.
  func isCompared(_ candidate: Candidate) -> Bool {
    content.comparesImages && candidate.folder == .train
  }

  /// Finds the candidates that are the same picture, now that all have been read.
  mutating func compare(_ outcomes: [ImageStoreOutcome], _ workers: WorkerPool) {
    guard content.comparesImages else { return }
    alike = NearDuplicates.pairs(of: outcomes.map(\.hash), workers: workers)
  }

  /// Assigns the training folder's files to splits now that their digests are known.
  ///
  /// Gives those that have to be read again, as they belong to another split than was expected.
  mutating func settle(_ outcomes: inout [ImageStoreOutcome]) -> [Int] {
    let known = candidates.indices.filter {
      candidates[$0].folder == .train && !outcomes[$0].digest.isEmpty
    }
    var places: [Int: Int] = [:]
    for (place, index) in known.enumerated() where !alike.isEmpty { places[index] = place }
    let splits = content.assign(
      known.map {
        (outcomes[$0].digest, candidates[$0].group, candidates[$0].sample.classIndex)
      },
      alike: alike.compactMap { a, b in
        places[a].flatMap { first in places[b].map { (first, $0) } }
      })
    var again: [Int] = []
    for (index, split) in zip(known, splits) {
      let isWanted = wanted.contains(split)
      if outcomes[index].failure != nil {
        // What nobody asked for is not looked at, and not found to be bad.
        if !isWanted { outcomes[index].failure = nil }
      } else if outcomes[index].split != (isWanted ? split : nil) {
        decided[outcomes[index].digest] = split
        again.append(index)
      }
    }
    return again
  }

  /// Reads one file and hands its image's bytes to `keep`.
  func outcome(
    of candidate: Candidate, _ readers: Readers, keep: ([UInt8]) -> Void
  ) -> ImageStoreOutcome {
    var outcome = ImageStoreOutcome()
    do throws(ImageFailure) {
      let bytes = try FileBytes.read(candidate.sample.path)
      outcome.digest = SHA256.digest(bytes)
      let split = split(of: candidate, digest: outcome.digest)
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
  func contentRank(of candidate: Candidate) -> Double? {
    guard candidate.folder == .train,
      let bytes = try? FileBytes.read(candidate.sample.path)
    else { return nil }
    return ContentSplit.rank(SHA256.digest(bytes))
  }

  /// The candidates that the fraction leaves out, by the content ranks of all.
  ///
  /// Of each class these are all but the wanted number that come first.
  func leftOut(_ ranks: [Double?]) -> Set<Int> {
    var classes: [Int: [(rank: Double, index: Int)]] = [:]
    for (index, rank) in ranks.enumerated() {
      guard let rank else { continue }
      classes[candidates[index].sample.classIndex, default: []].append((rank, index))
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
    let opened = CodecLibrary.names(for: candidates.lazy.map(\.sample.path))
    let program =
      ImageReader.libraryVersions(opening: opened) + [identity("/proc/self/exe").text]
    digest.update((options + program).joined(separator: "\n").utf8)
    var times: [Int] = []
    // Asking for a million files takes long on one thread, longer where they lie on a network.
    let sources = workers.map(candidates) { candidate, _ in identity(candidate.sample.path) }
    for (candidate, source) in zip(candidates, sources) {
      times.append(source.changed)
      let path = candidate.sample.relativePath
      let place = "\(path.utf8.count) \(path) \(candidate.sample.classIndex)"
      digest.update("\n\(place) \(candidate.folder) \(source.text)".utf8)
    }
    options.append(root)
    let name = SHA256.hex(of: options.joined(separator: "\n").utf8).prefix(32)
    return CacheKey(
      name: name + ".pictures", text: hexadecimal(digest.finalize()), times: times)
  }

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
    let times = [status.st_mtim, status.st_ctim].map { $0.tv_sec * 1_000_000_000 + $0.tv_nsec }
    return ("\(status.st_size) \(times[0]) \(times[1]) \(status.st_ino)", times[0])
  }
}
