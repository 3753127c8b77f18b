import Compute
import FoundationEssentials
import Glibc
import ImageData
import KernelTypes
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite struct ImageCacheTests {
  private let steps = Preprocessing(width: 8, height: 8, mean: [90, 80, 70])

  /// A folder with `count` pictures and one bad file, none of them changed of late.
  private func makeDataset(_ count: Int = 12) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for number in 0..<count {
      try folder.write("\(["a", "b"][number % 2])/\(number).png", tinyPNG(number))
    }
    try folder.write("a/bad.png", Array("no picture".utf8))
    for number in 0..<count { age("\(folder.path)/\(["a", "b"][number % 2])/\(number).png") }
    age("\(folder.path)/a/bad.png")
    return folder
  }

  /// Says that a file changed an hour ago.
  private func age(_ path: String) {
    let then = timespec(tv_sec: time(nil) - 3600, tv_nsec: 0)
    utimensat(AT_FDCWD, path, [then, then], 0)
  }

  private func load(
    _ folder: TemporaryFolder, _ cache: ImageCache, steps: Preprocessing? = nil,
    workers: WorkerPool? = nil
  ) throws -> ImageStore {
    let engine = try TestEngine.make()
    return try ImageStore.load(
      Dataset.open(folder.path), splits: [.train, .val], content: ContentSplit(validation: 0.3),
      preprocessing: steps ?? self.steps, trainingSize: (10, 10), cache: cache,
      workers: workers ?? engine.workers, kernels: engine.kernels)
  }

  private func files(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private func images(_ store: ImageStore) throws -> [RGBImage] {
    try (store.indices(.train) + store.indices(.val)).map { try store.image($0) }
  }

  /// Exchanges two bytes of red of a file's first picture: its sums stay, so whoever takes the
  /// file shows it.
  private func mark(_ path: String) throws {
    var bytes = try FileBytes.read(path)
    try #require(exchange(&bytes))
    try Data(bytes).write(to: URL(filePath: path))
  }

  private func exchange(_ bytes: inout [UInt8]) -> Bool {
    // Blue differs from pixel to pixel.
    guard bytes.count > 4096 + 300, bytes[4098] != bytes[4098 + 150] else { return false }
    bytes.swapAt(4098, 4098 + 150)
    return true
  }

  @Test("Wherever pictures are kept, the store and its batches are the same")
  func places() throws {
    let dataset = try makeDataset(20)
    let folder = try TemporaryFolder()
    let engine = try TestEngine.make()
    let ram = try load(dataset, ImageCache(.ram))
    var augmentation = Augmentation.strong
    augmentation.mixup = 0.4
    let plan = BatchPlan(
      indices: ram.indices(.train), batchSize: 4, seed: 3, augmentation: augmentation,
      preprocessing: steps, epochs: 0..<2)
    func batches(_ store: ImageStore) throws -> [[Float]] {
      let loader = BatchLoader(
        store: store, plan: plan, kernels: engine.kernels, workers: engine.workers)
      var batches: [[Float]] = []
      for _ in plan.epochs {
        while let batch = try loader.next() { batches.append(Array(batch.pixels)) }
      }
      #expect((loader.decodeSeconds > 0) == (store.place != .ram))
      return batches
    }
    let expected = try batches(ram)
    #expect(expected.count >= 4)
    #expect(ram.place == .ram)
    for (policy, place) in [
      (ImageCache.Policy.disk, ImageCache.Place.disk), (.disk, .disk), (.off, .off),
    ] {
      let store = try load(dataset, ImageCache(policy, folder: folder.path + "/deep/down"))
      #expect(store.place == place)
      #expect(store.fingerprint == ram.fingerprint)
      #expect(store.failures == ram.failures && store.failures.count == 1)
      #expect(try images(store) == images(ram))
      #expect(
        store.channelStatistics(store.indices(.train)).mean
          == ram.channelStatistics(ram.indices(.train)).mean)
      #expect(
        store.indices(.val).map { store.digest(of: $0) }
          == ram.indices(.val).map { ram.digest(of: $0) })
      #expect(try batches(store) == expected)
    }
  }

  @Test("The next load takes the file, unless a source or an option is another")
  func reuse() throws {
    let dataset = try makeDataset()
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    let first = try images(load(dataset, cache))
    let name = try #require(files(folder).first)
    #expect(try files(folder).count == 1 && name.hasSuffix(".pictures"))
    let path = folder.path + "/" + name
    try mark(path)
    #expect(try images(load(dataset, cache)) != first)

    // Another size is another file.
    let large = Preprocessing(width: 9, height: 9)
    _ = try load(dataset, cache, steps: large)
    #expect(try files(folder).count == 2)

    // A source that is changed, with its size and its times kept, makes the file again.
    try dataset.write("a/0.png", tinyPNG(77))
    age("\(dataset.path)/a/0.png")
    let changed = try images(load(dataset, cache))
    #expect(changed != first)
    #expect(try changed == images(load(dataset, ImageCache(.ram))))
    try mark(path)
    #expect(try images(load(dataset, cache)) != changed)

    // A new picture, and one that is gone.
    try dataset.write("b/new.png", tinyPNG(78))
    age("\(dataset.path)/b/new.png")
    #expect(try images(load(dataset, cache)).count == 13)
    try FileManager.default.removeItem(atPath: "\(dataset.path)/b/new.png")
    #expect(try images(load(dataset, cache)) == changed)
    #expect(try files(folder).count == 2)
  }

  @Test("A file is not taken when a source changed in the seconds before it was made")
  func fresh() throws {
    let dataset = try makeDataset()
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    try dataset.write("a/0.png", tinyPNG(5))
    let first = try images(load(dataset, cache))
    try mark(folder.path + "/" + (try #require(files(folder).first)))
    #expect(try images(load(dataset, cache)) == first)
  }

  @Test("A file that is cut short or has a bit turned in header or index is made again")
  func damage() throws {
    let dataset = try makeDataset(4)
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    let first = try images(load(dataset, cache))
    let path = folder.path + "/" + (try #require(files(folder).first))
    let whole = try FileBytes.read(path)
    let index = 4096 + 5 * 300
    func expectRefused(_ bytes: [UInt8], _ what: String) throws {
      var marked = bytes
      // Were the file taken, this would show.
      _ = exchange(&marked)
      try Data(marked).write(to: URL(filePath: path))
      #expect(try images(load(dataset, cache)) == first, "\(what)")
    }
    for at in Array(0..<128) + Array(stride(from: index, to: whole.count, by: 37)) {
      var bytes = whole
      bytes[at] ^= 1 << UInt8(at % 8)
      try expectRefused(bytes, "bit at \(at)")
    }
    for count in [0, 1, 127, 4096, 4097, index, whole.count - 1] {
      try expectRefused(Array(whole[..<count]), "\(count) bytes")
    }
    try expectRefused(whole + [0], "a byte more")
    #expect(try FileBytes.read(path).count == whole.count)
  }

  @Test("A picture whose bytes have gone bad in the file is decoded again")
  func badPixels() throws {
    let dataset = try makeDataset(6)
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    let first = try images(load(dataset, cache))
    let path = folder.path + "/" + (try #require(files(folder).first))
    let whole = try FileBytes.read(path)
    for at in stride(from: 4096, to: 4096 + 6 * 300, by: 53) {
      var bytes = whole
      bytes[at] ^= 1 << UInt8(at % 8)
      try Data(bytes).write(to: URL(filePath: path))
      #expect(try images(load(dataset, cache)) == first, "byte \(at)")
    }
  }

  @Test("A file that others can write is not trusted and made again")
  func writtenByOthers() throws {
    let dataset = try makeDataset()
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    let first = try images(load(dataset, cache))
    let path = folder.path + "/" + (try #require(files(folder).first))
    for mode: mode_t in [0o620, 0o602] {
      try mark(path)
      #expect(chmod(path, mode) == 0)
      #expect(try images(load(dataset, cache)) == first)
    }
  }

  @Test("Times to come do not keep a file from being taken")
  func future() throws {
    let dataset = try makeDataset()
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    let then = timespec(tv_sec: time(nil) + 24 * 3600, tv_nsec: 0)
    utimensat(AT_FDCWD, "\(dataset.path)/a/0.png", [then, then], 0)
    let first = try images(load(dataset, cache))
    try mark(folder.path + "/" + (try #require(files(folder).first)))
    #expect(try images(load(dataset, cache)) != first)
  }

  @Test("What may fail but once is not remembered")
  func passing() throws {
    let dataset = try makeDataset()
    let folder = try TemporaryFolder()
    try dataset.link("a/gone.png", to: "nowhere")
    let store = try load(dataset, ImageCache(.disk, folder: folder.path))
    #expect(store.place == .disk && store.failures.count == 2)
    #expect(try images(store) == images(load(dataset, ImageCache(.ram))))
    #expect(try files(folder) == [])
  }

  @Test("A folder in the dataset is refused and nothing is made there")
  func inside() throws {
    let dataset = try makeDataset(4)
    let before = try files(dataset)
    let elsewhere = try TemporaryFolder()
    try elsewhere.link("link", to: dataset.path)
    for path in [
      dataset.path, dataset.path + "/a", dataset.path + "/new/er", elsewhere.path + "/link/x",
    ] {
      #expect(throws: ImageStoreError.self, "\(path)") {
        try load(dataset, ImageCache(.disk, folder: path))
      }
      let store = try load(dataset, ImageCache(.auto, folder: path, availableMemory: 0))
      #expect(store.place == .off)
      #expect(try files(dataset) == before)
    }
    #expect(Dataset.lies(dataset.path + "-2", in: dataset.path) == false)
  }

  @Test("Memory that is not free is refused before anything is read")
  func tooMuch() throws {
    let dataset = try makeDataset(4)
    #expect(throws: ImageStoreError.outOfMemory(bytes: 1500)) {
      try load(dataset, ImageCache(.ram, availableMemory: 1499))
    }
    _ = try load(dataset, ImageCache(.ram, availableMemory: 1500))
  }

  @Test("What is no file of the user's own is left alone and replaced")
  func strangers() throws {
    let dataset = try makeDataset(4)
    let folder = try TemporaryFolder()
    let cache = ImageCache(.disk, folder: folder.path)
    let first = try images(load(dataset, cache))
    let name = try #require(files(folder).first)
    let path = folder.path + "/" + name
    try folder.write("elsewhere", FileBytes.read(path))
    try mark(folder.path + "/elsewhere")
    unlink(path)
    try folder.link(name, to: "elsewhere")
    #expect(try images(load(dataset, cache)) == first)
    unlink(path)
    try #require(mkfifo(path, 0o600) == 0)
    #expect(try images(load(dataset, cache)) == first)
  }

  @Test("What crashed runs left goes, what another run is writing stays")
  func leftovers() throws {
    let dataset = try makeDataset(4)
    let folder = try TemporaryFolder()
    let dead = try folder.write("0123.pictures.99-1.tmp", [1, 2, 3])
    let living = try folder.write("4567.pictures.99-2.tmp", [1, 2, 3])
    let other = try folder.write("notes.txt", [1])
    let old = try folder.write("89ab.pictures", [1])
    let then = timespec(tv_sec: time(nil) - 40 * 24 * 3600, tv_nsec: 0)
    utimensat(AT_FDCWD, old, [then, then], 0)
    let descriptor = open(living, O_RDONLY)
    defer { close(descriptor) }
    try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    _ = try load(dataset, ImageCache(.disk, folder: folder.path))
    #expect(access(dead, F_OK) != 0 && access(old, F_OK) != 0)
    #expect(access(living, F_OK) == 0 && access(other, F_OK) == 0)
    #expect(try files(folder).count == 3)
    // So it is where a run finds its file, or needs none.
    for policy in [ImageCache.Policy.disk, .ram] {
      let late = try folder.write("cdef.pictures.99-3.tmp", [1, 2, 3])
      _ = try load(dataset, ImageCache(policy, folder: folder.path))
      #expect(access(late, F_OK) != 0 && access(living, F_OK) == 0, "\(policy)")
    }
  }

  @Test("Loads at the same time do not disturb each other")
  func together() throws {
    let dataset = try makeDataset(30)
    let folder = try TemporaryFolder()
    let expected = try images(load(dataset, ImageCache(.ram)))
    let good = Mutex(0)
    WorkerPool(threads: 4).parallelFor(8) { _, _ in
      let store = try? load(
        dataset, ImageCache(.disk, folder: folder.path), workers: WorkerPool(threads: 1))
      let found = store.flatMap { try? images($0) }
      if found == expected { good.withLock { $0 += 1 } }
    }
    #expect(good.withLock { $0 } == 8)
    #expect(try files(folder).count == 1)
  }

  @Test("A file that cannot be made is an error where it was asked for, else done without")
  func noRoom() throws {
    let dataset = try makeDataset(4)
    let folder = try TemporaryFolder()
    let file = try folder.write("file", [1])
    for path in [file, file + "/below", "/proc/none"] {
      #expect(throws: ImageStoreError.self, "\(path)") {
        try load(dataset, ImageCache(.disk, folder: path))
      }
      let store = try load(dataset, ImageCache(.auto, folder: path, availableMemory: 0))
      #expect(store.place == .off)
    }
    #expect(throws: ImageStoreError.self) { try load(dataset, ImageCache(.disk, folder: nil)) }
  }

  @Test("What fits decides where nothing is asked for")
  func auto() throws {
    let dataset = try makeDataset(4)
    let folder = try TemporaryFolder()
    func place(_ memory: Int) throws -> ImageCache.Place {
      try load(dataset, ImageCache(.auto, folder: folder.path, availableMemory: memory)).place
    }
    #expect(try place(3000) == .ram)
    #expect(try place(2999) == .disk)
    #expect(try load(dataset, ImageCache(.auto, availableMemory: 10)).place == .off)
    #expect(try load(dataset, ImageCache(.auto)).place == .ram)
  }

  @Test("Without a cache, files that vanish or change are named")
  func vanishing() throws {
    let dataset = try makeDataset(6)
    let engine = try TestEngine.make()
    let store = try load(dataset, ImageCache(.off))
    let index = try #require(store.indices(.train).first)
    let path = store.samples[index].path
    func failure() -> ImageStoreError? {
      let plan = BatchPlan(
        indices: store.indices(.train), batchSize: 2, shuffles: false, preprocessing: steps,
        epochs: 0..<1)
      let loader = BatchLoader(
        store: store, plan: plan, kernels: engine.kernels, workers: engine.workers)
      do throws(ImageStoreError) {
        while try loader.next() != nil {}
        return nil
      } catch {
        return error
      }
    }
    #expect(failure() == nil)
    try Data(tinyPNG(99)).write(to: URL(filePath: path))
    #expect(failure() == .changed(path: path))
    unlink(path)
    guard case .vanished(path, _) = failure() else {
      Issue.record("a missing file is not named")
      return
    }
  }
}
