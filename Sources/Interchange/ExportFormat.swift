package import CNN
package import Classifier
package import Primitives

/// A form that a model can be exported in.
package enum ExportFormat: String, CaseIterable, Sendable {
  /// The project's own whole model, which every safetensors library reads.
  case safetensors
  /// What ONNX's runtimes run.
  case onnx
  /// What Apple's systems run: a neural-network classifier.
  case coreml

  /// What some forms alone can be asked for, by the name of its option.
  package enum Choice: String, CaseIterable, Sendable {
    /// Normalizations become part of the weights before them.
    case fold
    /// The preprocessing stays outside.
    case raw
  }

  /// How a model is to be written.
  package struct Settings: Sendable {
    /// How weights are held.
    package var precision: TensorFile.Precision
    /// What its maker says of it.
    package var card: ModelCard?
    /// What else was asked for.
    package var choices: Set<Choice>
    /// The images that it was trained on; nil for what the model itself says.
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

  /// What the names of this form's files end in, without the dot.
  package var ending: String { self == .coreml ? "mlmodel" : rawValue }

  /// What this form can be asked for.
  package var choices: Set<Choice> {
    switch self {
    case .safetensors: []
    case .onnx: [.fold, .raw]
    case .coreml: [.fold]
    }
  }

  /// How this form can hold weights.
  package var precisions: [TensorFile.Precision] {
    self == .safetensors ? TensorFile.Precision.allCases : [.single, .half]
  }

  /// Throws what of the settings means nothing in this form, as a usage error.
  package func check(_ settings: Settings) throws(TrainingError) {
    for choice in Choice.allCases
    where settings.choices.contains(choice) && !choices.contains(choice) {
      let others = ExportFormat.allCases.filter { $0.choices.contains(choice) }
      throw TrainingError(
        .usage, "--\(choice.rawValue) means nothing in the form \(rawValue)",
        expected: others.map { "--format \($0.rawValue)" }.joined(separator: " or "))
    }
    guard precisions.contains(settings.precision) else {
      throw TrainingError(
        .usage, "the form \(rawValue) does not hold weights as \(settings.precision.rawValue)",
        expected: "--dtype " + precisions.map(\.rawValue).joined(separator: " or "))
    }
  }

  /// The bytes of a model in this form; they depend on the model and the settings alone.
  ///
  /// Errors: settings that mean nothing here, a layer that the form has no word for, a weight that
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
