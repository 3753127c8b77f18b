/// One named tensor of a network: its place and its initial values.
package struct TensorSlot: Sendable {
  /// The two slabs of a network's tensors.
  package enum Slab: Sendable {
    /// Trained by the optimizer.
    case parameters
    /// Kept by batch normalization, never optimised.
    case statistics
  }

  /// The initial values.
  enum Start: Sendable {
    case constant(Float)
    case random(Initializer, fanIn: Int, fanOut: Int)
  }

  /// The path, such as `layers.3.body.0.filters`.
  package let name: String
  /// Its extents, outermost first.
  package let shape: [Int]
  package let slab: Slab
  /// The index of its first float in the slab.
  package let offset: Int
  let start: Start

  /// Floats.
  package var count: Int { shape.reduce(1, *) }
  /// Its floats in the slab.
  package var range: Range<Int> { offset..<(offset + count) }
  /// Weight decay applies to weights of two or more dimensions, not to biases and scales.
  package var decays: Bool { shape.count > 1 }
}
