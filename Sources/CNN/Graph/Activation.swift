internal import KernelTypes

/// A value as an operation reads it: its memory, and the computation still to be applied.
///
/// The output of a batch normalization is usually not written to memory: its readers compute it
/// from the normalization's input, at the cost of one multiply-add.
struct Activation {
  /// A normalization that readers apply: x · factor[channel] + offset[channel].
  struct Normalization {
    let factor: Input
    let offset: Input
    /// Whether negative results are replaced by zero.
    let rectifies: Bool
    /// What greater results are then replaced by.
    let ceiling: Float
    /// The mean that the factor and the offset take off.
    let mean: Input
  }

  /// A normalization's gradient that readers compute: with g in memory, masked where its output was
  /// rectified, g · a[channel] + (x - mean[channel]) · b[channel] + d[channel].
  struct NormalizationGradient {
    /// The normalization's input.
    var x: Input
    /// Of the output, where it was rectified.
    let factor: Input?
    let offset: Input
    /// The upper bound of what was rectified.
    let ceiling: Float
    let mean: Input
    let a: Input
    let b: Input
    let d: Input
  }

  let base: Input
  var normalization: Normalization?
  /// The max pooling whose output gradient is in the value's gradient memory.
  var pooled: PooledGradient?
  /// The normalization whose output gradient is in the value's gradient memory.
  var normalizationGradient: NormalizationGradient?

  /// Whether the value is in memory as it is.
  var isPlain: Bool { normalization == nil && pooled == nil && normalizationGradient == nil }

  /// The memory of a value that needs no further computation.
  var plain: Input {
    precondition(isPlain, "a reader of what is not in memory as it is")
    return base
  }

  /// One image of a batch of the extent `shape`.
  func image(_ index: Int, _ shape: Shape) -> Activation {
    let start = index * (pooled?.shape.outputCount ?? shape.count)
    var image = Activation(base: base + start, normalization: normalization)
    image.pooled = pooled.map { PooledGradient(codes: $0.codes + start, shape: $0.shape) }
    image.normalizationGradient = normalizationGradient
    image.normalizationGradient?.x += index * shape.count
    return image
  }
}
