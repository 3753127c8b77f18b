internal import CNN
internal import Compute
internal import Interchange
internal import Primitives
internal import Training

/// `cnnctl bench`: how fast networks train and answer here, and their convolutions against the peak.
struct BenchCommand: Command {
  static let name = "bench"
  static let description = CommandDescription(
    name: name, usage: "cnnctl bench [DATASET] [options]",
    summary: "speed of training, inference, kernels or a dataset's images",
    details: [
      "Measures the networks seed (64 px), vgg (96 px) and r18h (128 px), or one of them, on "
        + "random images in memory: images per second in training (forward, binary cross-entropy, "
        + "backward, Adam) and inference, how a step's time is spent, and each convolution in "
        + "each direction against the peak of this processor's multiply-adds. Each figure is the "
        + "best of many rounds.",
      "GFLOP/s are effective: they count the operations of the direct method, whatever the "
        + "method. With --json it prints one object per network, each on its own line.",
      "With --scaling it says instead what more threads could gain at best: it times each task of a "
        + "step on one thread and deals the tasks to 2 to 64.",
      "With DATASET it measures instead how fast that folder's images are decoded, resized and "
        + "augmented; up to 1,000 of them are read into memory first.",
    ],
    operands: 0...1, operandName: "DATASET",
    options: [
      ImageBenchmark.resize, ImageBenchmark.filter, arch, size, ImageBenchmark.augment, batchSize,
      seconds, scaling,
    ],
    examples: [
      ("cnnctl bench", "all three networks, then their convolutions"),
      ("cnnctl bench --arch r18h --size 160 --json", "one network as one JSON object"),
      ("cnnctl bench photos --size 128", "how fast photos become inputs"),
    ])

  private static let arch = Option(
    "arch", also: ["net"], .word(of: networks + TorchNetwork.allCases.map(\.rawValue)),
    "NETWORK", said: "the first three", in: .model, "the network to measure")
  static let size = Option<Int?>(
    like: \.network.size, Form.side.optional, or: nil, said: "the network's")
  private static let batchSize = Option(
    "batch-size", also: ["batch"], short: "b", .batch, "N", or: 32, in: .measurement,
    "images per step")
  private static let seconds = Option(
    "seconds", .number(NumberRange(0, 3600, includesLower: false)), "S", or: 3,
    in: .measurement,
    "time to measure training, and as long again for inference; other measurements take parts of "
      + "it")

  private static let scaling = Option(
    flag: "scaling", in: .measurement,
    "the speed-up that a step's tasks allow by the number of threads")

  /// The networks that are measured where none is named.
  static let networks = ["seed", "vgg", "r18h"]

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let seconds = arguments[Self.seconds]
    let batch = arguments[Self.batchSize]
    // Before the engine: its threads take over which signals are blocked.
    let signal = console.environment.watchSignals()
    let engine = try Engine(arguments, console.environment)
    let benchmark = Benchmark(
      engine: engine, seconds: seconds, seed: arguments[SharedOption.seed]
    ) { stage in
      if let number = signal() { throw Stopped(signal: number) }
      console.draw { text(of: stage) }
    }
    let report = BenchmarkReport(
      instructionSet: engine.instructionSet.rawValue, convolution: engine.convolution.rawValue,
      threads: engine.threads)
    console.note(
      "\(Engine.processorName), \(engine.instructionSet.rawValue), threads: \(engine.threads)")
    if let dataset = arguments.operands.first {
      let others: [any CommandOption] = [Self.arch, Self.batchSize, Self.scaling]
      if let option = others.first(where: arguments.has) {
        throw Self.description.usageError(
          "\(option.description.title) and DATASET exclude each other: the first is for networks, the second for images"
        )
      }
      let benchmark = ImageBenchmark(arguments, console, engine)
      return try benchmark.run(dataset, seconds: seconds, signal: signal)
    }
    do {
      let networks = try networks()
      let isJSON = arguments[SharedOption.json]
      if arguments[Self.scaling] {
        for network in networks {
          let scaling = try benchmark.scaling(network, batch: batch)
          try show(isJSON ? report.json(scaling).line : report.text(of: scaling))
        }
      } else if isJSON {
        try measureObjects(networks, batch, benchmark, report)
      } else {
        try measureTables(networks, batch, benchmark, report)
      }
      return .done
    } catch let stopped as Stopped {
      console.clear()
      console.note("stopped by \(signalName(stopped.signal)); finished results are above")
      return ExitCode(signal: stopped.signal)
    } catch let error as BenchmarkError {
      throw Failure(.diverged, "\(error)", advice: "cnnctl bench --seed 1")
    } catch let error as ModelError {
      if case .outOfMemory = error { throw error }
      throw Self.description.usageError("\(error)")
    }
  }

  private func networks() throws(ModelError) -> [Architecture] {
    let size = arguments[Self.size]
    let names = arguments[Self.arch].map { [$0] } ?? BenchCommand.networks
    return try names.map { name throws(ModelError) in try .preset(name, size: size) }
  }

  /// All networks first, then all convolutions: what most readers want to know does not wait.
  private func measureTables(
    _ networks: [Architecture], _ batch: Int, _ benchmark: Benchmark, _ report: BenchmarkReport
  ) throws {
    for network in networks {
      try show(report.text(of: benchmark.throughput(network, batch: batch)))
    }
    for network in networks {
      let convolutions = try benchmark.convolutions(of: network, batch: batch)
      try show(
        report.text(
          of: convolutions, network: network.name, batch: batch, peak: benchmark.peakGigaflops))
    }
  }

  private func measureObjects(
    _ networks: [Architecture], _ batch: Int, _ benchmark: Benchmark, _ report: BenchmarkReport
  ) throws {
    for network in networks {
      let figures = try benchmark.throughput(network, batch: batch)
      let convolutions = try benchmark.convolutions(of: network, batch: batch)
      try show(
        report.json(figures, convolutions: convolutions, peak: benchmark.peakGigaflops).line)
    }
  }

  private func show(_ text: String) throws {
    console.clear()
    try console.result(text)
  }

  private func text(of stage: Benchmark.Stage) -> String {
    switch stage {
    case .training(let network): "measuring  \(network), training"
    case .inference(let network): "measuring  \(network), inference"
    case .convolution(let network, let done, let count):
      "measuring  \(network), convolutions \(bar(done, count, cells: 20))"
    }
  }
}
