internal import KernelTypes
internal import Primitives

/// Sets features to zero at random in training and scales the others up.
///
/// Srivastava et al. 2014.
public struct Dropout: Layer, GraphLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .dropout(self) }

  /// The fraction set to zero.
  public var rate: Double

  /// Dropout with rate `rate`.
  public init(_ rate: Double) {
    self.rate = rate
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    rate = try fields.double("rate")
  }

  func write(to fields: inout LayerFields) {
    fields.set("rate", rate)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try require(rate, in: 0...0.99, "rate", path)
    let operation = DropoutOperation(
      count: input.shape.count, rate: Float(rate), index: builder.graph.nodes.count)
    return try builder.add(operation, inputs: [input], output: input.shape, path: path)
  }
}

/// Dropout: its random numbers are keyed by (seed, step, index in the batch, layer), so the
/// backward pass draws them again and nothing is stored.
struct DropoutOperation: Operation {
  let count: Int
  let rate: Float
  let index: Int

  var work: OperationWork { OperationWork(.elementwise) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds { OperationNeeds() }

  func forward(_ pass: ForwardPass) {
    guard case .training(let seed, let step, _) = pass.mode else {
      pass.output.update(from: pass.input.plain, count: pass.batch * count)
      return
    }
    let first = pass.share?.place.offset ?? 0
    pass.engine.workers.parallelFor(pass.batch) { sample, _ in
      mask(
        pass.input.plain + sample * count, pass.output + sample * count, accumulates: false,
        seed: seed, step: step, sample: first + sample)
    }
  }

  func backward(_ pass: BackwardPass) {
    guard let dx = pass.inputGradient else { return }
    guard case .training(let seed, let step, _) = pass.mode else {
      let kernels = pass.kernels.elementwise
      pass.engine.stretches(pass.batch * count) { start, length in
        kernels.accumulate(
          pass.outputGradient + start, dx.base + start, length, dx.accumulates)
      }
      return
    }
    let first = pass.share?.place.offset ?? 0
    pass.engine.workers.parallelFor(pass.batch) { sample, _ in
      mask(
        Input(pass.outputGradient) + sample * count, dx.base + sample * count,
        accumulates: dx.accumulates, seed: seed, step: step, sample: first + sample)
    }
  }

  private func mask(
    _ source: Input, _ target: Output, accumulates: Bool, seed: UInt64, step: Int, sample: Int
  ) {
    var random = RandomStream(
      seed: seed, purpose: .dropout, epoch: step, sample: index << 32 | sample)
    let scale = 1 / (1 - rate)
    for i in 0..<count {
      let value = random.uniform() < rate ? 0 : source[i] * scale
      target[i] = accumulates ? target[i] + value : value
    }
  }
}
