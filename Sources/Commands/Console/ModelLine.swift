internal import Classifier
internal import Primitives
internal import Training

/// A model in one line: `model: runs/train-001, 10 classes, 86.3 % on 95 test images`.
///
/// What it says stays true wherever the file goes: the accuracy is that of a run whose record holds
/// the digest of this very file, or of the card in the file; else it says on how many images the
/// model was trained. `inspect` says the rest.
struct ModelLine {
  private let name: String
  private let classes: [String]
  private var quality: String

  /// Said of a model whose run goes on, was stopped or failed.
  static let unfinished = ", of an unfinished run"

  /// Characters of a line at most.
  static let most = 100

  /// A model that was read and confirmed.
  init(_ model: ClassifierModel, at location: ModelLocation) {
    let run = location.run.map(RunFolder.init(existing:))
    let isKept = run?.bestWeights == location.weights
    name =
      location.boxed != nil
      ? location.weights + " (built in)"
      : isKept ? RunFolder.lasting(location.run ?? "") : location.shelved ?? location.weights
    classes = model.classes
    let record = run.flatMap { try? RunRecord(folder: $0) }
    if let record, let test = record.test, record.weightsSHA256 == model.fileSHA256 {
      let isOutOfFold = test.split == OutOfFold.name
      let kind =
        test.split == "val" ? "validation image" : isOutOfFold ? "image" : "test image"
      quality =
        "\(percent(test.accuracy)) on \(counted(test.images, kind))"
        + (isOutOfFold ? " out of fold" : "")
    } else if let card = model.card, let accuracy = card.accuracy {
      let kind = location.boxed != nil ? "photo" : "image"
      quality = percent(accuracy) + (card.testImages.map { " on " + counted($0, kind) } ?? "")
    } else if model.recipe == ClassifierModel.importedRecipe {
      quality = "weights from another program"
    } else {
      quality = "trained on " + counted(model.trainingImages, "image")
    }
    if let record, record.status != .done { quality += ModelLine.unfinished }
  }

  /// The line; `advice` says how to name another model, where the command line names none.
  ///
  /// `letter` is what a comparison calls it.
  func text(advice: String?, letter: String = "model") -> String {
    let advice = advice.map { "; " + $0 } ?? ""
    let listed = terminalSafe(classes.joined(separator: "|"))
    let choices = [listed, counted(classes.count, "class", "classes")]
    let known = classes.count <= 4 && listed.count <= 30 ? choices[0] : choices[1]
    let rest = ", \(known), \(quality)\(advice)"
    let shown = terminalSafe(name)
    let room = max(8, ModelLine.most - rest.count - letter.count - 2)
    // The end of a path tells more than its beginning.
    let fitting = shown.count <= room ? shown : "…" + shown.suffix(room - 1)
    return "\(letter): \(fitting)\(rest)"
  }
}
