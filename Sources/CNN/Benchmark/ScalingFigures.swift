package import Compute

/// What more threads could gain at best: the speed-up of a step by the number of threads.
///
/// A model: every task of every loop is timed on one thread and dealt to more as the pool does it.
/// Work outside loops remains on one thread. Loops are divided by sizes alone, so the tasks are those
/// of any number of threads.
package struct ScalingFigures: Sendable {
  package static let threads = [2, 4, 8, 16, 32, 64]

  /// What a node of the network, or the work of no node, takes.
  package struct Part: Sendable {
    /// The layer's name; nil for work of no layer, such as the optimizer's.
    package let layer: String?
    /// The most tasks in one of its loops.
    package let tasks: Int
    /// Seconds in its loops on one thread.
    package let alone: Double
    /// Seconds in its loops on the largest number of threads.
    package let together: Double
  }

  /// Seconds of a step on one thread.
  package let seconds: Double
  /// How many times faster a step is on each of `threads`.
  package let speedups: [Double]
  /// Seconds of a step on the largest number of threads.
  package let shortest: Double
  /// Seconds outside all loops.
  package let outside: Double
  /// The parts of a step, the one that takes longest on the largest number of threads first.
  package let parts: [Part]

  /// - loops: the loops of a step.
  /// - outside: the seconds outside them.
  /// - layers: the names of the parts.
  package init(_ loops: [TaskRecorder.Loop], outside: Double, layers: [String]) {
    self.outside = outside
    let alone = loops.map { $0.duration(threads: 1) }
    seconds = outside + alone.reduce(0, +)
    let durations = ScalingFigures.threads.map { threads in
      loops.map { $0.duration(threads: threads) }
    }
    let sums = durations.map { $0.reduce(outside, +) }
    let (seconds, together) = (seconds, durations[durations.count - 1])
    speedups = sums.map { $0 > 0 ? seconds / $0 : 1 }
    shortest = sums[sums.count - 1]
    parts = Dictionary(grouping: loops.indices) { loops[$0].part }
      .map { part, places in
        Part(
          layer: part.map { layers[$0] }, tasks: places.map { loops[$0].seconds.count }.max() ?? 0,
          alone: places.reduce(0) { $0 + alone[$1] },
          together: places.reduce(0) { $0 + together[$1] })
      }
      .sorted { ($0.together, $1.layer ?? "") > ($1.together, $0.layer ?? "") }
  }
}

/// The scaling of a network's training steps and of its answers.
package struct NetworkScaling: Sendable {
  package let network: String
  /// The side of an image in pixels.
  package let size: Int
  /// Images of a training step.
  package let batch: Int
  package let training: ScalingFigures
  /// The answer to one image, for which all threads share each operation; a batch of as many images
  /// as threads or more is divided by images.
  package let answer: ScalingFigures
}

extension Benchmark {
  /// What a network could gain by more threads, from steps on one.
  package func scaling(_ architecture: Architecture, batch: Int) throws -> NetworkScaling {
    let network = try Network(architecture, seed: seed)
    let (pixels, labels) = try resident(architecture, batch: batch)
    let layers = network.graph.nodes.map(\.path)
    let recorder = TaskRecorder()
    let alone = engine.recording(recorder)
    let profile = StepProfile(network, recorder: recorder)

    let training = try {
      let session = try TrainingSession(
        network: network, optimizer: Adam(), batchSize: batch, engine: alone, seed: seed)
      session.profile = profile
      return try scaling(layers, recorder, .training(network: architecture.name)) {
        try step(session, pixels.numbers, labels)
      }
    }()
    let session = try InferenceSession(network: network, batchSize: 1, engine: alone)
    session.profile = profile
    let answer = try scaling(layers, recorder, .inference(network: architecture.name)) {
      _ = session.run(pixels: pixels.numbers, count: 1)
    }
    return NetworkScaling(
      network: architecture.name, size: architecture.input.width, batch: batch,
      training: training, answer: answer)
  }

  /// Each task's best time in some steps: other work on the machine can only slow it down.
  private func scaling(
    _ layers: [String], _ recorder: TaskRecorder, _ stage: Stage, step: () throws -> Void
  ) throws -> ScalingFigures {
    for _ in 0..<3 {
      try check(stage)
      try step()
    }
    _ = recorder.takeLoops()
    var best: [TaskRecorder.Loop] = []
    var outside = Double.infinity
    try repeatedly(for: seconds, atLeast: 3) {
      try check(stage)
      let time = try measured(step)
      let loops = recorder.takeLoops()
      outside = min(outside, loops.reduce(time) { $0 - $1.duration(threads: 1) })
      if best.isEmpty {
        best = loops
      } else {
        precondition(best.count == loops.count, "steps of one size have the same loops")
        for (loop, others) in loops.indices.lazy.map({ ($0, loops[$0].seconds) }) {
          best[loop].seconds = zip(best[loop].seconds, others).map(min)
        }
      }
      return time
    }
    return ScalingFigures(best, outside: max(0, outside), layers: layers)
  }
}
