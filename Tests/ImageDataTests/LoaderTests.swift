import Compute
import Glibc
import ImageData
import KernelTypes
import TestSupport
import Testing

@Suite struct LoaderTests {
  private let steps = Preprocessing(
    width: 8, height: 8, mean: [100, 110, 120], deviation: [50, 60, 70])

  private func makeStore(_ count: Int, training: Int = 10) throws -> (ImageStore, Engine) {
    let folder = try TemporaryFolder()
    for number in 0..<count {
      try folder.write("\(["a", "b"][number % 2])/\(number).png", tinyPNG(number))
    }
    let engine = try TestEngine.make()
    let store = try ImageStore.load(
      Dataset.open(folder.path), splits: [.train], preprocessing: steps,
      trainingSize: (training, training), workers: engine.workers, kernels: engine.kernels)
    return (store, engine)
  }

  /// A batch that outlives its loader.
  private struct Copy: Equatable {
    var pixels: [Float]
    var targets: [Int32]
    var samples: [Int]
    var epoch: Int
    var index: Int
    var width: Int
  }

  private func copies(
    _ store: ImageStore, _ plan: BatchPlan, _ engine: Engine, threads: Int? = nil,
    pause: (Int) -> UInt32 = { _ in 0 }
  ) throws -> [Copy] {
    let loader = BatchLoader(
      store: store, plan: plan, kernels: engine.kernels,
      workers: threads.map { WorkerPool(threads: $0) } ?? engine.workers)
    var batches: [Copy] = []
    for _ in plan.epochs {
      while let batch = try loader.next() {
        // A slow consumer: what it holds must not change meanwhile.
        usleep(pause(batches.count))
        batches.append(
          Copy(
            pixels: Array(batch.pixels), targets: batch.targets, samples: batch.samples,
            epoch: batch.epoch, index: batch.index, width: batch.width))
      }
    }
    #expect(try loader.next() == nil)
    return batches
  }

  @Test("An epoch holds every picture once, in an order of its own")
  func order() throws {
    let (store, engine) = try makeStore(23)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 5, seed: 4, preprocessing: steps, epochs: 0..<3)
    #expect(plan.batchesPerEpoch == 5)
    let batches = try copies(store, plan, engine)
    #expect(batches.count == 15)
    let orders = (0..<3).map { epoch in
      batches.filter { $0.epoch == epoch }.flatMap(\.samples)
    }
    #expect(orders.allSatisfy { $0.sorted() == store.indices(.train) })
    #expect(Set(orders).count == 3)
    for batch in batches {
      #expect(batch.targets == batch.samples.map { Int32(store.samples[$0].classIndex) })
      #expect(batch.pixels.count == batch.samples.count * 192)
    }
    var plain = plan
    plain.shuffles = false
    #expect(try copies(store, plain, engine).prefix(5).flatMap(\.samples) == store.indices(.train))
  }

  @Test(
    "Batches are as even as can be, and no fewer than it takes", arguments: [1, 2, 5, 16, 64])
  func even(size: Int) {
    for pictures in 1...200 {
      let batches = EvenBatches(of: pictures, atMost: size)
      let ranges = (0..<batches.count).map { batches[$0] }
      #expect(ranges.flatMap { Array($0) } == Array(0..<pictures))
      let sizes = ranges.map(\.count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1 && sizes.max() == batches.largest)
      #expect(batches.largest <= size && batches.largest * batches.count >= pictures)
      #expect((batches.count - 1) * size < pictures)
    }
  }

  @Test("One picture more than a batch makes two batches of half the size")
  func oneMore() throws {
    let (store, engine) = try makeStore(9)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 8, seed: 4, preprocessing: steps, epochs: 0..<2)
    let batches = try copies(store, plan, engine)
    #expect(batches.map(\.targets.count) == [4, 5, 4, 5])
    #expect(batches[..<2].flatMap(\.samples).sorted() == store.indices(.train))
  }

  @Test("Timing and the number of threads change no bit")
  func determinism() throws {
    let (store, engine) = try makeStore(31)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 4, seed: 7, augmentation: .strong,
      preprocessing: steps, epochs: 0..<2)
    let first = try copies(store, plan, engine)
    #expect(try copies(store, plan, engine, threads: 1) == first)
    #expect(try copies(store, plan, engine, threads: 2) { UInt32($0 % 3) * 700 } == first)
    #expect(try copies(store, plan, engine, threads: 5) { $0 % 4 == 0 ? 2000 : 0 } == first)
    var other = plan
    other.seed = 8
    #expect(try copies(store, other, engine) != first)
  }

  @Test("Going on in the middle of an epoch gives the batches that were left")
  func resume() throws {
    let (store, engine) = try makeStore(19)
    var plan = BatchPlan(
      indices: store.indices(.train), batchSize: 4, augmentation: .standard, preprocessing: steps,
      epochs: 0..<3)
    let whole = try copies(store, plan, engine)
    plan.epochs = 1..<3
    plan.firstBatch = 2
    #expect(try copies(store, plan, engine) == Array(whole.dropFirst(5 + 2)))
  }

  @Test("Each epoch has the size that the plan gives it")
  func sizes() throws {
    let (store, engine) = try makeStore(6)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 4, augmentation: .standard, preprocessing: steps,
      epochs: 0..<3, size: { (4 + 2 * $0, 4 + 2 * $0) })
    let batches = try copies(store, plan, engine)
    #expect(batches.map(\.width) == [4, 4, 6, 6, 8, 8])
    for batch in batches {
      #expect(batch.pixels.count == batch.samples.count * 3 * batch.width * batch.width)
    }
  }

  @Test("Without augmentation a batch is the stored pictures, scaled")
  func plain() throws {
    let (store, engine) = try makeStore(5, training: 8)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 2, shuffles: false, preprocessing: steps,
      epochs: 0..<1)
    for batch in try copies(store, plan, engine) {
      let expected = try batch.samples.flatMap {
        try ImageReader(steps, kernels: engine.kernels).tensor(store.image($0))
      }
      #expect(batch.pixels == expected)
    }
  }

  @Test("A cut-out square has its centre anywhere, is clipped at the border, and is the mean")
  func cutout() throws {
    let (store, engine) = try makeStore(40, training: 8)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 40, augmentation: Augmentation(cutout: 0.5),
      preprocessing: steps, epochs: 0..<5)
    var whole = 0
    var clipped = 0
    for batch in try copies(store, plan, engine) {
      for (position, sample) in batch.samples.enumerated() {
        let tensor = batch.pixels[(192 * position)..<(192 * (position + 1))]
        let plain = try ImageReader(steps, kernels: engine.kernels).tensor(store.image(sample))
        // No scaled pixel of these is exactly zero in all channels.
        let blank = (0..<64).filter { pixel in
          (0..<3).allSatisfy { tensor[tensor.startIndex + 3 * pixel + $0] == 0 }
        }
        let rows = Set(blank.map { $0 / 8 })
        let columns = Set(blank.map { $0 % 8 })
        #expect(blank.count == rows.count * columns.count, "a rectangle")
        #expect(rows.count <= 4 && columns.count <= 4)
        if let last = rows.max(), let first = rows.min(), rows.count < 4 {
          #expect(first == 0 || last == 7, "only what lies outside is missing")
        }
        if blank.count == 16 { whole += 1 } else { clipped += 1 }
        for (at, value) in zip(plain.indices, tensor) where !blank.contains(at / 3) {
          #expect(abs(value - plain[at]) < 1e-5)
        }
      }
    }
    // A centre is two pixels or more from every border in 5/8 x 5/8 of all places, or so.
    #expect((50...110).contains(whole) && whole + clipped == 200)
  }

  @Test("A loader can be dropped at any time")
  func dropping() throws {
    let (store, engine) = try makeStore(64)
    let plan = BatchPlan(
      indices: store.indices(.train), batchSize: 4, augmentation: .standard, preprocessing: steps,
      epochs: 0..<1000)
    for taken in 0..<30 {
      let loader = BatchLoader(
        store: store, plan: plan, kernels: engine.kernels, workers: engine.workers)
      for _ in 0..<taken { _ = try loader.next() }
      #expect(loader.waitSeconds >= 0 && loader.augmentSeconds >= 0)
    }
  }
}
