internal import KernelTypes

/// The greater of the value and zero.
public struct ReLU: Layer, GraphLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "relu"
  /// This layer among all kinds.
  public var form: LayerForm { .relu(self) }

  /// A rectifier.
  public init() {}

  init(from fields: inout LayerFields) throws(ModelError) {}

  func write(to fields: inout LayerFields) {}

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try builder.rectify(input, path: path)
  }
}

/// A rectifier that could not be put into the operation before it.
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
