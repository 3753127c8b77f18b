internal import CNN
internal import Compute

/// `cnnctl bench`: how fast networks train and answer here, and their convolutions against the peak.
struct BenchCommand {
  /// The networks that are measured where none is named.
  static let networks = ["seed", "vgg", "r18h"]

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let seconds = arguments.number("seconds") ?? 3
    let batch = arguments.integer("batch-size") ?? 32
    // Before the engine: its threads take over which signals are blocked.
    let signal = console.environment.watchSignals()
    let engine = try Engine(arguments, console.environment)
    let benchmark = Benchmark(
      engine: engine, seconds: seconds, seed: UInt64(arguments.integer("seed") ?? 0)
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
      if let option = ["arch", "batch-size"].first(where: arguments.has) {
        throw Failure(
          .usage,
          "--\(option) and DATASET exclude each other: the first is for networks, the second for images",
          helpPage: CommandDescription.bench.helpPage)
      }
      let benchmark = ImageBenchmark(arguments, console, engine)
      return try benchmark.run(dataset, seconds: seconds, signal: signal)
    }
    do {
      let networks = try networks()
      if arguments.flag("json") {
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
      throw Failure(.usage, "\(error)", helpPage: CommandDescription.bench.helpPage)
    }
  }

  private func networks() throws(ModelError) -> [Architecture] {
    let size = arguments.integer("size")
    let names = arguments.text("arch").map { [$0] } ?? BenchCommand.networks
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

  /// A signal asked to stop.
  private struct Stopped: Error {
    var signal: Int32
  }
}
