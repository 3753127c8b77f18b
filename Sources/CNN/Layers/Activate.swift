internal import KernelTypes

/// An activation function, applied to each number by itself.
///
/// Behind a batch normalization it is computed in one pass with it; ReLU6 is then part of it, as a
/// ReLU is. For answers it is part of the convolution before.
public struct Activate: Layer, GraphLayer {
  /// This layer among all kinds.
  public var form: LayerForm { .activate(self) }

  /// The function.
  public var function: ActivationFunction

  /// A layer that applies `function`.
  public init(_ function: ActivationFunction) {
    self.function = function
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    function = try fields.choice("function")
  }

  func write(to fields: inout LayerFields) {
    fields.set("function", function.rawValue)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try builder.activate(function, input, path: path)
  }
}

/// An activation function of a value, which is normalized on the way where that is left to it.
struct ActivateOperation: Operation {
  let shape: Shape
  let function: ActivationFunction

  var work: OperationWork { OperationWork(.elementwise) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    OperationNeeds(readsInput: true)
  }

  func acceptsNormalization(rectified: Bool) -> Bool { !rectified }

  func forward(_ pass: ForwardPass) {
    let kernels = pass.kernels.activations
    let x = pass.input
    forEachChunk(pass.engine, pass.batch) { start, pixels in
      kernels.activate(
        function, x.base + start, x.normalization?.factor, x.normalization?.offset,
        pass.output + start, pixels, shape.channels)
    }
  }

  /// dx = dy · f'(x): the function's argument is computed anew.
  func backward(_ pass: BackwardPass) {
    guard let dx = pass.inputGradient else { return }
    let kernels = pass.kernels.activations
    let x = pass.input
    forEachChunk(pass.engine, pass.batch) { start, pixels in
      kernels.activateGradient(
        function, x.base + start, x.normalization?.factor, x.normalization?.offset,
        Input(pass.outputGradient) + start, dx.base + start, pixels, shape.channels,
        dx.accumulates)
    }
  }

  private func forEachChunk(
    _ engine: Engine, _ batch: Int, _ body: (_ start: Int, _ pixels: Int) -> Void
  ) {
    let chunks = PixelChunks(pixels: batch * shape.pixels, channels: shape.channels)
    engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      body(pixels.lowerBound * shape.channels, pixels.count)
    }
  }
}

extension Graph {
  /// The same graph, for answers, with activation functions put into the convolutions that they
  /// alone read.
  func fusingActivations() -> Graph {
    fusingIntoConvolutions { convolution, next in
      guard convolution.canActivate, let activation = next as? ActivateOperation else {
        return false
      }
      convolution.activation = activation.function
      return true
    }
  }
}
