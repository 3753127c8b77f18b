import FoundationEssentials
import ImageData
import KernelInterface
import KernelSelection
import Primitives
import Testing
@Suite(.serialized) struct ZBench {
  func time(_ name: String, _ n: Int, _ body: () throws -> Void) rethrows {
    var best = Double.infinity
    for _ in 0..<5 { let s = ContinuousClock.now; for _ in 0..<n { try body() }; best = min(best, (ContinuousClock.now - s) / .seconds(1) / Double(n)) }
    print(name, fixed(best * 1e6, 1), "us")
  }
  @Test func bench() throws {
    let dataset = try Dataset.open("\(realData ?? "")/cats-dogs")
    for engine in engines {
      print("==", engine.instructionSet)
      let k = engine.kernels
      let images = try (dataset.splits[.train] ?? []).prefix(100).map { try FileBytes.read($0.path) }
      var full: [RGBImage] = []
      try time("decode x100", 1) { full = try images.map { try ImageReader.decode(bytes: $0) } }
      print("mean pixels", full.map { $0.width * $0.height }.reduce(0, +) / 100)
      let p = full.first { $0.width >= 440 && $0.width <= 500 && $0.height > 360 && $0.height < 400 } ?? full[0]
      print(p.width, p.height)
      for f in ResizeFilter.allCases { time("resize \(f) 160", 20) { _ = Resizer.resize(p, width: 160, height: 160, filter: f, kernels: k) } }
      time("resize bilinear 64", 20) { _ = Resizer.resize(p, width: 64, height: 64, filter: .bilinear, kernels: k) }
      time("sha x100", 1) { for i in images { _ = SHA256.hex(of: i) } }
      let small = Resizer.resize(p, width: 160, height: 160, filter: .bilinear, kernels: k)
      var scratch = [Float](repeating: 0, count: 384)
      let px = small.pixels + [UInt8](repeating: 0, count: 64)
      var out = [Float](repeating: 0, count: 128 * 128 * 3)
      let steps = Preprocessing(width: 128, height: 128)
      var stream = RandomStream(seed: 1, purpose: .test)
      let draw = AugmentationDraw(.standard, &stream)
      for b in 0..<3 {
      time("affine 160->128 border \(b)", 50) { out.withUnsafeMutableBufferPointer { k.images.sampleAffine(px, 160, 160, $0.baseAddress!, 128, 128, draw.parameters(source: (160,160), target: (128,128), steps), b, &scratch) } }
      }
      time("parameters", 50) { _ = draw.parameters(source: (160,160), target: (128,128), steps) }
      time("normalize 128", 50) { out.withUnsafeMutableBufferPointer { k.images.normalize(px, 128 * 128, steps.scale, steps.offset, $0.baseAddress!) } }
    }
    let engine = try bestEngine()
    for split in [Split.train, .test] {
    let s = ContinuousClock.now
    let store = try ImageStore.load(dataset, splits: [split], preprocessing: steps160, workers: engine.workers, kernels: engine.kernels)
    let t = (ContinuousClock.now - s) / .seconds(1)
    print("store", split, store.samples.count, t, Double(store.samples.count) / t, "img/s on 2 threads", store.failures.map { "\($0.sample.relativePath) \($0.failure.message)" })
    if split == .train {
      let loader = BatchLoader(store: store, plan: BatchPlan(indices: store.indices(.train), batchSize: 64, augmentation: .standard, preprocessing: Preprocessing(width: 128, height: 128), epochs: 0..<1), kernels: engine.kernels)
      while loader.next() != nil {}
      print("loader us/img", loader.preparationSeconds / 8000 * 1e6, "wait", loader.waitSeconds)
      }
    }
    let fl = try Dataset.open("\(realData ?? "")/flowers")
    let fs = try ImageStore.load(fl, splits: [.train, .val], content: ContentSplit(validation: 0.1), preprocessing: steps160, workers: engine.workers, kernels: engine.kernels)
    print("flowers", fl.classes, fl.counts(.train), fs.indices(.val).count, fs.failures.map { "\($0.sample.relativePath) \($0.failure.message)" })
  }
  let steps160 = Preprocessing(width: 160, height: 160, filter: .bicubic)
}
