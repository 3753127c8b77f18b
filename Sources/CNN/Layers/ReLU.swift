internal import KernelTypes

/// max(x, 0).
public struct ReLU: Layer, GraphLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .relu(self) }

  /// A ReLU.
  public init() {}

  init(from fields: inout LayerFields) throws(ModelError) {}

  func write(to fields: inout LayerFields) {}

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try builder.rectify(input, path: path)
  }
}

/// A ReLU that could not be fused into the operation before it.
struct RectifyOperation: Operation {
  let count: Int

  var work: OperationWork { OperationWork(.elementwise) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    OperationNeeds(readsOutput: true)
  }

  func forward(_ pass: ForwardPass) {
    let kernels = pass.kernels.elementwise
    pass.engine.stretches(pass.batch * count) { start, length in
      kernels.rectify(pass.input.plain + start, pass.output + start, length)
    }
  }

  func backward(_ pass: BackwardPass) {
    guard let dx = pass.inputGradient else { return }
    let kernels = pass.kernels.elementwise
    pass.engine.stretches(pass.batch * count) { start, length in
      kernels.rectifyGradient(
        pass.output + start, pass.outputGradient + start, dx.base + start, length, dx.accumulates)
    }
  }
}
