import CNN
import Compute
import TestSupport
import Testing

/// What a benchmark measures; how fast anything is, no test asks.
@Suite("Benchmark")
struct BenchmarkTests {
  private struct Stop: Error {}

  @Test func `figures are finite, shares sum to one and directions are those of training`() throws {
    let benchmark = Benchmark(engine: try TestEngine.make(), seconds: 0.001) { _ in }
    let network = try Architecture.preset("vgg", size: 16)
    let figures = try benchmark.throughput(network, batch: 3)
    for pass in [figures.training, figures.inference] {
      #expect(pass.imagesPerSecond > 0 && pass.imagesPerSecond.isFinite)
      // Three images a step.
      #expect(abs(pass.imagesPerSecond * pass.secondsPerStep - 3) < 1e-9)
      #expect(abs(pass.shares.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    }
    #expect(figures.training.shares.map(\.kind) == WorkKind.allCases)
    #expect(figures.inference.shares.map(\.kind) == WorkKind.inference)

    #expect(benchmark.peakGigaflops == 0)
    let convolutions = try benchmark.convolutions(of: network, batch: 3)
    #expect(benchmark.peakGigaflops > 0 && benchmark.peakGigaflops.isFinite)
    #expect(
      convolutions.map(\.direction.rawValue).prefix(5) == [
        "forward", "filter_gradient", "forward", "input_gradient", "filter_gradient",
      ])
    #expect(convolutions.map(\.name).contains("3x3 64->128 at 4x4"))
    #expect(convolutions.allSatisfy { $0.gigaflops > 0 && $0.gigaflops.isFinite })
    // 3 maps of 64 and of 128 channels, and 9 · 64 · 128 weights, of 4 bytes; two operations a
    // multiply-add.
    let middle = try #require(convolutions.first { $0.name == "3x3 64->128 at 4x4" })
    let bytes = 4.0 * (3 * 16 * (64 + 128) + 9 * 64 * 128)
    #expect(abs(middle.gigabytes * middle.seconds * 1e9 / bytes - 1) < 1e-9)
    let operations = 2.0 * 3 * 16 * 9 * 64 * 128
    #expect(abs(middle.gigaflops * middle.seconds * 1e9 / operations - 1) < 1e-9)
  }

  // The last one has strides over maps padded by TensorFlow's rule, with an odd zero at the end.
  @Test(arguments: [("seed", 33, 2), ("r18h", 33, 13), ("efficientnet_lite0", 64, 32)])
  func `every layer that convolves belongs to one measured shape`(
    name: String, size: Int, shapes: Int
  ) throws {
    let architecture = try Architecture.preset(name, size: size)
    let benchmark = Benchmark(engine: try TestEngine.make(), seconds: 0.001) { _ in }
    let forward = try benchmark.convolutions(of: architecture, batch: 1).filter {
      $0.direction == .forward
    }
    let layers = try Network(architecture).tensorNames.filter { $0.hasSuffix(".filters") }
    #expect(forward.reduce(0) { $0 + $1.layers } == layers.count)
    #expect(Set(forward.map(\.name)).count == shapes)
    #expect(forward.count == shapes)
  }

  @Test func `speed-ups follow from the tasks of loops and the work between them`() {
    let figures = ScalingFigures(
      [
        .init(part: 0, seconds: [Double](repeating: 1, count: 64)),
        .init(part: nil, seconds: [6]), .init(part: 0, seconds: [1, 1]),
      ], outside: 8, layers: ["layers.0"])
    #expect(figures.seconds == 80 && figures.outside == 8)
    // 64/n and 6 and 1 and 8.
    #expect(figures.speedups == [47, 31, 23, 19, 17, 16].map { 80 / $0 })
    #expect(figures.shortest == 16)
    #expect(figures.parts.map(\.layer) == [nil, "layers.0"])
    #expect(figures.parts.map(\.tasks) == [1, 64])
    #expect(figures.parts.map(\.alone) == [6, 66] && figures.parts.map(\.together) == [6, 2])
  }

  @Test func `more threads never slow the modelled step down, nor gain more than their number`()
    throws
  {
    let benchmark = Benchmark(engine: try TestEngine.make(), seconds: 0.001) { _ in }
    let scaling = try benchmark.scaling(.preset("r18h", size: 32), batch: 4)
    for figures in [scaling.training, scaling.answer] {
      #expect(figures.seconds > 0 && figures.seconds.isFinite)
      #expect(figures.speedups.count == ScalingFigures.threads.count)
      #expect(zip(figures.speedups, figures.speedups.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(zip(figures.speedups, ScalingFigures.threads).allSatisfy { $0 <= Double($1) + 1e-9 })
      let alone = figures.parts.reduce(figures.outside) { $0 + $1.alone }
      #expect(abs(alone / figures.seconds - 1) < 1e-9)
      #expect(figures.parts.contains { $0.layer != nil && $0.tasks > 1 })
    }
  }

  @Test func `a step whose tasks are timed has the numbers of any other`() throws {
    let recorder = TaskRecorder()
    let engine = try TestEngine.make()
    let images: [Float] = (0..<12_288).map { (index: Int) -> Float in
      Float(index * 37 % 256) / 256 - 0.5
    }
    let weights = try [engine, engine.recording(recorder)].map { engine in
      let network = try Network(.preset("r18h", size: 32), seed: 3)
      let session = try TrainingSession(
        network: network, optimizer: Adam(), batchSize: 4, engine: engine, seed: 3)
      _ = try session.step(images: images, targets: [0, 1, 1, 0])
      return network.tensorNames.map { network.values(of: $0) ?? [] }
    }
    #expect(weights[0] == weights[1] && !weights[0].isEmpty)
    #expect(recorder.takeLoops().count > 50)
  }

  @Test func `what the check throws ends the measurement`() throws {
    var checks = 0
    let benchmark = Benchmark(engine: try TestEngine.make(), seconds: 60) { _ in
      checks += 1
      if checks > 4 { throw Stop() }
    }
    let network = try Architecture.preset("seed", size: 16)
    #expect(throws: Stop.self) { try benchmark.throughput(network, batch: 1) }
    checks = 0
    #expect(throws: Stop.self) { try benchmark.convolutions(of: network, batch: 1) }
  }
}
