import FoundationEssentials
import Glibc
import ImageData
import KernelTypes
import Synchronization
import TestSupport
import Testing

/// Loading by several processes of which one sees something else, fails, stops or talks nonsense.
@Suite struct SharedFailureTests {
  /// What all three ranks fail with where `change` is done to the copy of the dataset of one.
  private func failure(
    rank different: Int = 2, files: Int = 12, _ change: (TemporaryFolder) throws -> Void
  ) throws -> ImageStoreError? {
    let (dataset, copy) = (try Shared.makeDataset(files), try Shared.makeDataset(files))
    func load() -> ImageStoreError? {
      Shared.error(Shared.load(3, dataset) { if $0.number == different { $0.folder = copy } })
    }
    #expect(load() == nil, "copies are as good as one folder")
    try change(copy)
    return load()
  }

  private func another(_ rank: Int, _ what: String) -> ImageStoreError {
    .disagreement(rank: rank, reason: "sees a different dataset: \(what)")
  }

  @Test("Datasets that differ are told apart before anything is read, with what differs")
  func otherDataset() throws {
    #expect(
      try failure { unlink("\($0.path)/b/7.png") }
        == another(2, "15 files where rank 0 sees 16; b/7.png is missing"))
    #expect(
      try failure(rank: 1) { try $0.write("a/00.png", tinyPNG(1)) }
        == another(1, "17 files where rank 0 sees 16; a/00.png, which rank 0 does not see"))
    #expect(
      try failure { try #require(rename("\($0.path)/a/2.png", "\($0.path)/a/zz.png") == 0) }
        == another(2, "a/2.png is missing"))
    let bytes = tinyPNG(1).count
    #expect(
      try failure { try $0.write("a/2.png", tinyPNG(1) + [0]) }
        == another(2, "a/2.png: \(bytes + 1) bytes where rank 0 sees \(bytes) bytes"))
    #expect(
      try failure(rank: 0) { try $0.write("a/2.png", tinyPNG(1) + [0]) }
        == another(1, "a/2.png: \(bytes) bytes where rank 0 sees \(bytes + 1) bytes"))
    #expect(
      try failure {
        unlink("\($0.path)/a/2.png")
        try $0.makeFolder("a/2.png")
      } == another(2, "a/2.png: not a regular file where rank 0 sees \(bytes) bytes"))
    #expect(
      try failure {
        unlink("\($0.path)/a/2.png")
        try $0.link("a/2.png", to: "elsewhere")
      } == another(2, "a/2.png: nothing where rank 0 sees \(bytes) bytes"))
    // The last file of the second block that is compared, but for the folder that follows.
    #expect(
      try failure(files: 1100) { try $0.write("b/x.png", tinyPNG(1)) }
        == another(
          2, "1105 files where rank 0 sees 1104; b/x.png, which rank 0 does not see"))
  }

  @Test("Other options are told apart")
  func otherOptions() throws {
    let dataset = try Shared.makeDataset(6)
    let expected = ImageStoreError.disagreement(
      rank: 1, reason: "has different image options than rank 0")
    let changes: [(inout Shared.Rank) -> Void] = [
      { $0.steps.resize = .crop }, { $0.content.validation = 0.3 }, { $0.filesPerExchange = 4 },
    ]
    for change in changes {
      let results = Shared.load(3, dataset) { rank in
        if rank.number == 1 { change(&rank) }
      }
      #expect(Shared.error(results) == expected)
    }
  }

  @Test("A file of the same size with another content is met when it is wanted")
  func otherContent() throws {
    let datasets = try (0..<2).map { _ in try Shared.makeDataset() }
    let expected = try Shared.load(datasets[0])
    // One that rank 0 reads while loading.
    let index = try #require(expected.indices(.train).first { $0 % 2 == 0 })
    let name = expected.samples[index].relativePath
    let path = try datasets[1].write(name, tinyPNG(60_000))
    Shared.age(path)
    for policy in [ImageCache.Policy.ram, .off] {
      let stores = try Shared.load(2, datasets[0]) { rank in
        rank.folder = datasets[rank.number]
        rank.cache = ImageCache(policy)
      }.map { try $0.get() }
      #expect(Set(stores.map(\.fingerprint)) == [expected.fingerprint])
      #expect(try stores[0].image(index) == expected.image(index))
      #expect(throws: ImageStoreError.otherCopy(path: path)) { try stores[1].image(index) }
    }
    // Where each machine makes its file of all pictures it is met at once.
    let folders = try (0..<2).map { _ in try TemporaryFolder() }
    func load() -> ImageStoreError? {
      Shared.error(
        Shared.load(2, datasets[0]) { rank in
          rank.folder = datasets[rank.number]
          rank.cache = ImageCache(.disk, folder: folders[rank.number].path)
        })
    }
    let difference = another(1, "\(name) differs from the file on rank 0")
    #expect(load() == difference)
    // Also where each has its file of an earlier run.
    for (dataset, folder) in zip(datasets, folders) {
      unlink("\(dataset.path)/a/gone.png")
      _ = try Shared.load(dataset, cache: ImageCache(.disk, folder: folder.path))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }
    #expect(load() == difference)
  }

  @Test("A file that one machine alone cannot read while loading is a bad one for all")
  func vanishes() throws {
    let datasets = try (0..<3).map { _ in try Shared.makeDataset() }
    let expected = try Shared.load(datasets[0])
    let index = try #require(expected.indices(.train).last { $0 % 3 == 1 })
    let stores = try Shared.load(3, datasets[0]) { rank in
      let folder = datasets[rank.number]
      rank.folder = folder
      // One thread, so that the file is not being read already.
      rank.threads = 1
      let path = "\(folder.path)/\(expected.samples[index].relativePath)"
      if rank.number == 1 { rank.progress = { done, _ in if done > 0 { unlink(path) } } }
    }.map { try $0.get() }
    for store in stores {
      let paths = store.failures.map(\.sample.relativePath)
      #expect(paths.count == expected.failures.count + 1)
      #expect(paths.contains(expected.samples[index].relativePath))
      #expect(store.split(of: index) == nil && store.fingerprint == stores[0].fingerprint)
      // The others' files are still there, but nobody trains on it.
      #expect(!store.indices(.train).contains(index))
    }
  }

  @Test("What one process fails with ends all, with its rank")
  func failing() throws {
    let dataset = try Shared.makeDataset()
    let bytes = try Shared.load(dataset).byteCount
    let folder = try TemporaryFolder()
    let file = try folder.write("file", [1])
    for rank in 0..<3 {
      let memory = Shared.load(3, dataset) {
        $0.cache = ImageCache(.ram, availableMemory: $0.number == rank ? bytes - 1 : nil)
      }
      #expect(Shared.error(memory) == .onRank(rank, .outOfMemory(bytes: bytes)))
      #expect(
        Shared.error(memory)?.description.hasPrefix("rank \(rank): ") == true
          && Shared.error(memory)?.advice != nil)
      for isFirst in [true, false] {
        let disk = Shared.load(3, dataset) {
          $0.cache = ImageCache(.disk, folder: $0.number == rank ? file : folder.path + "/c")
          $0.isFirstOfNode = isFirst || $0.number == (rank + 1) % 3
        }
        guard case .onRank(rank, .cache) = Shared.error(disk) else {
          Issue.record("\(disk)")
          continue
        }
        let left = try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/c")
        #expect((left ?? []) == [])
      }
    }
    let alone = Shared.load(2, dataset) { $0.isFirstOfNode = false }
    guard case .connection = Shared.error(alone) else {
      Issue.record("\(alone)")
      return
    }
  }

  @Test("A stop on one process, at whatever moment, stops all", arguments: [0, 1, 2])
  func stopping(rank stopped: Int) throws {
    let dataset = try Shared.makeDataset(30)
    for policy in [ImageCache.Policy.ram, .disk] {
      var content = Shared.content
      content.fraction = 0.7
      // Also while images are compared.
      content.nearDuplicates = policy == .ram ? .together : .ignore
      var moments = 0
      while true {
        let folder = try TemporaryFolder()
        let asked = Atomic(0)
        let results = Shared.load(3, dataset) { rank in
          rank.content = content
          rank.cache = ImageCache(policy, folder: folder.path)
          rank.isFirstOfNode = rank.number == 1
          rank.threads = 1
          if rank.number == stopped {
            rank.shouldStop = { asked.add(1, ordering: .relaxed).newValue > moments }
          }
        }
        if results.allSatisfy({ (try? $0.get()) != nil }) { break }
        #expect(Shared.error(results) == .stopped, "moment \(moments)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        moments += 1
        try #require(moments < 500)
      }
      #expect(moments > 8)
    }
  }

  @Test("Whatever bytes a process sends, all come to the same end")
  func garbled() throws {
    let dataset = try Shared.makeDataset(7)
    let folder = try TemporaryFolder()
    /// What becomes of the ranks where a message of rank 1 is changed, nil where it has not that
    /// many bytes in all exchanges together.
    func outcome(
      _ policy: ImageCache.Policy, _ position: Int,
      _ change: @escaping @Sendable (inout [UInt8], Int) -> Void
    ) throws -> Set<String>? {
      let hasChanged = Atomic(false)
      let results = onRanks(3) { number, gather in
        var rank = Shared.Rank(number: number, count: 3, folder: dataset)
        rank.content.fraction = 0.8
        rank.cache = ImageCache(policy, folder: folder.path)
        rank.isFirstOfNode = number < 2
        let before = Atomic(0)
        let store = try rank.load { bytes in
          var bytes = bytes
          let start = before.add(bytes.count, ordering: .relaxed).oldValue
          if number == 1, start <= position, position < start + bytes.count {
            change(&bytes, position - start)
            hasChanged.store(true, ordering: .relaxed)
          }
          return try gather(bytes)
        }
        return StoreFacts(store)
      }
      guard hasChanged.load(ordering: .relaxed) else { return nil }
      return Set(
        results.map { result in
          switch result {
          case .success(let facts): "\(facts)"
          case .failure(let error as ImageStoreError):
            // The rank itself is named there.
            if case .connection(let reason) = error, reason != Shared.alone {
              "connection"
            } else {
              "\(error)"
            }
          case .failure(let error): "\(error)"
          }
        })
    }
    for policy in [ImageCache.Policy.ram, .disk] {
      var position = 0
      var ends: Set<String> = []
      while let found = try outcome(policy, position, { $0[$1] ^= 1 << UInt8($1 % 8) }) {
        #expect(found.count == 1 && !found.contains(Shared.alone), "byte \(position): \(found)")
        ends.formUnion(found)
        if let cut = try outcome(policy, position, { $0.removeSubrange($1...) }) {
          #expect(cut == ["connection"], "cut at \(position)")
        }
        if let longer = try outcome(policy, position, { $0.insert(7, at: $1) }) {
          #expect(longer.count == 1 && !longer.contains(Shared.alone), "longer at \(position)")
        }
        position += 3
      }
      #expect(position > 150 && ends.count > 2)
    }
  }
}
