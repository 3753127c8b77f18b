internal import CNN
package import Classifier
package import Primitives

/// Weights that PyTorch saved, as a model.
package enum TorchImport {
  /// Reads torchvision's or timm's weights of a network, which their names and shapes tell.
  ///
  /// The bytes of the model depend on weights, network and labels alone. A last layer of two outputs
  /// becomes one: σ(z₁ - z₀) is the second class's share of the softmax.
  ///
  /// - wanted: the network that they must be of; nil for any.
  /// - labels: the classes' names in order; nil for numbered ones.
  ///
  /// Errors: a file that is none, weights of another network, labels of another number.
  package static func model(
    _ path: String, as wanted: TorchNetwork? = nil, labels: [String]?
  ) throws(TrainingError) -> ClassifierModel {
    let file = try StateDictionary(path: path)
    let match = try recognised(file, path, wanted)
    let blank: Network
    do throws(ModelError) {
      blank = try Network(blank: match.architecture)
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    let classes = max(2, match.rows)
    let names = labels ?? ClassLabels.numbered(classes)
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
      network: blank, classes: names, preprocessing: match.network.preprocessing,
      recipe: ClassifierModel.importedRecipe, datasetFingerprint: ClassifierModel.importedRecipe,
      trainingImages: 0)
  }

  /// The network of a file's tensors.
  private static func recognised(
    _ file: StateDictionary, _ path: String, _ wanted: TorchNetwork?
  ) throws(TrainingError) -> Match {
    var matches: [Match] = []
    do throws(ModelError) {
      for form in TorchNetwork.allCases.flatMap(\.forms) {
        matches.append(try Match(file, form))
      }
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    let nearest = matches.min { $0.distance < $1.distance }
    let meant = matches.filter { $0.network == wanted }.min { $0.distance < $1.distance }
    guard let match = meant ?? nearest else {
      throw TrainingError(.internal, "no network can be imported")
    }
    try match.check(path, wanted: wanted, nearest: nearest?.network)
    let same = matches.filter { $0.distance == match.distance }.map(\.network.rawValue)
    guard wanted != nil || Set(same).count == 1 else {
      throw TrainingError(
        .badData, "\(path) holds the weights of one of networks that differ in padding alone",
        found: same.joined(separator: " or "),
        expected: "--arch with the network that they were trained in")
    }
    return match
  }
}

/// How the tensors of a file fit a network.
private struct Match {
  let network: TorchNetwork
  let architecture: Architecture
  /// Rows of the last layer's weights.
  let rows: Int
  /// The network's tensors and those of the file by the same names.
  let pairs: [(tensor: TorchTensor, found: StateDictionary.Tensor)]
  private let missing: [String]
  private let extra: [String]
  private let misshapen: [(name: String, found: [Int], expected: [Int])]

  init(_ file: StateDictionary, _ form: TorchForm) throws(ModelError) {
    network = form.network
    let naming = form.naming
    let found = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    let rows = found["\(naming.head).weight"]?.shape.first ?? 1
    architecture = try form.architecture(outputs: rows == 2 ? 1 : rows)
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

  /// Tensors that are missing, too many or of another shape.
  var distance: Int { missing.count + extra.count + misshapen.count }

  /// Every name must be there in its shape and with weights, and none more.
  func check(
    _ path: String, wanted: TorchNetwork?, nearest: TorchNetwork?
  ) throws(TrainingError) {
    func few(_ names: [String]) -> String { listed(names, few: 4, first: 3) }
    guard missing.isEmpty, extra.isEmpty else {
      let name = network.rawValue
      guard wanted != nil || !pairs.isEmpty else {
        throw TrainingError(
          .badData, "\(path) holds the weights of no known network, nor names of one's",
          found: "\(extra.count) tensors: \(few(extra))",
          expected: "weights of " + TorchNetwork.allCases.map(\.rawValue).joined(separator: ", "))
      }
      let isOther = wanted != nil && nearest != network
      throw TrainingError(
        .badData,
        wanted != nil
          ? "\(path) does not hold the weights of \(name)"
          : "\(path) holds the weights of no known network; the nearest is \(name)",
        found: extra.isEmpty ? nil : "\(extra.count) unexpected tensors: \(few(extra))",
        expected: missing.isEmpty ? nil : "\(missing.count) missing tensors: \(few(missing))",
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
