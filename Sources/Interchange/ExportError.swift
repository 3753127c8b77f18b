package import Primitives

/// The reason why a model cannot be written in another format.
package enum ExportError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A tensor that is missing in the network.
  case tensor(String)
  /// A weight that 16 bits cannot hold.
  case notInHalves(name: String, value: Float)

  /// One sentence.
  package var description: String {
    switch self {
    case .tensor(let name): "the network has no tensor \(name)"
    case .notInHalves(let name, let value):
      "\(name) holds \(value), which does not fit into 16 bits"
    }
  }

  /// The error of an export to the format of that name.
  package func asTrainingError(_ form: String) -> TrainingError {
    var advice: String?
    if case .notInHalves = self { advice = "--dtype f32" }
    return TrainingError(
      .badData, "the model cannot be written as \(form): \(self)", advice: advice)
  }
}
