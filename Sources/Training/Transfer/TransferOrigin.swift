internal import CNN
internal import Classifier
internal import ImageData
internal import Primitives

/// A model that training starts from.
struct TransferOrigin {
  /// As `config.json` names it.
  let name: String
  /// SHA-256 of its file.
  let sha256: String
  let model: ClassifierModel
  let head: ClassifierHead

  /// Reads the model of a run folder, a weights file, the program or the shelf.
  ///
  /// `expected` is the digest that its file must have. Errors: no such path, a damaged file, a
  /// network without a classifier, another file than the expected one.
  init(
    named name: String, expected: String? = nil, shelf: ModelShelf?
  ) throws(TrainingError) {
    let location = try ClassifierModel.locate(name, shelf: shelf)
    // A run's config.json lies beside the weights; a run that follows changes runs/latest.
    self.name = RunFolder.lasting(name)
    sha256 = try location.fileFacts().sha256
    if let expected, expected != sha256 {
      throw TrainingError(
        .badData, "\(location.weights) is not the model that the run started from",
        found: "SHA-256 \(sha256)", expected: "SHA-256 \(expected)",
        advice: "--from \(name), to start from the model as it is now")
    }
    model = try ClassifierModel(at: location)
    let architecture = model.network.architecture
    guard let head = architecture.head, architecture.backbone != nil else {
      throw TrainingError(
        .badData,
        "\(location.weights): the network \(architecture.name) has no classifier that can be replaced",
        expected: "a dense last layer")
    }
    self.head = head
  }

  /// The network for these classes, with the model's weights wherever they fit.
  ///
  /// - side: the side of the images; the model's own changes nothing.
  /// - dropout: the share dropped before the last layer; nil for the model's.
  func network(
    classes: [String], side: Int, dropout: Double?, seed: UInt64
  ) throws -> (Network, RunOrigin) {
    let source = model.network
    let input = source.architecture.input
    let outputs = ClassifierModel.outputs(classes: classes.count)
    let network: Network
    let copied: Int
    let keepsHead = classes == model.classes
    do throws(ModelError) {
      guard
        let architecture = source.architecture.adapted(
          side: side == input.height ? nil : side, outputs: outputs, dropout: dropout),
        let head = architecture.head
      else { throw .unknownPreset(source.architecture.name, known: []) }
      network = try Network(architecture, seed: seed)
      // Dropout before the last layer moves its number.
      let (own, theirs) = ("layers.\(head.denseLayer).", "layers.\(self.head.denseLayer).")
      copied = try network.copyTensors(from: source) { name in
        guard head.owns(tensor: name) else { return name }
        return keepsHead ? theirs + name.dropFirst(own.count) : nil
      }
    } catch {
      if case .outOfMemory = error { throw error }
      throw TrainingError(
        .usage,
        "the network \(source.architecture.name) of \(name) does not take images of this size",
        found: "--size \(side): \(error)", expected: "\(input.height), which it was trained with")
    }
    let origin = RunOrigin(
      model: name, weightsSHA256: sha256, classes: model.classes, tensors: copied,
      allTensors: network.tensorNames.count, keepsHead: keepsHead)
    return (network, origin)
  }

  /// The preprocessing for the input size of `network`: the model's, with the settings of `data`.
  func preprocessing(_ data: Configuration.Images, for network: Network) -> Preprocessing {
    let input = network.architecture.input
    var own = model.preprocessing.sized(width: input.width, height: input.height)
    if own.resize != data.resize { own.cropShare = 1 }
    own.resize = data.resize
    if own.filter != data.filter { own.shrinkMargin = data.filter.shrinkMargin }
    own.filter = data.filter
    own.exif = data.exif
    own.maxPixels = data.maxPixels
    return own
  }
}
