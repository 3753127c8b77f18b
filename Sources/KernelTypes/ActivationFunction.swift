/// A function that is applied to each number of a map by itself.
///
/// A rectifier is not among them: it has a layer of its own, `ReLU`.
public enum ActivationFunction: String, Sendable, CaseIterable {
  /// min(max(x, 0), 6).
  case relu6
  /// x · sigmoid(x), also called swish.
  case silu
  /// x · hardSigmoid(x).
  case hardSwish
  /// min(max(x + 3, 0), 6) / 6.
  case hardSigmoid
  /// 1 / (1 + exp(-x)).
  case sigmoid

  /// The upper bound of a rectifier that has one; nil for another function.
  package var ceiling: Float? {
    switch self {
    case .relu6: 6
    case .silu, .hardSwish, .hardSigmoid, .sigmoid: nil
    }
  }
}
