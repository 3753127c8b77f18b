internal import KernelInterface

/// A value as an operation reads it: its memory, and what is still to be done to each number.
///
/// The output of a batch normalization is mostly not written to memory: whoever reads it computes
/// it from the normalization's input on the way, at the cost of one multiplication.
struct Activation {
  /// A normalization that readers apply: x · factor[channel] + offset[channel].
  struct Normalization {
    let factor: Input
    let offset: Input
    /// Whether negative results are replaced by zero.
    let rectifies: Bool
  }

  let base: Input
  var normalization: Normalization?

  /// The memory of a value to which nothing is to be done.
  var plain: Input {
    precondition(normalization == nil, "a reader that does not normalise")
    return base
  }

  /// The value from a later place on, a whole number of pixels further.
  static func + (value: Activation, floats: Int) -> Activation {
    Activation(base: value.base + floats, normalization: value.normalization)
  }
}
