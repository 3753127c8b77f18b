internal import Primitives

/// The initial distribution of a layer's weights.
///
/// Fan-in and fan-out are the connections of one output and of one input: kernel area times
/// channels for a convolution.
public enum Initializer: String, Sendable, Codable, CaseIterable {
  /// Uniform in ±√(6 / (fan-in + fan-out)): Glorot and Bengio 2010, Keras's default.
  case glorotUniform
  /// Normal with variance 2 / fan-in: He et al. 2015.
  case heNormal
  /// Normal with variance 2 / fan-out: He et al. 2015, keeps the gradient's size.
  case heNormalFanOut
  case zeros

  /// `count` numbers from `random`.
  func values(
    count: Int, fanIn: Int, fanOut: Int, random: inout RandomStream
  ) -> [Float] {
    switch self {
    case .glorotUniform:
      let limit = Float((6 / Double(fanIn + fanOut)).squareRoot())
      return (0..<count).map { _ in random.uniform(in: -limit...limit) }
    case .heNormal:
      let deviation = Float((2 / Double(fanIn)).squareRoot())
      return (0..<count).map { _ in deviation * random.normal() }
    case .heNormalFanOut:
      let deviation = Float((2 / Double(fanOut)).squareRoot())
      return (0..<count).map { _ in deviation * random.normal() }
    case .zeros:
      return [Float](repeating: 0, count: count)
    }
  }
}
