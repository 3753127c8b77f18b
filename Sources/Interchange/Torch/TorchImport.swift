internal import CNN
package import Classifier
internal import ImageData
package import Primitives

/// Weights that PyTorch saved, as a model.
package enum TorchImport {
  /// Reads torchvision's or timm's weights of a network.
  ///
  /// The bytes of the model depend on weights, network and labels alone. A last layer of two outputs
  /// becomes one: σ(z₁ - z₀) is the second class's share of the softmax.
  ///
  /// - labels: the classes' names in order; nil for numbered ones.
  ///
  /// Errors: a file that is none, weights of another network, labels of another number.
  package static func model(
    _ path: String, as network: TorchNetwork, labels: [String]?
  ) throws(TrainingError) -> ClassifierModel {
    let file = try TorchFile(path)
    let places = Dictionary(uniqueKeysWithValues: file.layout.tensors.map { ($0.name, $0) })
    let rows = places["fc.weight"]?.shape.first ?? 1
    let classes = max(2, rows)
    let names = labels ?? ClassLabels.numbered(classes)
    let blank: Network
    let tensors: [TorchTensor]
    do throws(ModelError) {
      blank = try Network(blank: network.architecture(outputs: rows == 2 ? 1 : rows))
      tensors = network.tensors(of: blank.architecture, shape: blank.shape)
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
    try checkNames(file, tensors, path, network)
    try checkShapes(places, tensors, path, network, rows: rows)
    guard names.count == classes else {
      throw TrainingError(
        .badData, "\(path): the labels do not fit the network's classes",
        found: "\(names.count) labels", expected: "\(classes)")
    }

    let storage = blank.storage
    for tensor in tensors {
      guard let source = tensor.source, let target = storage[source]?.values,
        let place = places[tensor.name]
      else { continue }
      var values = try file.values(place)
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
      network: blank, classes: names, preprocessing: preprocessing,
      recipe: ClassifierModel.importedRecipe, datasetFingerprint: ClassifierModel.importedRecipe,
      trainingImages: 0)
  }

  /// The preprocessing for torchvision's weights: the shorter side to 256 pixels, the middle 224 of
  /// both, and ImageNet's mean and deviation.
  private static var preprocessing: Preprocessing {
    Preprocessing(
      width: TorchNetwork.side, height: TorchNetwork.side, resize: .crop,
      cropShare: TorchNetwork.cropShare, filter: .bilinear,
      mean: [0.485, 0.456, 0.406].map { Float(255 * $0) },
      deviation: [0.229, 0.224, 0.225].map { Float(255 * $0) })
  }

  /// Every name must be there, and none more; the counts of batches may be omitted.
  private static func checkNames(
    _ file: TorchFile, _ tensors: [TorchTensor], _ path: String, _ network: TorchNetwork
  ) throws(TrainingError) {
    let (missing, extra) = difference(file, tensors)
    guard !missing.isEmpty || !extra.isEmpty else { return }
    let other = TorchNetwork.allCases.first { other in
      guard let architecture = try? other.architecture(outputs: 1),
        let blank = try? Network(blank: architecture)
      else { return false }
      return difference(file, other.tensors(of: architecture, shape: blank.shape)) == ([], [])
    }
    func few(_ names: [String]) -> String { listed(names, few: 4, first: 3) }
    throw TrainingError(
      .badData, "\(path) does not hold the weights of \(network.rawValue)",
      found: extra.isEmpty ? nil : "\(extra.count) unexpected tensors: \(few(extra))",
      expected: missing.isEmpty
        ? nil : "\(missing.count) missing tensors: \(few(missing))",
      advice: other.map { "--arch \($0.rawValue)" })
  }

  private static func difference(
    _ file: TorchFile, _ tensors: [TorchTensor]
  ) -> (missing: [String], extra: [String]) {
    let found = Set(file.layout.tensors.map(\.name))
    let known = Set(tensors.map(\.name))
    return (
      tensors.filter { $0.source != nil && !found.contains($0.name) }.map(\.name),
      found.subtracting(known).sorted()
    )
  }

  /// Types and shapes; the error has the first that differs and says how many do.
  private static func checkShapes(
    _ places: [String: TensorFile.Layout.Place], _ tensors: [TorchTensor], _ path: String,
    _ network: TorchNetwork, rows: Int
  ) throws(TrainingError) {
    var wrong: [(name: String, found: [Int], expected: [Int])] = []
    for tensor in tensors {
      guard tensor.source != nil, let place = places[tensor.name] else { continue }
      guard place.type != .long else {
        throw TrainingError(
          .badData, "\(path): tensor \(tensor.name) holds whole numbers",
          found: "type \(place.type.rawValue)", expected: "type F32, F16 or BF16")
      }
      var expected = tensor.shape
      if rows == 2, tensor.name.hasPrefix("fc.") { expected[0] = 2 }
      if place.shape != expected { wrong.append((tensor.name, place.shape, expected)) }
    }
    guard let first = wrong.first else { return }
    throw TrainingError(
      .badData,
      "\(path): the shapes of \(wrong.count) tensors differ from those of \(network.rawValue), the "
        + "first is \(first.name)",
      found: "\(first.found)", expected: "\(first.expected)")
  }
}
