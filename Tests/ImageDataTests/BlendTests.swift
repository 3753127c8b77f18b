import Compute
import ImageData
import KernelTypes
import Primitives
import TestSupport
import Testing

@Suite struct BlendTests {
  private let steps = Preprocessing(
    width: 8, height: 8, mean: [100, 110, 120], deviation: [50, 60, 70])

  private func makeStore(
    _ count: Int, training: Int = 10, engine: Engine
  ) throws -> ImageStore {
    let folder = try TemporaryFolder()
    for number in 0..<count {
      try folder.write("\(["a", "b"][number % 2])/\(number).png", tinyPNG(1000 * number + 7))
    }
    return try ImageStore.load(
      Dataset.open(folder.path), splits: [.train], preprocessing: steps,
      trainingSize: (training, training), workers: engine.workers, kernels: engine.kernels)
  }

  private struct Key: Hashable {
    var epoch: Int
    var sample: Int
  }

  private struct Value: Equatable {
    var pixels: [Float]
    var target: Int32
    var partner: Int?
    var partnerTarget: Int32?
    var share: Float?
    var window: PixelWindow?
  }

  /// What becomes of every sample in every epoch.
  private func values(
    _ store: ImageStore, _ plan: BatchPlan, _ engine: Engine, threads: Int = 2
  ) throws -> [Key: Value] {
    let loader = BatchLoader(
      store: store, plan: plan, kernels: engine.kernels, workers: WorkerPool(threads: threads))
    var found: [Key: Value] = [:]
    for _ in plan.epochs {
      while let batch = try loader.next() {
        let count = batch.pixels.count / batch.count
        for position in 0..<batch.count {
          found[Key(epoch: batch.epoch, sample: batch.samples[position])] = Value(
            pixels: Array(batch.pixels[(position * count)..<((position + 1) * count)]),
            target: batch.targets[position], partner: batch.mixture?.samples[position],
            partnerTarget: batch.mixture?.targets[position],
            share: batch.mixture?.shares[position], window: batch.mixture?.windows[position])
        }
      }
    }
    return found
  }

  private func plan(
    _ store: ImageStore, _ augmentation: Augmentation, batchSize: Int = 5, shuffles: Bool = true
  ) -> BatchPlan {
    BatchPlan(
      indices: store.indices(.train), batchSize: batchSize, shuffles: shuffles, seed: 3,
      augmentation: augmentation, preprocessing: steps, epochs: 0..<3)
  }

  @Test("Threads, batch size and order change no picture, with mixup and CutMix and without")
  func keyed() throws {
    let engine = try TestEngine.make()
    let store = try makeStore(23, engine: engine)
    for (mixup, cutmix) in [(0.0, 0.0), (0.4, 0), (0, 1), (0.4, 1)] {
      var augmentation = Augmentation.strong
      (augmentation.mixup, augmentation.cutmix) = (mixup, cutmix)
      let expected = try values(store, plan(store, augmentation), engine, threads: 1)
      #expect(expected.count == 3 * 23)
      for threads in [2, 3] {
        #expect(try values(store, plan(store, augmentation), engine, threads: threads) == expected)
      }
      for batchSize in [1, 4, 23] {
        #expect(
          try values(store, plan(store, augmentation, batchSize: batchSize), engine) == expected)
      }
      #expect(try values(store, plan(store, augmentation, shuffles: false), engine) == expected)
      var other = plan(store, augmentation)
      other.seed = 4
      #expect(try values(store, other, engine) != expected)
    }
  }

  @Test("A blend is the share of one picture and the rest of the other")
  func blend() throws {
    for engine in engines {
      let store = try makeStore(12, training: 8, engine: engine)
      let found = try values(store, plan(store, Augmentation(mixup: 1)), engine)
      var shares: Set<Float> = []
      for (key, value) in found {
        let partner = try #require(value.partner)
        let share = try #require(value.share)
        shares.insert(share)
        #expect(share >= 0.5 && share <= 1)
        #expect(value.target == store.targets([key.sample])[0])
        #expect(value.partnerTarget == store.targets([partner])[0])
        let (own, other) = (try store.image(key.sample).pixels, try store.image(partner).pixels)
        for at in value.pixels.indices {
          let mean = Double(steps.mean[at % 3])
          let level = Double(share) * Double(own[at]) + Double(1 - share) * Double(other[at])
          let exact = (level - mean) / Double(steps.deviation[at % 3])
          #expect(abs(Double(value.pixels[at]) - exact) < 2e-5)
        }
      }
      #expect(shares.count > 30)
    }
  }

  @Test("CutMix gives a window to the other picture and the rest to the one, by the area of each")
  func window() throws {
    for engine in engines {
      let store = try makeStore(12, training: 8, engine: engine)
      let found = try values(store, plan(store, Augmentation(flip: .h, cutmix: 1)), engine)
      let reader = ImageReader(steps, kernels: engine.kernels)
      var areas: Set<Int> = []
      for (key, value) in found {
        let window = try #require(value.window)
        let partner = try #require(value.partner)
        #expect(value.partnerTarget == store.targets([partner])[0])
        let area = window.columns.count * window.rows.count
        areas.insert(area)
        #expect(value.share == 1 - Float(area) / 64)
        let tensors = try [key.sample, partner].map { try reader.tensor(store.image($0)) }
        /// Whether the pixels in the window, or those outside, are a picture's, mirrored or not.
        func shows(_ tensor: [Float], inside: Bool, mirrored: Bool) -> Bool {
          value.pixels.indices.allSatisfy { at in
            let (row, column, channel) = (at / 24, at % 24 / 3, at % 3)
            let isInside = window.rows.contains(row) && window.columns.contains(column)
            let place = 24 * row + 3 * (mirrored ? 7 - column : column) + channel
            return isInside != inside || abs(value.pixels[at] - tensor[place]) < 1e-5
          }
        }
        for (tensor, inside) in zip(tensors, [false, true]) {
          #expect([false, true].contains { shows(tensor, inside: inside, mirrored: $0) })
        }
      }
      #expect(areas.count > 8)
    }
  }

  @Test("With mixup and CutMix each picture has one of the two, about as often as the other")
  func both() {
    let size = (width: 32, height: 24)
    func draws(_ augmentation: Augmentation) -> [BlendDraw] {
      (0..<20_000).compactMap {
        BlendDraw(augmentation, count: 10, size: size, seed: 5, epoch: 1, sample: $0)
      }
    }
    let mixed = draws(Augmentation(mixup: 0.2, cutmix: 1))
    #expect(mixed.count == 20_000)
    // Five standard deviations would be 354.
    #expect(abs(mixed.count { $0.window != nil } - 10_000) < 354)
    #expect(draws(Augmentation(mixup: 1)).allSatisfy { $0.window == nil })
    #expect(draws(.none).isEmpty)
    let cut = draws(Augmentation(cutmix: 1))
    #expect(cut.allSatisfy { $0.window != nil && $0.share >= 0 && $0.share <= 1 })
    var counts = [Int](repeating: 0, count: 10)
    for draw in cut { counts[draw.partner] += 1 }
    #expect(counts.allSatisfy { abs($0 - 2000) < 210 })
    // With a side s of the window, s^2 evenly spread, the border leaves s - s^2 / 4 of it on the
    // average: 1 - E[(s - s^2 / 4)^2] = 1 - (1/2 - 1/5 + 1/48) = 163/240.
    let mean = cut.reduce(0) { $0 + Double($1.share) } / 20_000
    #expect(abs(mean - 163.0 / 240) < 0.01)
  }

  @Test("The picture that is blended in is changed by itself, and cutout comes last")
  func order() throws {
    let engine = try TestEngine.make()
    let store = try makeStore(16, training: 8, engine: engine)
    func tensor(_ sample: Int, mirrored: Bool) throws -> [Float] {
      let tensor = try ImageReader(steps, kernels: engine.kernels).tensor(store.image(sample))
      guard mirrored else { return tensor }
      return tensor.indices.map { at in
        let (row, column) = (at / 24, at % 24 / 3)
        return tensor[24 * row + 3 * (7 - column) + at % 3]
      }
    }
    var seen: Set<[Bool]> = []
    for (key, value) in try values(store, plan(store, Augmentation(flip: .h, mixup: 2)), engine) {
      let partner = try #require(value.partner)
      let share = try #require(value.share)
      guard share > 0.55 && share < 0.95 && partner != key.sample else { continue }
      let fitting = try [[false, false], [false, true], [true, false], [true, true]].filter {
        flips in
        let own = try tensor(key.sample, mirrored: flips[0])
        let other = try tensor(partner, mirrored: flips[1])
        return zip(value.pixels, zip(own, other)).allSatisfy { found, pair in
          abs(found - share * pair.0 - (1 - share) * pair.1) < 1e-4
        }
      }
      #expect(fitting.count == 1)
      seen.formUnion(fitting)
    }
    #expect(seen.count == 4)
    for holed in [Augmentation(cutout: 1, mixup: 0.4), Augmentation(cutout: 1, cutmix: 1)] {
      let holes = try values(store, plan(store, holed), engine)
      let blank = holes.values.map { Double($0.pixels.count { $0 == 0 }) / 192 }
      #expect(blank.contains { $0 > 0.8 }, "the square is blank in a blend, too")
    }
  }

  @Test("Partners are any pictures of the set, as often as one another")
  func partners() {
    var counts = [Int](repeating: 0, count: 10)
    var mean = 0.0
    for sample in 0..<20_000 {
      let draw = BlendDraw(
        Augmentation(mixup: 1), count: 10, size: (8, 8), seed: 5, epoch: 1, sample: sample)
      counts[draw?.partner ?? 0] += 1
      mean += Double(draw?.share ?? 0) / 20_000
    }
    // Twelve standard deviations would be 500.
    #expect(counts.allSatisfy { abs($0 - 2000) < 210 })
    // The greater part of a stick broken anywhere is 3/4 long.
    #expect(abs(mean - 0.75) < 0.005)
  }

  @Test("The pass adds to what is there, exactly as often as it is asked to")
  func adding() {
    for engine in engines {
      var stream = RandomStream(seed: 8, purpose: .test)
      for (width, height) in [(1, 1), (17, 3), (131, 2)] {
        let pixels = (0..<(3 * 9 * 7 + 16)).map { _ in UInt8(stream.index(below: 256)) }
        let draw = AugmentationDraw(.strong, &stream)
        let parameters = draw.parameters(
          source: (9, 7), target: (width, height), steps, share: 0.3)
        var scratch = [Float](repeating: .nan, count: 1296)
        var written = [Float](repeating: .nan, count: 3 * width * height)
        var added = [Float](repeating: 2, count: 3 * width * height + 16)
        let sample = engine.kernels.images.sampleAffine
        sample(pixels, 9, 7, &written, width, height, parameters, 1, false, &scratch)
        sample(pixels, 9, 7, &added, width, height, parameters, 1, true, &scratch)
        #expect(zip(added, written).allSatisfy { $0 == $1 + 2 })
        #expect(added.suffix(16).allSatisfy { $0 == 2 })
        let whole = draw.parameters(source: (9, 7), target: (width, height), steps)
        var full = written
        sample(pixels, 9, 7, &full, width, height, whole, 1, false, &scratch)
        #expect(zip(written, full).allSatisfy { abs($0 - 0.3 * $1) < 1e-5 })
      }
    }
  }
}
