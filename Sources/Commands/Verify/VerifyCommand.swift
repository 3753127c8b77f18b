internal import Compute
internal import ImageData
internal import Primitives
internal import Training

/// `cnnctl verify [RUN]`: the first steps of a run again, compared bit by bit.
struct VerifyCommand: Command {
  static let name = "verify"
  static let description = CommandDescription(
    name: name, usage: "cnnctl verify [RUN [DATASET]] [options]",
    summary: "repeat the first steps of a run and compare every bit",
    details: [
      "RUN is the newest run unless one is named. Trains anew as RUN's config.json says, in a temporary folder, and compares the loss and all "
        + "weights with what RUN noted after 1, 2, 4, 8 ... steps. The images are where the run "
        + "found them, or in DATASET; others are refused. The number of threads does not matter. "
        + "Exit code 1 if anything differs.",
      "The instruction set is the run's. On a processor without it, or with another version of this "
        + "program or its libraries, the last bits may differ: that is said, and no fault of the run.",
    ],
    operands: 0...2, operandName: "RUN",
    options: [SharedOption.cache, steps],
    unlisted: [SharedOption.seed],
    examples: [
      ("cnnctl verify", "the first 16 steps of the newest run"),
      ("cnnctl verify runs/train-001 --steps 256 --threads 1", "more of them, on one thread"),
    ])

  private static let steps = Option(
    "steps", .integer(1...1 << 40), "N", or: 16, in: .measurement, "steps to repeat")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let path = try arguments.run(of: Self.description)
    try arguments.requirePhotos(at: 1, of: Self.description) { "cnnctl verify \($0)" }
    let verification = try Verification(
      run: path, dataset: arguments.operands.dropFirst().first,
      steps: arguments[Self.steps], shelf: console.environment.shelf)
    // Before the engine: its threads take over which signals are blocked.
    let signal = console.environment.watchSignals()
    let engine = try Engine(arguments, console.environment, like: verification.record)
    let changes = verification.record.map { self.changes(from: $0, engine) } ?? []
    let meter = TrainingMeter(console)
    let comparisons: [Verification.Comparison]
    do {
      comparisons = try verification.run(
        in: temporary, cache: ImageCache(arguments, console.environment), engine: engine,
        events: { show($0, meter) }, shouldStop: { signal().map(Stopped.init) })
    } catch let stopped as Stopped {
      console.clear()
      throw Failure(
        ExitCode(signal: stopped.signal),
        "stopped by \(signalName(stopped.signal)); nothing was verified")
    }
    console.clear()
    let isSame = comparisons.allSatisfy(\.isSame) && !comparisons.isEmpty
    try show(
      json: json(path, comparisons, isSame: isSame, changes, engine),
      text: lines(comparisons, isSame: isSame, changes, engine).map(terminalSafe)
        .joined(separator: "\n"))
    return isSame ? .done : .conditionFailed
  }

  private var temporary: String {
    let variable = console.environment.variables["TMPDIR"] ?? ""
    return variable.isEmpty ? "/tmp" : variable
  }

  private func show(_ event: TrainingEvent, _ meter: TrainingMeter) {
    switch event {
    case .loading(let done, let total): meter.show("reading images", done, of: total)
    case .comparing(let done, let total): meter.show("comparing images", done, of: total)
    case .features(let done, let total): meter.show("computing features", done, of: total)
    case .batch(let progress):
      meter.show("repeating", unit: "steps", progress.step, of: progress.steps)
    case .warning(let text): console.warning(text)
    default: break
    }
  }

  /// The differences from the run's environment that may change the last bits.
  private func changes(from record: RunRecord, _ engine: Engine) -> [String] {
    let set = engine.instructionSet.rawValue
    let ranks = record.ranks ?? 1
    return (set == record.isa ? [] : ["instruction set \(record.isa) then, \(set) now"])
      + (ranks == 1 ? [] : ["\(ranks) processes then, 1 now"])
      + record.versionChanges
  }

  private func lines(
    _ comparisons: [Verification.Comparison], isSame: Bool, _ changes: [String],
    _ engine: Engine
  ) -> [String] {
    let table = TextTable(
      header: ["step", "epoch", "loss", "weights", ""],
      rows: comparisons.map { comparison in
        let (step, was) = (comparison.repeated, comparison.recorded)
        return [
          "\(step.step)", "\(step.epoch)",
          step.loss == was.loss ? "\(step.loss)" : "\(step.loss), in the run \(was.loss)",
          String(step.weightsSHA256.prefix(12)), comparison.isSame ? "same" : "differs",
        ]
      }, leftColumns: 0)
    let steps = comparisons.last?.repeated.step ?? 0
    let threads = counted(engine.threads, "thread")
    let verdict =
      isSame
      ? "\(counted(steps, "step")) repeated on \(threads): identical to the run, bit for bit"
      : "the repetition differs from the run after \(counted(steps, "step"))"
    return table.lines + [verdict] + changes
  }

  private func json(
    _ path: String, _ comparisons: [Verification.Comparison], isSame: Bool,
    _ changes: [String], _ engine: Engine
  ) -> JSON {
    [
      "run": .string(path), "same": .bool(isSame), "threads": .int(engine.threads),
      "isa": .string(engine.instructionSet.rawValue),
      "changes": .array(changes.map(JSON.string)),
      "steps": .array(
        comparisons.map { comparison in
          [
            "step": .int(comparison.repeated.step),
            "epoch": .int(comparison.repeated.epoch),
            "loss": .double(comparison.repeated.loss),
            "weights_sha256": .string(comparison.repeated.weightsSHA256),
            "run_loss": .double(comparison.recorded.loss),
            "run_weights_sha256": .string(comparison.recorded.weightsSHA256),
            "same": .bool(comparison.isSame),
          ]
        }),
    ]
  }
}
