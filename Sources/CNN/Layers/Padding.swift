/// The padding of a map before windows move over it.
public enum Padding: Sendable, Hashable {
  /// None: windows lie inside the map.
  case valid
  /// As much as makes the output ⌈input / stride⌉ long, an odd one at the end (TensorFlow's rule).
  case same
  /// This many on every side (PyTorch's rule).
  case explicit(Int)

  /// The output length and the padding before, for one direction; `nil` if no window fits.
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
