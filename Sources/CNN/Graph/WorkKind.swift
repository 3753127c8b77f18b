/// The kinds of work that a step's time is divided into.
package enum WorkKind: String, Sendable, CaseIterable {
  case convolutionForward = "convolution_forward"
  case convolutionInputGradient = "convolution_input_gradient"
  case convolutionFilterGradient = "convolution_filter_gradient"
  /// Both gradients in one pass, with parts of those of the normalizations around.
  case convolutionGradients = "convolution_gradients"
  /// Batch normalization, with a rectifier in the same pass.
  case normalization
  case pooling
  case dense
  /// Rectifiers, additions and dropout with a pass of their own.
  case elementwise
  case loss
  /// The step itself, and clipping before it.
  case optimizer
  /// Setting the gradients to zero.
  case clearing
  /// Work that no operation claims.
  case other

  /// The kinds that occur in inference.
  package static let inference: [WorkKind] = [
    .convolutionForward, .normalization, .pooling, .dense, .elementwise, .other,
  ]
}

/// The kinds of an operation's passes.
///
/// A pass with several kinds of work ends each with a lap of its `StepProfile`; the remaining time
/// counts as the kind named here.
struct OperationWork {
  let forward: WorkKind
  let backward: WorkKind

  init(forward: WorkKind, backward: WorkKind) {
    self.forward = forward
    self.backward = backward
  }

  /// The same kind in both passes.
  init(_ kind: WorkKind) {
    self.init(forward: kind, backward: kind)
  }
}
