import Compute
import FoundationEssentials
import Glibc
import ImageData
import KernelTypes
import Ranks
import Synchronization
import TestSupport
import Testing

/// Loading by several processes that all goes well.
@Suite struct SharedLoadingTests {
  @Test("Any number of processes come to the store of one, wherever pictures are kept")
  func equality() throws {
    let dataset = try Shared.makeDataset()
    for fraction in [1, 0.5] {
      var content = Shared.content
      content.fraction = fraction
      let one = try Shared.load(dataset, content: content)
      let expected = (facts: StoreFacts(one), images: try one.allImages())
      #expect(expected.facts.failures.count == 4 && !expected.facts.copies.isEmpty)
      #expect(expected.facts.indices.allSatisfy { !$0.isEmpty })
      for count in [1, 2, 3, 5, 50] {
        for policy in [ImageCache.Policy.ram, .off, .disk] {
          let caches = try (0..<2).map { _ in try TemporaryFolder() }
          let stores = try Shared.load(count, dataset) { rank in
            rank.content = content
            // Two machines, each with its folder.
            rank.cache = ImageCache(policy, folder: caches[rank.number % 2].path)
            rank.isFirstOfNode = rank.number < 2
            if count == 5 { rank.filesPerExchange = 256 }
          }.map { try $0.get() }
          for store in stores {
            #expect(StoreFacts(store) == expected.facts)
            #expect(try store.allImages() == expected.images)
          }
          #expect(stores[0].place.rawValue == policy.rawValue)
        }
      }
    }
  }

  @Test("Batches of all processes are those of one, with pictures that come when wanted")
  func batches() throws {
    let dataset = try Shared.makeDataset()
    var augmentation = Augmentation.strong
    augmentation.mixup = 0.4
    func batches(_ store: ImageStore, group: Group) throws -> [[Float]] {
      let plan = BatchPlan(
        indices: store.indices(.train), batchSize: 6, seed: 3, augmentation: augmentation,
        preprocessing: Shared.steps, epochs: 0..<3, group: group)
      let engine = try TestEngine.make()
      let loader = BatchLoader(
        store: store, plan: plan, kernels: engine.kernels, workers: engine.workers)
      var batches: [[Float]] = []
      for _ in plan.epochs {
        while let batch = try loader.next() { batches.append(Array(batch.pixels)) }
      }
      return batches
    }
    let expected = try batches(Shared.load(dataset), group: Group())
    let found = try onRanks(3) { number, gather in
      let store = try Shared.Rank(number: number, count: 3, folder: dataset).load(gather)
      return try batches(store, group: .part(number, of: 3))
    }.map { try $0.get() }
    for (index, batch) in expected.enumerated() {
      #expect(found.flatMap { $0[index] } == batch)
    }
  }

  @Test("Threads that want the same pictures at once get all of each")
  func together() throws {
    let dataset = try Shared.makeDataset()
    // Large, so that one is being kept while others ask for it.
    let stores = try Shared.load(2, dataset) { $0.trainingSize = 700 }.map { try $0.get() }
    let wanted = stores[0].indices(.train).filter { $0 % 2 == 1 }
    #expect(wanted.count > 5)
    for index in wanted {
      let expected = try stores[1].image(index)
      let right = Atomic(0)
      WorkerPool(threads: 24, spins: false).parallelFor(24) { turn, _ in
        // At any moment of the first one's work.
        usleep(UInt32(200 * turn))
        if (try? stores[0].image(index)) == expected { right.add(1, ordering: .relaxed) }
      }
      #expect(right.load(ordering: .relaxed) == 24)
    }
  }

  @Test("A process keeps what it has decoded, and only that")
  func onDemand() throws {
    let dataset = try Shared.makeDataset()
    let expected = try Shared.load(dataset)
    let stores = try Shared.load(2, dataset).map { try $0.get() }
    let indices = Split.allCases.flatMap { expected.indices($0) }
    for index in indices where index % 3 == 0 {
      #expect(try stores[0].image(index) == expected.image(index))
    }
    for index in indices { unlink(expected.samples[index].path) }
    for (rank, store) in stores.enumerated() {
      for index in indices {
        if index % 2 == rank || rank == 0 && index % 3 == 0 {
          #expect(try store.image(index) == expected.image(index))
        } else {
          guard case .vanished? = Shared.error([Result { try store.image(index) }]) else {
            Issue.record("picture \(index) of rank \(rank) came from nowhere")
            continue
          }
        }
      }
    }
  }

  @Test("Of the processes of a machine one makes the file, the others find it, as do later runs")
  func oneFile() throws {
    let dataset = try Shared.makeDataset()
    let folder = try TemporaryFolder()
    let expected = try Shared.load(dataset).allImages()
    // What may fail but once would keep the file from being kept.
    unlink("\(dataset.path)/a/gone.png")
    func load() throws -> [ImageStore] {
      try Shared.load(3, dataset) { rank in
        rank.cache = ImageCache(.disk, folder: folder.path)
        rank.isFirstOfNode = rank.number == 1
      }.map { try $0.get() }
    }
    for store in try load() {
      #expect(store.place == .disk)
      #expect(try store.allImages() == expected)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.count == 1)
    let path = "\(folder.path)/\(try #require(names.first))"
    var bytes = try FileBytes.read(path)
    // Two bytes of red of the first picture change places, which its sums do not show.
    try #require(bytes[4098] != bytes[4098 + 150])
    bytes.swapAt(4098, 4098 + 150)
    try Data(bytes).write(to: URL(filePath: path))
    for store in try load() {
      #expect(try store.allImages() != expected, "a picture was decoded again")
    }
    #expect(try load()[0].fingerprint == Shared.load(dataset).fingerprint)
  }

  @Test("A file that the others cannot trust leaves them without one")
  func untrusted() throws {
    let dataset = try Shared.makeDataset(12)
    let folder = try TemporaryFolder()
    try dataset.write("a/new.png", tinyPNG(999))
    let stores = try Shared.load(2, dataset) { rank in
      rank.cache = ImageCache(.disk, folder: folder.path)
      rank.isFirstOfNode = rank.number == 0
    }.map { try $0.get() }
    #expect(stores.map(\.place) == [.disk, .off])
    for store in stores {
      #expect(try store.allImages() == Shared.load(dataset).allImages())
    }
  }

  @Test("Where auto would choose differently, all take the most frugal place")
  func places() throws {
    let dataset = try Shared.makeDataset(12)
    let folder = try TemporaryFolder()
    let bytes = try Shared.load(dataset).byteCount
    func place(_ memory: [Int], folders: [String?], ranksOnNode: Int = 1) throws
      -> [ImageCache.Place]
    {
      try Shared.load(memory.count, dataset) { rank in
        rank.cache = ImageCache(
          .auto, folder: folders[rank.number], availableMemory: memory[rank.number])
        rank.isFirstOfNode = rank.number == 0
        rank.ranksOnNode = ranksOnNode
      }.map { try $0.get().place }
    }
    let some: [String?] = [folder.path, folder.path]
    #expect(try place([2 * bytes, 2 * bytes], folders: some) == [.ram, .ram])
    // Half of the memory is not enough for two.
    #expect(
      try place([2 * bytes, 2 * bytes], folders: [nil, nil], ranksOnNode: 2) == [.off, .off])
    #expect(try place([4 * bytes, 4 * bytes], folders: some, ranksOnNode: 2) == [.ram, .ram])
    unlink("\(dataset.path)/a/gone.png")
    #expect(try place([2 * bytes, 0], folders: some) == [.disk, .disk])
    #expect(try place([2 * bytes, 0], folders: [folder.path, nil]) == [.off, .off])
    // The file cannot be made where nobody had asked for it.
    #expect(try place([2 * bytes, 0], folders: ["/proc/none", folder.path]) == [.off, .off])
    #expect(try place([2 * bytes, 0], folders: [nil, folder.path]) == [.off, .off])
  }

  @Test("Progress never goes back and ends at the total, on every process")
  func progress() throws {
    let dataset = try Shared.makeDataset()
    let seen = Mutex<[Int: [[Int]]]>([:])
    let results = Shared.load(3, dataset) { rank in
      let number = rank.number
      rank.progress = { done, total in
        seen.withLock { $0[number, default: []].append([done, total]) }
      }
    }
    #expect(results.allSatisfy { (try? $0.get()) != nil })
    for steps in seen.withLock({ $0 }).values {
      let done = steps.map { $0[0] }
      #expect(done == done.sorted() && steps.last == [44, 44])
      #expect(Set(done).count > 5)
    }
  }
}
