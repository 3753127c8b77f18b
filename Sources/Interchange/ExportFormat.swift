package import CNN
package import Classifier
package import Primitives

/// A format that a model can be exported to.
package enum ExportFormat: String, CaseIterable, Sendable {
  /// This program's own model file, which every safetensors library reads.
  case safetensors
  /// The format of ONNX runtimes.
  case onnx
  /// The format of Apple's systems: a neural-network classifier.
  case coreml

  /// An option that only some formats have, by its name.
  package enum Choice: String, CaseIterable, Sendable {
    /// Normalizations are folded into the weights before them.
    case fold
    /// Without the preprocessing.
    case raw
  }

  /// The settings of an export.
  package struct Settings: Sendable {
    package var precision: TensorFile.Precision
    /// The model card written by its author.
    package var card: ModelCard?
    /// The other options.
    package var choices: Set<Choice>
    /// The images that the model was trained on; nil for those that the model itself records.
    package var trainedOn: ImageDigests?

    /// Weights as they are, unless told otherwise.
    package init(
      precision: TensorFile.Precision = .single, card: ModelCard? = nil, choices: Set<Choice> = []
    ) {
      self.precision = precision
      self.card = card
      self.choices = choices
    }
  }

  /// The extension of this format's files, without the dot.
  package var ending: String { self == .coreml ? "mlmodel" : rawValue }

  /// The options of this format.
  package var choices: Set<Choice> {
    switch self {
    case .safetensors: []
    case .onnx: [.fold, .raw]
    case .coreml: [.fold]
    }
  }

  /// The number formats of weights in this format.
  package var precisions: [TensorFile.Precision] {
    self == .safetensors ? TensorFile.Precision.allCases : [.single, .half]
  }

  /// Throws a usage error for settings that have no meaning in this format.
  package func check(_ settings: Settings) throws(TrainingError) {
    for choice in Choice.allCases
    where settings.choices.contains(choice) && !choices.contains(choice) {
      let others = ExportFormat.allCases.filter { $0.choices.contains(choice) }
      throw TrainingError(
        .usage, "--\(choice.rawValue) has no meaning in the format \(rawValue)",
        expected: others.map { "--format \($0.rawValue)" }.joined(separator: " or "))
    }
    guard precisions.contains(settings.precision) else {
      throw TrainingError(
        .usage, "the format \(rawValue) cannot hold weights as \(settings.precision.rawValue)",
        expected: "--dtype " + precisions.map(\.rawValue).joined(separator: " or "))
    }
  }

  /// The bytes of a model in this format; they depend only on the model and the settings.
  ///
  /// Errors: settings without meaning in this format, a layer that the format lacks, a weight that
  /// the precision cannot hold.
  package func encoded(
    _ model: ClassifierModel, _ settings: Settings
  ) throws(TrainingError) -> [UInt8] {
    try check(settings)
    let (folds, halves) = (settings.choices.contains(.fold), settings.precision == .half)
    do throws(ExportError) {
      switch self {
      case .safetensors: break
      case .onnx:
        return try ONNXModel(
          model, card: settings.card, isRaw: settings.choices.contains(.raw), folding: folds,
          halves: halves
        ).bytes
      case .coreml:
        return try CoreMLModel(model, card: settings.card, folding: folds, halves: halves).bytes
      }
    } catch {
      throw error.asTrainingError(rawValue)
    }
    return try model.encoded(settings.precision, card: settings.card, trainedOn: settings.trainedOn)
  }
}
