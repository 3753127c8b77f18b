import Compute
import ImageData
import Ranks
import TestSupport
import Testing

/// Batches that are dealt to several processes.
@Suite struct DealingTests {
  private let steps = Preprocessing(
    width: 8, height: 8, mean: [100, 110, 120], deviation: [50, 60, 70])

  private func makeStore(_ count: Int, _ engine: Engine) throws -> ImageStore {
    let folder = try TemporaryFolder()
    for number in 0..<count {
      try folder.write("\(["a", "b"][number % 2])/\(number).png", tinyPNG(1000 * number + 7))
    }
    return try ImageStore.load(
      Dataset.open(folder.path), splits: [.train], preprocessing: steps, trainingSize: (10, 10),
      workers: engine.workers, kernels: engine.kernels)
  }

  /// A part of a batch that outlives its loader.
  private struct Part: Equatable {
    var pixels: [Float]
    var targets: [Int32]
    var samples: [Int]
    var partners: [Int]
    var partnerTargets: [Int32]
    var shares: [Float]
    var whole: [Int]
    var offset: Int
    var place: [Int]
  }

  private func parts(_ store: ImageStore, _ plan: BatchPlan, _ engine: Engine) throws -> [Part] {
    let loader = BatchLoader(
      store: store, plan: plan, kernels: engine.kernels, workers: engine.workers)
    var parts: [Part] = []
    for _ in plan.epochs {
      while let batch = try loader.next() {
        #expect(batch.count == batch.samples.count)
        #expect((batch.mixture != nil) == (plan.augmentation.mixup > 0))
        parts.append(
          Part(
            pixels: Array(batch.pixels), targets: batch.targets, samples: batch.samples,
            partners: batch.mixture?.samples ?? [], partnerTargets: batch.mixture?.targets ?? [],
            shares: batch.mixture?.shares ?? [], whole: batch.whole, offset: batch.offset,
            place: [batch.epoch, batch.index, batch.width, batch.height]))
      }
    }
    #expect(try loader.next() == nil)
    return parts
  }

  /// The parts of one batch as one, if they follow one another without a gap.
  private func joined(_ parts: [Part]) throws -> Part {
    var whole = try #require(parts.first)
    for part in parts.dropFirst() {
      #expect(part.offset == whole.offset + whole.samples.count)
      #expect(part.whole == whole.whole && part.place == whole.place)
      whole.pixels += part.pixels
      whole.targets += part.targets
      whole.samples += part.samples
      whole.partners += part.partners
      whole.partnerTargets += part.partnerTargets
      whole.shares += part.shares
    }
    return whole
  }

  @Test("The parts of any number of processes are the batches of one, bit by bit")
  func shares() throws {
    let engine = try TestEngine.make()
    let store = try makeStore(23, engine)
    var mixed = Augmentation.strong
    mixed.mixup = 0.4
    for augmentation in [Augmentation.none, .strong, mixed] {
      var plan = BatchPlan(
        indices: store.indices(.train), batchSize: 5, seed: 9, augmentation: augmentation,
        preprocessing: steps, epochs: 0..<3, size: { (6 + 2 * $0, 6 + 2 * $0) })
      for start in [(epoch: 0, batch: 0), (epoch: 1, batch: 2)] {
        plan.epochs = start.epoch..<3
        plan.firstBatch = start.batch
        plan.group = Group()
        let expected = try parts(store, plan, engine)
        #expect(expected.allSatisfy { $0.samples == $0.whole && $0.offset == 0 })
        #expect(expected.prefix(2).map(\.samples.count).reduce(0, +) == 9)
        for count in [1, 2, 3, 4, 7] {
          let ranks = try (0..<count).map { rank in
            plan.group = .part(rank, of: count)
            return try parts(store, plan, engine)
          }
          #expect(ranks.allSatisfy { $0.count == expected.count })
          for (index, batch) in expected.enumerated() {
            let found = ranks.map { $0[index] }
            #expect(try joined(found) == batch)
            let counts = found.map(\.samples.count)
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
          }
        }
      }
    }
  }

  @Test("A process without a picture of a batch gets an empty part of it, whatever the threads")
  func emptyParts() throws {
    let engine = try TestEngine.make()
    let store = try makeStore(3, engine)
    for threads in [1, 2, 3] {
      let counts = try (0..<7).map { rank in
        let plan = BatchPlan(
          indices: store.indices(.train), batchSize: 2, preprocessing: steps, epochs: 0..<4,
          group: .part(rank, of: 7))
        return try parts(store, plan, TestEngine.make(threads: threads)).map(\.samples.count)
      }
      for batch in 0..<8 {
        #expect(counts.map { $0[batch] }.reduce(0, +) == 1 + batch % 2)
      }
      #expect(counts.contains { $0.allSatisfy { $0 == 0 } }, "one of them never has any")
    }
  }
}
