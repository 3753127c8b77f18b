import Compute
import FoundationEssentials
import Glibc
import ImageData
import KernelTypes
import Primitives
import Ranks
import TestSupport
import Testing

/// What the tests of loading by several processes have in common.
enum Shared {
  static let steps = Preprocessing(width: 8, height: 8, mean: [90, 80, 70])
  static let content = ContentSplit(validation: 0.25, test: 0.15)

  /// A folder with `count` pictures, some of them there twice, and bad files, none changed of late.
  static func makeDataset(_ count: Int = 40) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var files: [String] = []
    for number in 0..<count {
      // Every ninth has the content of its neighbour, in the other class.
      let content = number % 9 == 8 ? number - 1 : number
      files.append(
        try folder.write("\(["a", "b"][number % 2])/\(number).png", tinyPNG(1 + 7 * content)))
    }
    files.append(try folder.write("a/bad.png", Array("no picture".utf8)))
    files.append(try folder.write("b/empty.jpg", []))
    try folder.makeFolder("b/folder.jpg")
    for file in files + ["\(folder.path)/b/folder.jpg"] { age(file) }
    try folder.link("a/gone.png", to: "nowhere")
    return folder
  }

  /// Says that a file changed an hour ago.
  static func age(_ path: String) {
    let then = timespec(tv_sec: time(nil) - 3600, tv_nsec: 0)
    utimensat(AT_FDCWD, path, [then, then], 0)
  }

  /// A rank of a loading, with what tests vary.
  struct Rank {
    var number: Int
    var count: Int
    var folder: TemporaryFolder
    var cache = ImageCache(.ram)
    var isFirstOfNode = true
    var ranksOnNode = 1
    var filesPerExchange = 3
    var content = Shared.content
    var steps = Shared.steps
    var trainingSize = 10
    var threads = 2
    var shouldStop: () -> Bool = { false }
    var progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }

    func load(_ gather: @escaping RankGather) throws -> ImageStore {
      let engine = try TestEngine.make(threads: threads)
      let neighbours = Neighbours(place: isFirstOfNode ? 0 : 1, count: ranksOnNode)
      let group = Group(rank: number, count: count, neighbours: neighbours) {
        bytes throws(CommunicationError) in
        do { return try gather(bytes) } catch { throw CommunicationError(.failed, Shared.alone) }
      }
      return try ImageStore.load(
        Dataset.open(folder.path), splits: Split.allCases, content: content, preprocessing: steps,
        trainingSize: (trainingSize, trainingSize), cache: cache, group: group,
        filesPerExchange: filesPerExchange, workers: engine.workers, kernels: engine.kernels,
        shouldStop: shouldStop, progress: progress)
    }
  }

  /// What a rank says that waits for one that has ended.
  static let alone = "left alone"

  /// The store of one process.
  static func load(
    _ folder: TemporaryFolder, content: ContentSplit = Shared.content,
    cache: ImageCache = ImageCache(.ram)
  ) throws -> ImageStore {
    let engine = try TestEngine.make()
    return try ImageStore.load(
      Dataset.open(folder.path), splits: Split.allCases, content: content, preprocessing: steps,
      trainingSize: (10, 10), cache: cache, workers: engine.workers, kernels: engine.kernels)
  }

  /// Loads on `count` ranks, each as `change` makes it.
  static func load(
    _ count: Int, _ folder: TemporaryFolder, _ change: (inout Rank) throws -> Void = { _ in }
  ) -> [Result<ImageStore, any Error>] {
    onRanks(count) { number, gather in
      var rank = Rank(number: number, count: count, folder: folder)
      try change(&rank)
      return try rank.load(gather)
    }
  }

  /// The error that all ranks give, if they give the same.
  static func error<Value>(_ results: [Result<Value, any Error>]) -> ImageStoreError? {
    let errors = results.map { result -> ImageStoreError? in
      if case .failure(let error as ImageStoreError) = result { return error }
      return nil
    }
    return Set(errors).count == 1 ? errors[0] : nil
  }
}

/// Everything that a store says.
struct StoreFacts: Equatable {
  var paths: [String]
  var failures: [BadImage]
  var splits: [Split?]
  var indices: [[Int]]
  var digests: [[UInt8]]
  var fingerprint: String
  var means: [[Float]]
  var deviations: [[Float]]
  var copies: [CheckFinding]

  init(_ store: ImageStore) {
    paths = store.samples.map(\.relativePath)
    failures = store.failures
    splits = store.samples.indices.map { store.split(of: $0) }
    indices = Split.allCases.map { store.indices($0) }
    digests = store.samples.indices.map { store.digest(of: $0) }
    fingerprint = store.fingerprint
    let statistics = indices.map { store.channelStatistics($0) }
    means = statistics.map(\.mean)
    deviations = statistics.map(\.deviation)
    copies = store.copies
  }
}

extension ImageStore {
  /// All pictures, in the order of the splits.
  func allImages() throws -> [RGBImage] {
    try Split.allCases.flatMap { indices($0) }.map { try image($0) }
  }
}
