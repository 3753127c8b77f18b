internal import Primitives

/// Measures networks on random images in memory: no data are read.
///
/// A class, because it keeps the best peak so far.
package final class Benchmark {
  /// The measurement in progress.
  package enum Stage: Sendable {
    case training(network: String)
    case inference(network: String)
    /// A convolution, after `done` of `count` measurements.
    case convolution(network: String, done: Int, count: Int)
  }

  let engine: Engine
  let seconds: Double
  let seed: UInt64
  let check: (Stage) throws -> Void
  /// The best peak so far, in 10⁹ operations per second on all threads; 0 before it is measured.
  private(set) package var peakGigaflops = 0.0

  /// - seconds: time to measure training, and as long again for inference; other measurements take
  ///   parts of it.
  /// - seed: keys images, labels and weights.
  /// - check: called between measurements; its error ends them.
  package init(
    engine: Engine, seconds: Double, seed: UInt64 = 0, check: @escaping (Stage) throws -> Void
  ) {
    self.engine = engine
    self.seconds = seconds
    self.seed = seed
    self.check = check
  }

  /// Training and inference of a network, each the best five-step round after three warm-up steps.
  ///
  /// A training step: a resident batch, forward in training mode, binary cross-entropy of random
  /// labels, the full backward pass, Adam.
  package func throughput(
    _ architecture: Architecture, batch: Int
  ) throws -> NetworkFigures {
    let network = try Network(architecture, seed: seed)
    let (images, labels) = try resident(architecture, batch: batch)
    let pixels = images.numbers
    let profile = StepProfile(network)

    let training = try {
      let session = try TrainingSession(
        network: network, optimizer: Adam(), batchSize: batch, engine: engine, seed: seed)
      return try figure(
        batch: batch, stage: .training(network: architecture.name), kinds: WorkKind.allCases,
        profile: profile, profiling: { session.profile = $0 }
      ) {
        try step(session, pixels, labels)
      }
    }()
    let session = try InferenceSession(network: network, batchSize: batch, engine: engine)
    let inference = try figure(
      batch: batch, stage: .inference(network: architecture.name), kinds: WorkKind.inference,
      profile: profile, profiling: { session.profile = $0 }
    ) {
      _ = session.run(pixels: pixels, count: batch)
    }
    return NetworkFigures(
      network: architecture.name, size: architecture.input.width, batch: batch,
      training: training, inference: inference)
  }

  /// Random images and labels, which stay in memory.
  func resident(
    _ architecture: Architecture, batch: Int
  ) throws(ModelError) -> (images: FloatMemory, labels: [Int32]) {
    var random = RandomStream(seed: seed, purpose: .benchmark, sample: 1)
    let labels = (0..<batch).map { _ in Int32(random.uniform() > 0.5 ? 1 : 0) }
    return (try randomNumbers(batch * architecture.input.count, sample: 0), labels)
  }

  /// A training step, which must not diverge.
  func step(
    _ session: TrainingSession, _ pixels: UnsafeBufferPointer<Float>, _ labels: [Int32]
  ) throws {
    guard session.step(pixels: pixels, targets: labels).loss.isFinite else {
      throw BenchmarkError.diverged(network: session.network.architecture.name)
    }
  }

  /// The distinct convolutions of a network, each alone and in every direction of training.
  ///
  /// Three sweeps over all of them, so that other work on the machine does not slow the same one
  /// down each time.
  package func convolutions(
    of architecture: Architecture, batch: Int
  ) throws -> [ConvolutionFigure] {
    var cases = ConvolutionCase.distinct(in: try architecture.graph())
    let sweeps = 3
    for sweep in 0..<sweeps {
      for index in cases.indices {
        let stage = Stage.convolution(
          network: architecture.name, done: sweep * cases.count + index,
          count: sweeps * cases.count)
        // As often as the convolutions, so that both see the same disturbances.
        peakGigaflops = max(
          peakGigaflops,
          try engine.peakGigaflops(seconds: seconds / 60, check: { try check(stage) }))
        try cases[index].measure(
          batch: batch, engine: engine, seconds: seconds / 6 / Double(sweeps),
          numbers: randomNumbers, check: { try check(stage) })
      }
    }
    return cases.flatMap {
      $0.figures(batch: batch, kernels: engine.kernels, peak: peakGigaflops)
    }
  }

  /// Normally distributed numbers; a million are drawn and then repeated.
  private func randomNumbers(_ count: Int, sample: Int) throws(ModelError) -> FloatMemory {
    let memory = try FloatMemory(count: count)
    var random = RandomStream(seed: seed, purpose: .benchmark, sample: sample)
    let drawn = min(count, 1 << 20)
    for index in 0..<drawn { memory.base[index] = random.normal() }
    for start in stride(from: drawn, to: count, by: max(1, drawn)) {
      (memory.base + start).update(from: memory.base, count: min(drawn, count - start))
    }
    return memory
  }

  /// Measures `step`, first bare, then with a profile for the shares.
  private func figure(
    batch: Int, stage: Stage, kinds: [WorkKind], profile: StepProfile,
    profiling: (StepProfile?) -> Void, step: () throws -> Void
  ) throws -> PassFigure {
    func timed() throws -> Double {
      try check(stage)
      return try measured(step)
    }
    for _ in 0..<3 { _ = try timed() }
    let steps = 5
    var best = Double.infinity
    try repeatedly(for: seconds) {
      var round = 0.0
      for _ in 0..<steps { round += try timed() }
      best = min(best, round)
      return round
    }

    // The fastest step: the one that other work on the machine disturbed least.
    var whole = Double.infinity
    var parts: [WorkKind: Double] = [:]
    profiling(profile)
    defer { profiling(nil) }
    try repeatedly(for: seconds / 6) {
      try check(stage)
      profile.start()
      let time = try measured(step)
      if time < whole {
        whole = time
        parts = profile.seconds
      }
      return time
    }
    parts[.other, default: 0] += max(0, whole - parts.values.reduce(0, +))
    let sum = parts.values.reduce(0, +)
    return PassFigure(
      imagesPerSecond: Double(steps * batch) / best, secondsPerStep: best / Double(steps),
      shares: kinds.map { ($0, parts[$0, default: 0] / sum) })
  }
}

/// Runs `round` until its times sum to `seconds`, at least `least` times.
func repeatedly(
  for seconds: Double, atLeast least: Int = 1, _ round: () throws -> Double
) rethrows {
  var total = 0.0
  var count = 0
  while count < least || total < seconds {
    total += try round()
    count += 1
  }
}
