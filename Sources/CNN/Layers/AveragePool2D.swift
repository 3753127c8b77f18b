internal import KernelTypes

/// The mean of each window, per channel, over the pixels inside the map only.
public struct AveragePool2D: Layer, WindowLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .averagePool2D(self) }

  /// The side of the window.
  public var size: Int
  /// The stride.
  public var stride: Int
  /// Padding around the map, which does not count.
  public var padding: Padding

  /// Windows of `size` x `size` pixels; the stride is `size` unless given.
  public init(_ size: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  static let largest = 1024

  func operation(_ shape: PoolShape) -> any Operation { AveragePoolOperation(shape: shape) }
}

/// Average pooling.
struct AveragePoolOperation: Operation {
  let shape: PoolShape

  var work: OperationWork { OperationWork(.pooling) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds { OperationNeeds() }

  func forward(_ pass: ForwardPass) {
    let pool = pass.kernels.pooling
    pass.engine.workers.parallelFor(pass.batch) { image, _ in
      pool.averagePool(
        pass.input.plain + image * shape.inputCount, pass.output + image * shape.outputCount, shape)
    }
  }

  func backward(_ pass: BackwardPass) {
    guard let dx = pass.inputGradient else { return }
    let pool = pass.kernels.pooling
    let shape = shape.accumulating(dx.accumulates)
    pass.engine.workers.parallelFor(pass.batch) { image, _ in
      let target = dx.base + image * shape.inputCount
      pool.averagePoolGradient(
        pass.outputGradient + image * shape.outputCount, target, shape)
    }
  }
}
