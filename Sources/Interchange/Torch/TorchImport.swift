internal import CNN
package import Classifier
internal import ImageData
package import Primitives

/// Weights that PyTorch saved, as a model.
package enum TorchImport {
  /// Reads torchvision's or timm's weights of a network, which their names and shapes tell.
  ///
  /// The bytes of the model depend on weights, network and labels alone. A last layer of two outputs
  /// becomes one: σ(z₁ - z₀) is the second class's share of the softmax.
  ///
  /// - wanted: the network that they must be of; nil for any. Of timm's networks whose weights have
  ///   the same names it tells which.
  /// - labels: the classes' names in order; nil for those of `config`, or numbered ones.
  /// - config: timm's description of the weights; nil for the preparation of images that the
  ///   network's authors have.
  ///
  /// Errors: a file that is none, weights of another network, labels of another number, a
  /// description of other weights.
  package static func model(
    _ path: String, as wanted: NamedNetwork? = nil, labels: [String]?, config: TimmConfig? = nil
  ) throws(TrainingError) -> ClassifierModel {
    let file = try StateDictionary(path: path)
    let match = try recognised(file, path, wanted, config)
    try config?.check(classes: max(2, match.rows))
    let blank: Network
    do throws(ModelError) {
      blank = try Network(blank: match.architecture)
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    let classes = max(2, match.rows)
    let names = labels ?? config?.labels ?? ClassLabels.numbered(classes)
    guard names.count == classes else {
      throw TrainingError(
        .badData, "\(path): the labels do not fit the network's classes",
        found: "\(names.count) labels", expected: "\(classes)")
    }
    let storage = blank.storage
    for (tensor, found) in match.pairs {
      guard let source = tensor.source, let target = storage[source]?.values else { continue }
      var values = try found.values()
      if values.count == 2 * target.count {
        values = zip(values[target.count...], values).map { $0 - $1 }
      }
      if source.hasSuffix("runningVariance"), let index = values.firstIndex(where: { $0 < 0 }) {
        throw TrainingError(
          .badData, "\(path): tensor \(tensor.name): element \(index) is negative",
          expected: "variances")
      }
      tensor.store(values, in: target)
    }
    blank.noteChange()
    return ClassifierModel(
      network: blank, classes: names,
      preprocessing: config?.preprocessing ?? match.network.preprocessing,
      recipe: ClassifierModel.importedRecipe, datasetFingerprint: ClassifierModel.importedRecipe,
      trainingImages: 0)
  }

  /// The network of a file's tensors.
  private static func recognised(
    _ file: StateDictionary, _ path: String, _ named: NamedNetwork?, _ config: TimmConfig?
  ) throws(TrainingError) -> Match {
    var matches: [Match] = []
    let wanted = named?.network
    let said = config?.architecture ?? named?.rawValue
    do throws(ModelError) {
      for form in TorchNetwork.allCases.flatMap(\.forms) {
        // Only of the network that the file describes: another may not take its images.
        let isSaid =
          config?.architecture != nil && form.network.forms.contains { $0.timmName == said }
        let side = isSaid ? config?.preprocessing.width : nil
        matches.append(try Match(file, form, side: side))
      }
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    // Of networks with the same names, the one that the file describes.
    if let said { matches = matches.filter { $0.form.timmName == said } + matches }
    let nearest = matches.min { $0.distance < $1.distance }
    let meant = matches.filter { $0.network == wanted }.min { $0.distance < $1.distance }
    guard let match = meant ?? nearest else {
      throw TrainingError(.internal, "no network can be imported")
    }
    try match.check(path, wanted: wanted, nearest: nearest?.network)
    try config?.check(describes: match.form)
    let names = matches.filter {
      $0.distance == match.distance && (wanted == nil || $0.network == wanted)
    }.compactMap(\.form.timmName)
    if said == nil, names.count > 1 {
      throw TrainingError(
        .badData,
        "\(path) holds the weights of one of timm's networks \(names.joined(separator: " and ")), "
          + "which differ in padding alone",
        expected: "--arch with the one that they are of, or timm's config.json, whose architecture "
          + "tells which")
    }
    return match
  }
}

extension TimmConfig {
  /// Refuses the description of another network than that of the weights.
  fileprivate func check(describes found: TorchForm) throws(TrainingError) {
    let names = found.network.forms.compactMap(\.timmName)
    guard let architecture, !names.contains(architecture) else { return }
    throw TrainingError(
      .badData, "\(path): architecture is not that of the weights", found: architecture,
      expected: names.joined(separator: " or "))
  }

  /// Refuses other numbers of classes than the weights'.
  fileprivate func check(classes found: Int) throws(TrainingError) {
    let said = [("num_classes", classes), ("label_names", labels?.count)]
    for case (let key, let count?) in said where count != found {
      throw TrainingError(
        .badData, "\(path): \(key) is not that of the weights",
        found: counted(count, "class", "classes"), expected: grouped(found))
    }
  }
}

/// How the tensors of a file fit a network.
private struct Match {
  let form: TorchForm
  let architecture: Architecture
  /// Rows of the last layer's weights.
  let rows: Int
  /// The network's tensors and those of the file by the same names.
  let pairs: [(tensor: TorchTensor, found: StateDictionary.Tensor)]
  private let missing: [String]
  private let extra: [String]
  private let misshapen: [(name: String, found: [Int], expected: [Int])]

  init(_ file: StateDictionary, _ form: TorchForm, side: Int?) throws(ModelError) {
    self.form = form
    let naming = form.naming
    let found = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    let rows = found["\(naming.head).weight"]?.shape.first ?? 1
    architecture = try form.architecture(outputs: rows == 2 ? 1 : rows, side: side)
    let slots = try architecture.graph().slots
    let shapes = Dictionary(uniqueKeysWithValues: slots.map { ($0.name, $0.shape) })
    let tensors = naming.tensors(of: architecture) { shapes[$0] }
    self.rows = rows
    pairs = tensors.compactMap { tensor in found[tensor.name].map { (tensor, $0) } }
    // The counts of batches may be omitted.
    missing = tensors.filter { $0.source != nil && found[$0.name] == nil }.map(\.name)
    extra = Set(found.keys).subtracting(tensors.map(\.name)).sorted()
    misshapen = pairs.filter { $0.tensor.source != nil }.compactMap { pair in
      var expected = pair.tensor.shape
      if rows == 2, pair.tensor.name.hasPrefix("\(naming.head).") { expected[0] = 2 }
      return pair.found.shape == expected ? nil : (pair.tensor.name, pair.found.shape, expected)
    }
  }

  var network: TorchNetwork { form.network }

  /// Tensors that are missing, too many or of another shape.
  var distance: Int { missing.count + extra.count + misshapen.count }

  /// Every name must be there in its shape and with weights, and none more.
  func check(
    _ path: String, wanted: TorchNetwork?, nearest: TorchNetwork?
  ) throws(TrainingError) {
    func few(_ names: [String]) -> String { listed(names, few: 4, first: 3) }
    guard missing.isEmpty, extra.isEmpty else {
      let name = network.rawValue
      // One that lacks most of its tensors is near to nothing.
      guard wanted != nil || pairs.count > missing.count else {
        throw TrainingError(
          .badData, "\(path) holds the weights of no known network",
          found: "\(counted(extra.count, "tensor")): \(few(extra))",
          expected: "weights of " + TorchNetwork.allCases.map(\.rawValue).joined(separator: ", "))
      }
      let isOther = wanted != nil && nearest != network
      throw TrainingError(
        .badData,
        wanted != nil
          ? "\(path) does not hold the weights of \(name)"
          : "\(path) holds the weights of no known network; the nearest is \(name)",
        found: extra.isEmpty ? nil : "\(counted(extra.count, "unexpected tensor")): \(few(extra))",
        expected: missing.isEmpty
          ? nil : "\(counted(missing.count, "missing tensor")): \(few(missing))",
        advice: isOther ? nearest.map { "--arch \($0.rawValue)" } : nil)
    }
    for (tensor, found) in pairs where tensor.source != nil && !found.type.isFloating {
      throw TrainingError(
        .badData, "\(path): tensor \(tensor.name) holds whole numbers",
        found: "type \(found.type.rawValue)", expected: "float32, float16, bfloat16 or float64")
    }
    guard let first = misshapen.first else { return }
    throw TrainingError(
      .badData,
      "\(path): the shapes of \(misshapen.count) tensors differ from those of \(network.rawValue), "
        + "the first is \(first.name)",
      found: "\(first.found)", expected: "\(first.expected)")
  }
}
