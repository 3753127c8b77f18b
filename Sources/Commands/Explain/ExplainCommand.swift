internal import Classifier
internal import Compute
internal import Drawing
internal import Primitives
internal import Report
internal import Training

/// `cnnctl explain IMAGE…`: where the model looks, as a picture.
struct ExplainCommand: Command {
  static let name = "explain"
  static let description = CommandDescription(
    name: name, usage: "cnnctl explain IMAGE... [options]",
    summary: "where a model looks, as a picture",
    details: [
      "Draws over each IMAGE (files, folders and lists as for predict) what the model's "
        + "prediction is based on. gradcam shows where the last feature maps raise the score of "
        + "the class; occlusion covers one part of the image after the other and shows where that "
        + "lowers the probability. Heat shows what the prediction depends on, not whether it is "
        + "right.",
      "One image becomes one picture, NAME-explained.png or, with --method, NAME-METHOD.png; "
        + "several become sheets of 24, NAME-gradcam.png, NAME-gradcam-002.png and so on, named "
        + "after the folder. They are written into the current folder and never overwrite a file: "
        + "the next free number is used; -o names another place. An image that cannot be read is "
        + "reported, the others are processed, and the exit code is 1.",
      SharedOption.namingModels,
    ],
    operands: 1...Int.max, operandName: "IMAGE",
    options: [
      SharedOption.maxPixels, SharedOption.model, SharedOption.tta, SharedOption.recursive, method,
      className, SharedOption.noPlots, output,
    ],
    examples: [
      ("cnnctl explain photo.jpg", "both methods side by side in photo-explained.png"),
      ("cnnctl explain photo.jpg --class dogs", "what in it looks like dogs"),
      ("cnnctl explain -r photos -o sheet.png", "sheet.png, sheet-002.png, and so on"),
      ("cnnctl explain photo.jpg --json --no-plots", "the numbers alone, one line per image"),
    ])

  private static let method = Option(
    "method", .word(of: ExplanationMethod.allCases.map(\.rawValue) + ["both"]),
    said: "both for one image, else gradcam", in: .results,
    "how to find where the model looks")
  private static let className = Option(
    "class", .text, "CLASS", said: "the most likely", in: .results, "the class to explain")
  private static let output = SharedOption.output(
    "FILE.png",
    "the picture; further sheets are FILE-002.png and so on; existing files are overwritten",
    said: "a new file in this folder")

  let arguments: Arguments
  let console: Console

  func run() throws -> ExitCode {
    let isSingle = isSingle
    let methods = methods(isSingle: isSingle)
    var files = try SheetFiles(
      named: arguments[Self.output], otherwise: stem(methods))
    let draws = !arguments[SharedOption.noPlots]
    let engine = try Engine(arguments, console.environment)
    let location = try locateModel()
    let inputs = OutputGuard(
      operands: arguments.operands, recursive: arguments[SharedOption.recursive],
      others: [location.weights])
    if draws { try inputs.check(files.path(), as: .picture) }
    let model = try ClassifierModel(at: location)
    let classIndex = try classIndex(model)
    let sheet = ExplanationSheet(classes: model.classes, methods: methods, isSingle: isSingle)
    let explainer = try Explainer(
      model: model, methods: methods, engine: engine,
      tta: arguments[SharedOption.tta],
      maxPixels: arguments[SharedOption.maxPixels],
      photoSide: draws ? sheet.photoSide : nil)
    console.introduce(model, at: location, named: arguments[SharedOption.model])

    var page = Page()
    var done = 0
    var failures: [SkippedImage] = []
    var images = PredictionInputs(
      arguments.operands, recursive: arguments[SharedOption.recursive],
      read: console.environment.input, warn: console.warning)
    let lines = ExplanationLines(
      classes: model.classes, model: location.title,
      isJSON: arguments[SharedOption.json])
    func finishPage() throws {
      guard !page.tiles.isEmpty else { return }
      let title = isSingle ? page.firstName : "Where the model looks: \(files.path())"
      let path = try files.write(try sheet.png(page.tiles, title: title))
      if let line = lines.picture(path, images: page.images, isSingle: isSingle) {
        try write(line)
      }
      page = Page()
    }
    let progress = StepProgress("explaining", console)
    while let chunk = try images.next().map({ Array($0) }) {
      let total = done + chunk.count
      if draws {
        let count = page.images + chunk.count
        try files.check(
          next: (count + sheet.capacity - 1) / sheet.capacity, images: chunk, beside: inputs)
      }
      try explainer.explain(chunk, classIndex: classIndex) { explanation in
        done += 1
        let failure = explanation.prediction.failure
        if let failure { failures.append(failure) }
        try write(
          lines.text(of: explanation, picture: draws && failure == nil ? files.path() : nil))
        if draws { page.add(explanation, sheet.tiles(explanation)) }
        if page.images == sheet.capacity { try finishPage() }
        progress.show(done, of: total)
      }
    }
    try finishPage()
    console.clear()
    return console.verdict(
      failures, of: done, command: Self.description.name, areTold: !arguments[SharedOption.json])
  }

  /// The images of a picture under way.
  private struct Page {
    var tiles: [Tile] = []
    var images = 0
    var firstName = ""

    mutating func add(_ explanation: Explanation, _ new: [Tile]) {
      guard !new.isEmpty else { return }
      if images == 0 { firstName = FileSystem.lastName(of: explanation.prediction.path) }
      tiles += new
      images += 1
    }
  }

  /// Whether the command line names a single image, and neither a list nor a folder.
  private var isSingle: Bool {
    guard arguments.operands.count == 1, let only = arguments.operands.first else { return false }
    let isFolder = arguments[SharedOption.recursive] && FileSystem.isFolder(only)
    return only != "-" && only != "-0" && !isFolder
  }

  private func methods(isSingle: Bool) -> [ExplanationMethod] {
    let named = arguments[Self.method] ?? (isSingle ? "both" : "gradcam")
    return ExplanationMethod(rawValue: named).map { [$0] } ?? ExplanationMethod.allCases
  }

  /// The picture's name without number and ending, for lack of `-o`: that of the image or folder.
  private func stem(_ methods: [ExplanationMethod]) -> String {
    let only = arguments.operands.count == 1 ? arguments.operands[0] : ""
    let isList = ["", "-", "-0", ".", ".."].contains(FileSystem.lastName(of: only))
    var name = isList ? "images" : FileSystem.lastName(of: only)
    if let dot = name.lastIndex(of: "."), dot > name.startIndex, !FileSystem.isFolder(only) {
      name = String(name[..<dot])
    }
    return name + "-" + (methods.count == 1 ? methods[0].rawValue : "explained")
  }

  private func classIndex(_ model: ClassifierModel) throws(Failure) -> Int? {
    guard let name = arguments[Self.className] else { return nil }
    guard let index = model.classes.firstIndex(of: name) else {
      throw Self.description.usageError(
        "--class: the model has no class \(name)", expected: listed(model.classes),
        advice: nearest(to: name, among: model.classes).map { "--class \($0)" })
    }
    return index
  }

  private func write(_ line: String) throws(StreamError) {
    // On a terminal both streams share the screen: the line of progress makes way.
    if console.environment.output.isTerminal { console.clear() }
    try console.result(line)
  }
}
