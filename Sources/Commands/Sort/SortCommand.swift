internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Sorting
internal import Training

/// `cnnctl sort FOLDER --into DIR`: photos into folders by their predictions, and back again.
struct SortCommand: Command {
  static let name = "sort"
  static let description = CommandDescription(
    name: name, usage: "cnnctl sort (FOLDER --into DIR | --undo DIR) [options]",
    summary: "put photos into class folders by their predictions",
    details: [
      "Puts each photo of FOLDER into DIR/<class>, with --abstain-below an uncertain one into "
        + "DIR/unsure, and with --reject-above one of no class into DIR/none-of-these. Photos are copied unless --link or --move is given. No file is written "
        + "over: a name that is taken gets a number, and a photo whose bytes are there already is "
        + "skipped, but not with --move. A photo that cannot be read stays where it is, is listed, "
        + "and makes the exit code 1.",
      "DIR/.cnnctl-sort records every change before it is made. After any interruption, including "
        + "kill -9 and a full disk, the same command continues, and --undo puts everything back, "
        + "whatever was sorted into DIR so far. Ctrl-C stops after the current photo.",
      SharedOption.namingModels,
    ],
    operands: 0...1, operandName: "FOLDER",
    options: [
      SharedOption.maxPixels, SharedOption.model, SharedOption.tta, abstainBelow, rejectAbove,
      SharedOption.recursive, into, copy, link, move, dryRun, undo,
    ],
    examples: [
      ("cnnctl sort photos --into sorted", "sorted 812 photos: 402 cats, 410 dogs"),
      ("cnnctl sort -r photos --into sorted --abstain-below 0.9 --dry-run", "what it would do"),
      ("cnnctl sort --undo sorted", "puts everything back"),
    ])

  private static let abstainBelow = Option(
    "abstain-below", .number(.strength), "P", or: 0, said: "off", off: 0, in: .results,
    "put a photo into DIR/unsure if the most likely label's probability is below P")
  private static let rejectAbove = Rejection.option("put a photo into DIR/none-of-these")
  private static let into = Option(
    "into", .text, "DIR", in: .output, "folder for the class folders")
  private static let copy = Option(
    flag: "copy", in: .output, "copy the photos; this is the default")
  private static let link = Option(
    flag: "link", in: .output,
    "make hard links, which take no space; copies if DIR is in another file system")
  private static let move = Option(flag: "move", in: .output, "move the photos")
  private static let dryRun = Option(
    flag: "dry-run", in: .output, "list what would be done, and change nothing")
  private static let undo = Option(
    "undo", .text, "DIR", in: .output,
    "put back what was moved, and remove copies and links that are unchanged")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    if let target = arguments[Self.undo] { return try undo(target) }
    // Before there is any other thread: they take over which signals are blocked.
    let signal = console.environment.watchSignals()
    guard let named = arguments.operands.first else { throw mistake("FOLDER is missing") }
    guard let into = arguments[Self.into] else { throw mistake("--into is missing") }
    let method = try method()
    let location = try locateModel()
    let model = try ClassifierModel(unconfirmed: location)
    let abstainBelow = arguments[Self.abstainBelow]
    let rejection = try arguments[Self.rejectAbove].map {
      try Rejection(keeping: $0, model, at: location, of: Self.description)
    }
    try SortFolders.require(
      classes: model.classes, withUnsure: abstainBelow > 0, withRejected: rejection != nil)
    let folders = try SortFolders(sorting: named, into: into, classes: model.classes)
    let photos = try photos(in: named, folders)
    try model.confirm()
    console.introduce(model, at: location, named: arguments[SharedOption.model])
    let engine = try Engine(arguments, console.environment)
    let predictor = try Predictor(
      model: model, rejection: rejection, engine: engine, tta: arguments[SharedOption.tta],
      maxPixels: arguments[SharedOption.maxPixels])
    var work = SortWork(
      console, model.classes, method, abstainBelow: abstainBelow,
      rejectAbove: rejection?.threshold, isJSON: arguments[SharedOption.json], into: folders.target,
      named: into)
    if arguments[Self.dryRun] {
      do {
        try work.preview(photos, predictor, signal)
      } catch let stopped as Stopped {
        console.clear()
        return ExitCode(signal: stopped.signal)
      }
    } else {
      do {
        if let signal = try work.sort(photos, predictor, signal) {
          console.clear()
          console.note(
            "stopped by \(signalName(signal)) after \(counted(work.tally.sorted, "photo")). To "
              + "continue: the same command again; to undo: \(SortCommand.undoing(into))")
          return ExitCode(signal: signal)
        }
      } catch var error as TrainingError where error.kind == .inputOutput {
        console.clear()
        error.advice =
          error.advice
          ?? "the same command again continues; \(SortCommand.undoing(into)) puts everything back"
        throw error
      }
    }
    console.clear()
    return try work.end(isDone: !arguments[Self.dryRun])
  }

  /// The command line that takes a sort back.
  private static func undoing(_ target: String) -> String {
    "cnnctl sort --undo \(shellPath(target))"
  }

  private func mistake(_ problem: String) -> Failure {
    Self.description.usageError(problem, expected: Self.description.usage)
  }

  private func method() throws(Failure) -> SortMethod {
    let given = [(Self.copy, SortMethod.copy), (Self.link, .link), (Self.move, .move)]
      .filter { arguments[$0.0] }.map(\.1)
    guard given.count <= 1 else {
      throw mistake("--copy, --link and --move exclude each other")
    }
    return given.first ?? .copy
  }

  /// The photos to be sorted: those of the folder, and with `-r` those of its folders.
  private func photos(in named: String, _ folders: SortFolders) throws -> [String] {
    let scanning = StepProgress("scanning", unit: "files", console)
    let root = named.count > 1 && named.hasSuffix("/") ? String(named.dropLast()) : named
    let found = ImageFolder(below: root) { scanning.show($0, of: nil) }
    for problem in found.problems { console.warning(problem.summary) }
    let isRecursive = arguments[SharedOption.recursive]
    let photos =
      isRecursive
      ? Array(found.paths) : found.paths.filter { FileSystem.parent(of: $0) == root }
    let below = found.paths.count - photos.count
    let own = try folders.ownPaths(photos)
    if let line = found.passedOver.line { console.warning("\(named): \(line)") }
    if own.isEmpty, try !Sorter.hasSorted(into: folders.target) {
      throw Failure(
        .badData, "\(named) holds no image",
        found: below > 0 ? "\(counted(below, "photo")) in its folders" : nil,
        expected: "a folder of photos",
        advice: below > 0
          ? "cnnctl sort -r \(shellPath(named)) --into \(shellPath(arguments[Self.into] ?? ""))"
          : nil)
    }
    if below > 0 {
      console.note("\(counted(below, "photo")) in its folders stay there; -r takes them")
    }
    return own
  }

  private func undo(_ named: String) throws -> ExitCode {
    let signal = console.environment.watchSignals()
    let others: [any CommandOption] = [Self.into, Self.copy, Self.link, Self.move, Self.dryRun]
    guard arguments.operands.isEmpty, !others.contains(where: arguments.has) else {
      throw mistake("--undo takes nothing but the folder that was sorted into")
    }
    let undo = try SortUndo(try SortFolders.resolved(named))
    var tally = UndoTally()
    let progress = StepProgress("undoing", unit: "photos", console)
    var done = 0
    var stopped: Int32?
    try undo.run(
      shouldStop: {
        stopped = signal()
        return stopped != nil
      },
      each: { step in
        done += 1
        tally.add(step)
        if arguments[SharedOption.json] { try console.result(step.json.line) }
        progress.show(done, of: undo.count)
      })
    console.clear()
    if let stopped {
      console.note(
        "stopped by \(signalName(stopped)) after \(counted(done, "photo")). To continue: "
          + SortCommand.undoing(named))
      return ExitCode(signal: stopped)
    }
    console.leftOut(tally.left, "kept")
    if !arguments[SharedOption.json] { try console.result(tally.line) }
    if tally.isBlocked {
      console.warning(
        "the journal in \(named) stays; to try again: \(SortCommand.undoing(named))")
    }
    return tally.left.isEmpty ? .done : .conditionFailed
  }
}
