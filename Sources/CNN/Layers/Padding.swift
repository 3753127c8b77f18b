/// The zeros around a map before windows move over it.
public enum Padding: Sendable, Hashable {
  /// None: windows lie inside the map.
  case valid
  /// As many as make the output ⌈input / stride⌉ long, the odd one behind (TensorFlow's rule).
  case same
  /// This many on every side (PyTorch's rule).
  case explicit(Int)

  /// Output length and zeros in front, for one direction; `nil` where no window fits.
  package func resolve(input: Int, kernel: Int, stride: Int) -> (output: Int, before: Int)? {
    switch self {
    case .valid:
      return input < kernel ? nil : ((input - kernel) / stride + 1, 0)
    case .same:
      let output = (input + stride - 1) / stride
      return (output, max(0, (output - 1) * stride + kernel - input) / 2)
    case .explicit(let zeros):
      let padded = input + 2 * zeros
      return padded < kernel ? nil : ((padded - kernel) / stride + 1, zeros)
    }
  }
}
