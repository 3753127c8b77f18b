internal import Classifier
internal import Compute
internal import Primitives
internal import Report
internal import Training

/// `cnnctl explain IMAGE…`: where the model looks, as an image.
struct ExplainCommand {
  let arguments: Arguments
  let console: Console

  /// The values of `--method`.
  static let methods = ExplanationMethod.allCases.map(\.rawValue) + ["both"]

  func run() throws -> ExitCode {
    let isSingle = isSingle
    let methods = methods(isSingle: isSingle)
    var files = try SheetFiles(
      named: arguments.text("output"), otherwise: stem(methods))
    let draws = !arguments.flag("no-plots")
    let engine = try Engine(arguments, console.environment)
    let location = try ClassifierModel.locate(arguments.text("model"))
    let inputs = OutputGuard(
      operands: arguments.operands, recursive: arguments.flag("recursive"),
      others: [location.weights])
    if draws { try inputs.check(files.path(), as: .picture) }
    let model = try ClassifierModel(at: location)
    let classIndex = try classIndex(model)
    let sheet = ExplanationSheet(classes: model.classes, methods: methods, isSingle: isSingle)
    let explainer = try Explainer(
      model: model, methods: methods, engine: engine,
      tta: arguments.text("tta").flatMap(TestTimeAugmentation.init),
      maxPixels: arguments.integer("max-pixels") ?? 64_000_000,
      photoSide: draws ? sheet.photoSide : nil)
    console.introduce(model, at: location, named: arguments.text("model"))

    var page = Page()
    var done = 0
    var failures: [SkippedImage] = []
    var images = PredictionInputs(
      arguments.operands, recursive: arguments.flag("recursive"),
      read: console.environment.input, warn: console.warning)
    let lines = ExplanationLines(
      classes: model.classes, model: location.run ?? location.weights,
      isJSON: arguments.flag("json"))
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
    while let chunk = try images.next() {
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
      failures, of: done, command: .explain, areTold: !arguments.flag("json"))
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
    let isFolder = arguments.flag("recursive") && FileSystem.isFolder(only)
    return only != "-" && only != "-0" && !isFolder
  }

  private func methods(isSingle: Bool) -> [ExplanationMethod] {
    let named = arguments.text("method") ?? (isSingle ? "both" : "gradcam")
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
    guard let name = arguments.text("class") else { return nil }
    guard let index = model.classes.firstIndex(of: name) else {
      throw Failure(
        .usage, "--class: the model has no class \(name)",
        expected: listed(model.classes),
        advice: nearest(to: name, among: model.classes).map { "--class \($0)" },
        helpPage: CommandDescription.explain.helpPage)
    }
    return index
  }

  private func write(_ line: String) throws(StreamError) {
    // On a terminal both streams share the screen: the line of progress makes way.
    if console.environment.output.isTerminal { console.clear() }
    try console.result(line)
  }
}
