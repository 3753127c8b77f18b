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
  /// Where the memory holds the gradient of what max pooling makes of the value.
  var pooled: PooledGradient?

  /// The memory of a value to which nothing is to be done.
  var plain: Input {
    precondition(
      normalization == nil && pooled == nil, "a reader of what is not in memory as it is")
    return base
  }

  /// One image of a batch of the extent `shape`.
  func image(_ index: Int, _ shape: Shape) -> Activation {
    guard let pooled else {
      return Activation(base: base + index * shape.count, normalization: normalization)
    }
    let start = index * pooled.shape.outputCount
    return Activation(
      base: base + start, normalization: normalization,
      pooled: PooledGradient(codes: pooled.codes + start, shape: pooled.shape))
  }
}
