package import CNN
package import ImageData
package import Primitives

/// Checks by the reader's own rules that a model can be read back, made before it is trained and
/// before its file replaces another.
extension ClassifierModel {
  /// Refuses a network with these classes whose model file nobody could read again, before it is
  /// trained.
  ///
  /// What is known only later (mean colours, temperature, counts) is taken as long as it can be.
  package static func checkReadable(
    _ network: Network, classes: [String], preprocessing: Preprocessing, recipe: String,
    tta: TestTimeAugmentation
  ) throws(TrainingError) {
    var preprocessing = preprocessing
    preprocessing.mean = [Float](repeating: 123.456_787, count: 3)
    preprocessing.deviation = preprocessing.mean
    let model = ClassifierModel(
      network: network, classes: classes, preprocessing: preprocessing, recipe: recipe,
      datasetFingerprint: String(repeating: "0", count: 64), trainingImages: .max,
      temperature: 1.000_000_000_000_000_2, tta: tta)
    let name = "the model of this run"
    let strings = model.metadata(card: nil)
    let size: Int
    do throws(TensorFileError) {
      size = try TensorFile.checkReadable(
        network.tensorNames.map { ($0, network.shape(of: $0) ?? []) }, metadata: strings)
    } catch {
      let classBytes = JSONText.line(classes).utf8.count
      throw TrainingError(
        .badData, "\(name) could be written but not read back: \(error)",
        found: "\(classes.count) classes whose names take \(classBytes) bytes, "
          + "\(network.tensorNames.count) tensors",
        expected: "a header of at most \(TensorFile.headerLimit) bytes",
        advice: "shorter class names, or a smaller network")
    }
    guard size <= ModelLocation.sizeLimit else {
      throw TrainingError(
        .badData, "\(name) could be written but not read back: its file is too large",
        found: "\(size) bytes", expected: "at most \(ModelLocation.sizeLimit)",
        advice: "a smaller network")
    }
    _ = try ModelMetadata(strings, path: name)
  }

  /// Reads of a model all but its weights, by the rules of the reader.
  static func checkReadable(at location: ModelLocation) throws(TrainingError) {
    let file = try ModelFile(location)
    let metadata = try ModelMetadata(file.layout.metadata, path: location.weights)
    _ = try plan(of: file, metadata, location.weights)
  }
}

extension RunFolder {
  /// Writes a model in one step, as `write` does, once it is found that it can be read again.
  package func write(model bytes: [UInt8], to name: String) throws(TrainingError) {
    guard isWritten else { return }
    try FileSystem.replace(place(name), with: bytes) { file throws(TrainingError) in
      try ClassifierModel.checkReadable(at: ModelLocation(weights: file.path, run: path))
    }
  }
}
