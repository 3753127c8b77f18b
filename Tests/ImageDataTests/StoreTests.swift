import Compute
import Glibc
import ImageData
import KernelTypes
import Primitives
import TestSupport
import Testing

@Suite struct StoreTests {
  private let steps = Preprocessing(width: 8, height: 8, filter: .area)

  /// A dataset of class folders alone with numbered pictures.
  private func makeFolder(_ numbers: Range<Int>, _ classes: [String] = ["a", "b"]) throws
    -> TemporaryFolder
  {
    let folder = try TemporaryFolder()
    for number in numbers {
      try folder.write("\(classes[number % classes.count])/\(number).png", tinyPNG(number))
    }
    return folder
  }

  private func load(
    _ folder: TemporaryFolder, _ splits: [Split] = [.train, .val, .test],
    content: ContentSplit = ContentSplit(), training: (width: Int, height: Int)? = nil,
    threads: Int = 2
  ) throws -> ImageStore {
    let engine = try TestEngine.make(threads: threads)
    return try ImageStore.load(
      Dataset.open(folder.path), splits: splits, content: content, preprocessing: steps,
      trainingSize: training, workers: engine.workers, kernels: engine.kernels)
  }

  private func paths(_ store: ImageStore, _ split: Split) -> Set<String> {
    Set(store.indices(split).map { store.samples[$0].relativePath })
  }

  @Test("Splits by content are disjoint, exact and complete, and copies stay together")
  func splits() throws {
    let folder = try makeFolder(0..<600)
    let content = ContentSplit(validation: 0.2, test: 0.1)
    let before = try load(folder, content: content)
    let parts = Split.allCases.map { paths(before, $0) }
    #expect(parts[0].union(parts[1]).union(parts[2]).count == 600)
    #expect(parts.map(\.count) == [420, 120, 60])
    for name in ["a/", "b/"] {
      #expect(parts.map { $0.count { $0.hasPrefix(name) } } == [210, 60, 30])
    }
    // A copy under another name goes where its original is, and counts for nothing.
    for (split, part) in zip(Split.allCases, parts) {
      let original = try #require(part.min())
      try folder.write("b/copy-\(split.rawValue).png", FileBytes.read("\(folder.path)/\(original)"))
    }
    let after = try load(folder, content: content)
    for (split, part) in zip(Split.allCases, parts) {
      #expect(paths(after, split) == part.union(["b/copy-\(split.rawValue).png"]))
    }
    // What is tested on does not depend on what validates.
    let without = try load(folder, content: ContentSplit(test: 0.1))
    #expect(paths(without, .test) == paths(after, .test))
    #expect(without.indices(.val).isEmpty)
  }

  @Test(
    "Every picture has its split's size, whatever was expected before all had been read",
    arguments: [ImageCache.Policy.ram, .disk, .off])
  func readAgain(policy: ImageCache.Policy) throws {
    let classes = (0..<30).map { "c\($0)" }
    let folder = try makeFolder(0..<200, classes)
    let cacheFolder = try TemporaryFolder()
    let engine = try TestEngine.make()
    let dataset = try Dataset.open(folder.path)
    let content = ContentSplit(validation: 0.2, test: 0.15)
    let cache = ImageCache(policy, folder: cacheFolder.path)
    for splits in [Split.allCases, [.train, .val], [.val], [.test]] {
      // The second time from a file, where there is one.
      for _ in 0..<2 {
        let store = try ImageStore.load(
          dataset, splits: splits, content: content, preprocessing: steps, trainingSize: (10, 12),
          cache: cache, workers: engine.workers, kernels: engine.kernels)
        let digests = try store.samples.map { SHA256.digest(try FileBytes.read($0.path)) }
        let expected = content.assign(
          zip(digests, store.samples).map { ($0, nil, $1.classIndex) })
        for (index, split) in expected.enumerated() {
          guard splits.contains(split) else {
            #expect(store.split(of: index) == nil)
            continue
          }
          #expect(store.split(of: index) == split)
          let sized = split == .train ? steps.sized(width: 10, height: 12) : steps
          let read = try ImageReader(sized, kernels: engine.kernels)
            .read(path: store.samples[index].path)
          #expect(try store.image(index) == read)
        }
      }
    }
  }

  @Test("A fraction takes its part of each class, the same each time, and leaves splits alone")
  func fraction() throws {
    let folder = try makeFolder(0..<300, ["a", "b", "b"])
    let content = ContentSplit(validation: 0.2, fraction: 0.25)
    let store = try load(folder, content: content)
    let used = paths(store, .train).union(paths(store, .val))
    #expect(used.count { $0.hasPrefix("a/") } == 25)
    #expect(used.count { $0.hasPrefix("b/") } == 50)
    let again = try load(folder, content: content, threads: 1)
    #expect(again.fingerprint == store.fingerprint)
    #expect(paths(store, .val).count { $0.hasPrefix("a/") } == 5)
    #expect(paths(store, .val).count { $0.hasPrefix("b/") } == 10)
  }

  @Test("A split's own folder goes before a part of the training folder")
  func ownFolders() throws {
    let folder = try TemporaryFolder()
    for number in 0..<60 {
      try folder.write("train/\(["a", "b"][number % 2])/\(number).png", tinyPNG(number))
      try folder.write("val/\(["a", "b"][number % 2])/\(number).png", tinyPNG(100 + number))
    }
    let content = ContentSplit(validation: 0.5, test: 0.5)
    let store = try load(folder, content: content)
    #expect(paths(store, .val).count == 60)
    #expect(paths(store, .val).allSatisfy { $0.hasPrefix("val/") })
    #expect(paths(store, .train).count + paths(store, .test).count == 60)
    let only = try load(folder, [.test], content: content)
    #expect(paths(only, .test) == paths(store, .test))
    #expect(only.indices(.train).isEmpty && only.indices(.val).isEmpty)
  }

  @Test("A stored picture is exactly what reading the file gives, at either size")
  func onePath() throws {
    let folder = try TemporaryFolder()
    for name in ["ycc420.jpg", "cmyk.jpg", "palette.png", "orientation6.jpg"] {
      for label in ["a", "b"] { try folder.write("\(label)/\(name)", fixture(name)) }
    }
    let engine = try TestEngine.make()
    let dataset = try Dataset.open(folder.path)
    let store = try ImageStore.load(
      dataset, splits: [.train, .val], content: ContentSplit(validation: 0.5), preprocessing: steps,
      trainingSize: (10, 12), workers: engine.workers, kernels: engine.kernels)
    #expect(store.indices(.train).count + store.indices(.val).count == 8)
    for split in [Split.train, .val] {
      let size = split == .train ? (width: 10, height: 12) : (width: 8, height: 8)
      for index in store.indices(split) {
        let sized = steps.sized(width: size.width, height: size.height)
        let path = store.samples[index].path
        let read = try ImageReader(sized, kernels: engine.kernels).read(path: path)
        #expect(try store.image(index) == read)
        #expect(try hexadecimal(store.digest(of: index)) == SHA256.hex(of: FileBytes.read(path)))
      }
    }
    // Tensors of the store and of single pictures agree in every bit.
    let indices = store.indices(.val)
    var tensors = [Float](repeating: .nan, count: indices.count * steps.tensorCount)
    try tensors.withUnsafeMutableBufferPointer {
      try store.writeTensors(
        indices, steps, into: $0, kernels: engine.kernels, workers: engine.workers)
    }
    for (position, index) in indices.enumerated() {
      let reader = ImageReader(steps, kernels: engine.kernels)
      let single = reader.tensor(try reader.read(path: store.samples[index].path))
      #expect(Array(tensors[(position * single.count)..<((position + 1) * single.count)]) == single)
    }
  }

  @Test("Bad files are listed with their reason and the rest is kept")
  func failures() throws {
    let folder = try makeFolder(0..<10)
    try folder.write("a/text.jpg", Array("no picture".utf8))
    try folder.write("b/cut.png", Array(fixture("rgb.png").prefix(300)))
    try folder.makeFolder("b/folder.jpg")
    try #require(mkfifo("\(folder.path)/a/pipe.png", 0o600) == 0)
    try folder.link("a/gone.png", to: "nowhere")
    let store = try load(folder)
    #expect(store.indices(.train).count == 10)
    let found = Dictionary(
      uniqueKeysWithValues: store.failures.map { ($0.sample.relativePath, $0.failure.code) })
    #expect(
      found == [
        "a/text.jpg": .notAnImage, "b/cut.png": .truncated, "b/folder.jpg": .notAFile,
        "a/pipe.png": .notAFile, "a/gone.png": .unreadable,
      ])
    #expect(store.failures.allSatisfy { $0.split == .train })
  }

  @Test("A picture whose name, or whose folder's name, is not UTF-8 is read as any other")
  func invalidName() throws {
    let folder = try makeFolder(0..<4)
    let below = Array("\(folder.path)/a/".utf8) + [0xE9, 0xFE]
    try #require(mkdir((below + [0]).map { CChar(bitPattern: $0) }, 0o700) == 0)
    for (number, path) in [below + Array("/".utf8), below].enumerated() {
      let name = (path + [0xFF] + Array(".png".utf8) + [0]).map { CChar(bitPattern: $0) }
      let descriptor = open(name, O_CREAT | O_WRONLY, 0o600)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      let bytes = tinyPNG(50 + number)
      try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    }
    let store = try load(folder)
    #expect(store.failures.isEmpty)
    #expect(store.indices(.train).count == 6)
    let names = store.samples.map { Array($0.relativePath.fileNameBytes.dropFirst(2)) }
    #expect(names.contains([0xE9, 0xFE, 0x2F, 0xFF] + Array(".png".utf8)))
    #expect(names.contains([0xE9, 0xFE, 0xFF] + Array(".png".utf8)))
  }

  @Test("The fingerprint tells contents, names and preprocessing apart, but not threads")
  func fingerprint() throws {
    let folder = try makeFolder(0..<40)
    let one = try load(folder).fingerprint
    #expect(try load(folder, threads: 1).fingerprint == one)
    #expect(one.count == 64)
    #expect(try load(folder, training: (9, 9)).fingerprint != one)
    #expect(try load(folder, content: ContentSplit(validation: 0.3)).fingerprint != one)
    try folder.write("a/0.png", tinyPNG(99))
    let changed = try load(folder).fingerprint
    #expect(changed != one)
    try folder.write("a/0.png", tinyPNG(0))
    #expect(try load(folder).fingerprint == one)
  }

  @Test("Progress ends at the total, and a stop is obeyed")
  func progress() throws {
    let folder = try makeFolder(0..<50)
    let engine = try TestEngine.make()
    let dataset = try Dataset.open(folder.path)
    var last = (done: 0, total: 0)
    _ = try ImageStore.load(
      dataset, splits: [.train], preprocessing: steps, workers: engine.workers,
      kernels: engine.kernels, progress: { last = ($0, $1) })
    #expect(last == (50, 50))
    #expect(throws: ImageStoreError.stopped) {
      try ImageStore.load(
        dataset, splits: [.train], preprocessing: steps, workers: engine.workers,
        kernels: engine.kernels, shouldStop: { true })
    }
  }

  @Test("Channel statistics are the mean and deviation of all pixels")
  func statistics() throws {
    let folder = try makeFolder(0..<30)
    let store = try load(folder)
    let indices = store.indices(.train)
    let found = store.channelStatistics(indices)
    for channel in 0..<3 {
      let values = try indices.flatMap { index in
        let pixels = try store.image(index).pixels
        return stride(from: channel, to: 192, by: 3).map { Double(pixels[$0]) }
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(Double(found.mean[channel]) - mean) < 1e-3)
      #expect(abs(Double(found.deviation[channel]) - max(1, variance.squareRoot())) < 1e-3)
    }
  }
}
