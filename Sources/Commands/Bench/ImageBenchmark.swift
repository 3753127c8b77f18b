internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl bench DATASET`: how fast its photos become inputs of a network.
struct ImageBenchmark {
  static let resize = Option(like: \.data.resize, .word, or: ResizeMode.stretch)
  static let filter = Option(
    like: \.data.filter, .word, or: ResizeFilter.bilinear, said: ResizeFilter.bilinear.rawValue)
  static let augment = Option(
    "augment", .preset, or: .standard, said: "standard", off: Augmentation.none,
    in: .augmentation, "a named set of random changes")

  private let arguments: Arguments
  private let console: Console
  private let engine: Engine

  init(_ arguments: Arguments, _ console: Console, _ engine: Engine) {
    self.arguments = arguments
    self.console = console
    self.engine = engine
  }

  func run(_ path: String, seconds: Double, signal: () -> Int32?) throws -> ExitCode {
    let dataset: Dataset
    do throws(DatasetError) {
      dataset = try Dataset.open(path, shouldStop: { _ in signal() != nil })
    } catch {
      if error == .stopped, let number = signal() { return ExitCode(signal: number) }
      throw error
    }
    if let line = dataset.passedOver.line { console.warning(line) }
    let (preprocessing, augmentation) = settings()
    console.draw { "reading images" }
    let benchmark = PipelineBenchmark(
      dataset, limit: 1000, workers: engine.workers, kernels: engine.kernels,
      shouldStop: { signal() != nil })
    if let number = signal() { return stopped(number) }
    guard benchmark.images > 0 else {
      throw Failure(.badData, "\(path): no image can be read", advice: "cnnctl check \(path)")
    }
    console.draw { "measuring \(benchmark.images) images" }
    let figures = benchmark.measure(
      preprocessing, seconds: seconds, shouldStop: { signal() != nil })
    if let number = signal() { return stopped(number) }
    let pass = AugmentationMeasurement(
      augmentation, side: preprocessing.width, kernels: engine.kernels)
    console.clear()
    console.note(
      "\(Engine.processorName), \(engine.instructionSet.rawValue), threads: \(engine.threads)")
    if arguments[SharedOption.json] {
      try console.result(json(path, preprocessing, figures, pass).line)
    } else {
      try console.result(text(path, preprocessing, figures, pass))
    }
    return .done
  }

  private func stopped(_ number: Int32) -> ExitCode {
    console.clear()
    console.note("stopped by \(signalName(number))")
    return ExitCode(signal: number)
  }

  private func settings() -> (Preprocessing, Augmentation) {
    let side = arguments[BenchCommand.size] ?? 160
    let filter = arguments[Self.filter]
    let mode = arguments[Self.resize]
    let preprocessing = Preprocessing(
      width: side, height: side, resize: mode, filter: filter, shrinkMargin: filter.shrinkMargin)
    return (preprocessing, arguments[Self.augment])
  }

  private func text(
    _ path: String, _ steps: Preprocessing, _ figures: PipelineBenchmark.Figures,
    _ pass: AugmentationMeasurement
  ) -> String {
    func row(_ name: String, _ seconds: Double) -> [String] {
      [name, grouped(Int((1 / seconds).rounded())), fixed(seconds * 1e6, 1)]
    }
    let table = TextTable(
      header: ["", "images/s per thread", "\u{B5}s per image"],
      rows: [
        row("decoding at full size", figures.decoding),
        row("decoding and resizing", figures.reading),
        row("augmentation", pass.microsecondsPerImage * 1e-6),
      ], leftColumns: 1)
    let heading =
      "\(figures.images) images of \(path), \(steps.width)x\(steps.height) px, "
      + "\(steps.resize.rawValue), \(steps.filter.rawValue)"
    return ([terminalSafe(heading), ""] + table.lines).joined(separator: "\n")
  }

  private func json(
    _ path: String, _ steps: Preprocessing, _ figures: PipelineBenchmark.Figures,
    _ pass: AugmentationMeasurement
  ) -> JSON {
    [
      "dataset": .string(path), "images": .int(figures.images),
      "size": .int(steps.width), "resize": .string(steps.resize.rawValue),
      "filter": .string(steps.filter.rawValue),
      "isa": .string(engine.instructionSet.rawValue), "threads": .int(engine.threads),
      "decode_images_per_second": .double(1 / figures.decoding),
      "read_images_per_second": .double(1 / figures.reading),
      "augment_microseconds": .double(pass.microsecondsPerImage),
    ]
  }
}
