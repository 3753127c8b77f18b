package import CNN
internal import FoundationEssentials
package import ImageData
package import Primitives

/// A model file in memory: a network, its classes and how its images are prepared.
///
/// A class because it owns the network's memory.
package final class ClassifierModel {
  package let network: Network
  package let classes: [String]
  package let preprocessing: Preprocessing
  package let recipe: String
  /// Digest of the images that it was trained on.
  package let datasetFingerprint: String
  package let trainingImages: Int
  /// The version of the program that wrote it.
  package let toolVersion: String
  /// The divisor of the logits before the softmax; 1 if none was fitted.
  package let temperature: Double
  /// The default views of an image.
  package let tta: TestTimeAugmentation
  /// The card written by the model's maker; nil if there is none.
  package let card: ModelCard?
  /// The number format of the weights in the file.
  package let precision: TensorFile.Precision
  /// The file it was read from, or its name inside the program; nil for one just trained.
  package let path: String?
  /// The images that it, or the model that it was made from, was trained on; nil if the file does
  /// not say.
  package let trainedOn: ImageDigests?
  /// How far a photo lies from the classes; nil for a model that cannot tell.
  package let novelty: NoveltyDetector?
  /// SHA-256 of the file, once it is confirmed; nil for a model just trained.
  package private(set) var fileSHA256: String?
  /// The file's digest, until it is confirmed.
  private var pendingDigest: PendingDigest?

  /// The recipe of a model whose weights another program trained.
  package static let importedRecipe = "imported"
  /// The format that this program writes, and the only one that it reads.
  package static let formatVersion = "1"

  package init(
    network: Network, classes: [String], preprocessing: Preprocessing, recipe: String,
    datasetFingerprint: String, trainingImages: Int, temperature: Double = 1,
    tta: TestTimeAugmentation = .plain, trainedOn: ImageDigests? = nil,
    novelty: NoveltyDetector? = nil
  ) {
    precondition(Temperature.range.contains(temperature), "a temperature that can be read back")
    precondition(
      network.outputs == ClassifierModel.outputs(classes: classes.count),
      "the network's outputs must fit the classes")
    self.network = network
    self.classes = classes
    self.preprocessing = preprocessing
    self.recipe = recipe
    self.datasetFingerprint = datasetFingerprint
    self.trainingImages = trainingImages
    self.temperature = temperature
    self.tta = tta
    self.trainedOn = trainedOn
    self.novelty = novelty
    toolVersion = Classifier.toolVersion
    card = nil
    precision = .single
    path = nil
  }

  /// The same network and facts with another temperature, and with what tells how far a photo lies
  /// from the classes, where that is given.
  package func calibrated(
    temperature: Double, novelty: NoveltyDetector? = nil
  ) -> ClassifierModel {
    ClassifierModel(
      network: network, classes: classes, preprocessing: preprocessing, recipe: recipe,
      datasetFingerprint: datasetFingerprint, trainingImages: trainingImages,
      temperature: temperature, tta: tta, trainedOn: trainedOn,
      novelty: novelty ?? self.novelty)
  }

  /// Two classes take one logit, more take one each.
  package static func outputs(classes: Int) -> Int { classes == 2 ? 1 : classes }

  /// Reads a model file strictly; nothing of a file that is not right in every part is used.
  package convenience init(path: String) throws(TrainingError) {
    try self.init(at: ModelLocation(weights: path))
  }

  /// Reads a model strictly, wherever it lies.
  package convenience init(at location: ModelLocation) throws(TrainingError) {
    try self.init(unconfirmed: location)
    try confirm()
  }

  /// Reads a model strictly, but for its digest, which is computed on while the caller continues.
  ///
  /// The caller must not change the network, and must `confirm` before anything that follows from
  /// the file leaves the program.
  package init(unconfirmed location: ModelLocation) throws(TrainingError) {
    let path = location.weights
    let file: ModelFile
    let metadata: ModelMetadata
    let content: ModelFile.Content
    do throws(TrainingError) {
      file = try ModelFile(location)
      (network, metadata, content) = try ClassifierModel.content(of: file, path)
    } catch {
      // A file can say a megabyte of anything.
      throw error.shortened(beyond: path)
    }
    (pendingDigest, trainedOn, novelty) = (content.digest, content.images, content.novelty)
    classes = metadata.classes
    preprocessing = metadata.preprocessing
    recipe = metadata.recipe
    datasetFingerprint = metadata.datasetFingerprint
    trainingImages = metadata.trainingImages
    toolVersion = metadata.toolVersion
    temperature = metadata.temperature
    tta = metadata.tta
    card = metadata.card
    precision = file.precision
    self.path = path
  }

  /// Waits for the digest of the file that it was read from, and throws if it does not fit.
  package func confirm() throws(TrainingError) {
    guard let pending = pendingDigest else { return }
    fileSHA256 = try pending.confirm()
    pendingDigest = nil
  }

  private static func content(
    of file: ModelFile, _ path: String
  ) throws(TrainingError) -> (Network, ModelMetadata, ModelFile.Content) {
    do throws(TrainingError) {
      let metadata = try ModelMetadata(file.layout.metadata, path: path)
      let network = try network(of: file, metadata, path)
      try checkFit(network, metadata, path)
      let content = try file.read(into: network, classes: metadata.classes.count)
      return (network, metadata, content)
    } catch {
      // A damaged file is called damaged, whatever the damage looks like.
      try file.checkDigest()
      throw error
    }
  }

  /// The network without its weights; no memory is taken for them before the file has them.
  private static func network(
    of file: ModelFile, _ metadata: ModelMetadata, _ path: String
  ) throws(TrainingError) -> Network {
    let (architecture, graph) = try plan(of: file, metadata, path)
    do throws(ModelError) {
      return try Network(blank: architecture, graph: graph)
    } catch {
      throw TrainingError(.noRoom, "\(path): \(error)")
    }
  }

  /// The plan by which the file's tensors become the network's, after checking them.
  static func plan(
    of file: ModelFile, _ metadata: ModelMetadata, _ path: String
  ) throws(TrainingError) -> (Architecture, Graph) {
    let architecture: Architecture
    let graph: Graph
    do throws(ModelError) {
      architecture = try Architecture(json: metadata.architecture)
      graph = try architecture.graph()
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    try checkTensors(file.layout.tensors, graph.slots, architecture.name, path)
    return (architecture, graph)
  }

  /// The file's bytes; they depend on the model alone.
  package func encoded() -> [UInt8] { file(card, trainedOn, novelty).encoded() }

  /// The bytes of a file with weights of that precision and another card.
  ///
  /// Errors: a weight that the precision cannot hold, and a file that could not be read again.
  ///
  /// `trainedOn` replaces what the model says of its training images.
  package func encoded(
    _ precision: TensorFile.Precision, card: ModelCard?, trainedOn images: ImageDigests? = nil
  ) throws(TrainingError) -> [UInt8] {
    var location = ModelLocation(weights: "the model")
    do throws(TensorFileError) {
      // Distances stay as they were calibrated.
      var file = try file(card, nil, nil).reduced(to: precision)
      file.tensors += ClassifierModel.tensors(images ?? trainedOn) + (novelty?.tensors ?? [])
      location.bytes = file.encoded()
    } catch {
      throw TrainingError(
        .badData, "the model cannot be written as \(precision.rawValue): \(error)",
        advice: "--dtype \(TensorFile.Precision.single.rawValue)")
    }
    do throws(TrainingError) {
      try ClassifierModel.checkReadable(at: location)
    } catch {
      throw TrainingError(
        .badData, "the model could be written but not read back", found: error.problem,
        expected: "names and a card that fit into \(TensorFile.headerLimit) bytes")
    }
    return location.bytes ?? []
  }

  /// The metadata of a file by key, with another card.
  package func metadata(card: ModelCard?) -> [String: String] {
    ModelMetadata(
      architecture: network.architecture.json, classes: classes, preprocessing: preprocessing,
      recipe: recipe, datasetFingerprint: datasetFingerprint, trainingImages: trainingImages,
      toolVersion: toolVersion, temperature: temperature, tta: tta, card: card
    ).strings
  }

  private static func tensors(_ images: ImageDigests?) -> [TensorFile.Tensor] {
    guard let images, images.count > 0 else { return [] }
    return [
      TensorFile.Tensor(
        name: TensorFile.imagesName, shape: [images.count, TensorFile.imageBytes],
        values: images.fileBytes.map(Float.init), storage: .octets)
    ]
  }

  private func file(
    _ card: ModelCard?, _ images: ImageDigests?, _ novelty: NoveltyDetector?
  ) -> TensorFile {
    let tensors = network.tensorNames.map { name in
      TensorFile.Tensor(
        name: name, shape: network.shape(of: name) ?? [], values: network.values(of: name) ?? [])
    }
    return TensorFile(
      tensors: tensors + ClassifierModel.tensors(images) + (novelty?.tensors ?? []),
      metadata: metadata(card: card))
  }

  /// Names and shapes must be the architecture's; the error has the first that differs and says
  /// how many do.
  private static func checkTensors(
    _ tensors: [TensorFile.Layout.Place], _ slots: [TensorSlot], _ name: String, _ path: String
  ) throws(TrainingError) {
    let found = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape) })
    let wanted = Dictionary(uniqueKeysWithValues: slots.map { ($0.name, $0.shape) })
    let differing = slots.map(\.name).filter { found[$0] != wanted[$0] }
    let unknown = found.keys.filter { wanted[$0] == nil }.sorted()
    guard let first = differing.first ?? unknown.first else { return }
    func text(_ shape: [Int]?) -> String { shape.map { "shape \($0)" } ?? "no such tensor" }
    throw TrainingError(
      .badData,
      "\(path): \(differing.count + unknown.count) tensors do not fit the network "
        + "\(name), the first is \(first)",
      found: text(found[first]), expected: text(wanted[first]))
  }

  /// The parts of the file must fit one another.
  private static func checkFit(
    _ network: Network, _ metadata: ModelMetadata, _ path: String
  ) throws(TrainingError) {
    let classes = metadata.classes
    let preprocessing = metadata.preprocessing
    let wanted = outputs(classes: classes.count)
    guard network.outputs == wanted else {
      throw TrainingError(
        .badData, "\(path): the network's outputs do not fit its \(classes.count) classes",
        found: "\(network.outputs)", expected: "\(wanted)")
    }
    let input = network.architecture.input
    let size = Shape(height: preprocessing.height, width: preprocessing.width, channels: 3)
    guard input == size else {
      throw TrainingError(
        .badData, "\(path): the network's input does not fit its preprocessing",
        found: "\(input)", expected: "\(size)")
    }
  }
}
