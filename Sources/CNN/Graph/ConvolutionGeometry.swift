internal import KernelTypes

/// The extents of a convolution, without its weights.
package struct ConvolutionGeometry: Hashable, Sendable {
  package let input: Shape
  package let output: Shape
  package let kernel: Int
  package let stride: Int
  /// Zeros above and to the left of the image.
  package let padding: Int
  /// Groups of channels that are filtered apart.
  package let groups: Int
  package let hasBias: Bool
  /// Whether it ends in a ReLU.
  package let rectifies: Bool

  /// Multiply-adds of the direct method for one image, the same in each direction.
  package var multiplyAdds: Int { output.count * kernel * kernel * input.channels / groups }

  /// Bytes that each direction at least reads and writes: both maps and the filters, once.
  package func bytes(batch: Int) -> Int {
    let filters = kernel * kernel * input.channels / groups * output.channels
    return (batch * (input.count + output.count) + filters) * MemoryLayout<Float>.stride
  }
}

/// An operation that contains a convolution.
protocol ConvolvingOperation: Operation {
  var geometry: ConvolutionGeometry { get }
  /// The name of the method by which a direction is computed.
  func method(of direction: WorkKind, kernels: KernelTable) -> String
}
