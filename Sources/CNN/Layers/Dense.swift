internal import KernelTypes

/// A fully connected layer: y[o] = bias[o] + Σ x[i] · weights[i][o].
///
/// Takes a vector of features: put `Flatten` or `GlobalAveragePool2D` before it.
public struct Dense: Layer, GraphLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .dense(self) }

  /// Output features.
  public var units: Int
  /// Whether a bias is added to each output.
  public var useBias: Bool
  /// The initial weights; the bias starts at zero.
  public var initializer: Initializer

  /// A layer with `units` output features.
  public init(units: Int, useBias: Bool = true, initializer: Initializer = .glorotUniform) {
    self.units = units
    self.useBias = useBias
    self.initializer = initializer
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    units = try fields.int("units")
    useBias = try fields.bool("bias", default: true)
    initializer = try fields.choice("initializer", default: .glorotUniform)
  }

  func write(to fields: inout LayerFields) {
    fields.set("units", units)
    fields.set("bias", useBias)
    fields.set("initializer", initializer.rawValue)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    try require(units, in: 1...65_536, "units", path)
    guard input.shape.pixels == 1 else {
      throw .shape(
        layer: "\(path) (dense)", expected: "a vector of features (flatten or pool it first)",
        found: input.shape)
    }
    let features = input.shape.channels
    let weights = builder.tensor(
      "\(path).weights", [features, units], .random(initializer, fanIn: features, fanOut: units))
    let bias = useBias ? builder.tensor("\(path).bias", [units], .constant(0)) : nil
    let operation = DenseOperation(
      features: features, units: units, weights: weights, bias: bias)
    return try builder.add(
      operation, inputs: [input], output: Shape(features: units), path: path)
  }

  func multiplyAdds(input: Shape, output: Shape) -> Int { input.count * units }
}

/// A matrix product with the samples of the batch as rows.
struct DenseOperation: RectifiableOperation {
  let features: Int
  let units: Int
  let weights: Int
  let bias: Int?
  var rectifies = false

  var work: OperationWork { OperationWork(.dense) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    OperationNeeds(
      shared: (readsInPlace(kernels) ? 0 : features * kernels.padded(units))
        + kernels.padded(units),
      perWorker: units * kernels.panelWidth, readsInput: true, readsOutput: rectifies)
  }

  /// Whole vectors of units are read in place: packing would cost as much as the product.
  private func readsInPlace(_ kernels: KernelTable) -> Bool { units % kernels.lanes == 0 }

  func forward(_ pass: ForwardPass) {
    let k = pass.kernels
    let width = k.panelWidth
    let panels = (units + width - 1) / width
    let inPlace = readsInPlace(k)
    let packedBias = pass.scratch.shared
    let packed = packedBias + k.padded(units)
    if let bias {
      packedBias.update(from: pass.parameters + bias, count: units)
      for unit in units..<k.padded(units) { packedBias[unit] = 0 }
    }
    pass.engine.workers.parallelFor(panels) { panel, _ in
      let first = panel * width
      let own = packed + first * features
      if !inPlace {
        k.convolution.packPanel(pass.parameters + weights, own, features, units, first)
      }
      k.convolution.correlateBand(
        pass.input.plain, inPlace ? pass.parameters + weights + first : Input(own),
        bias == nil ? nil : Input(packedBias) + first, pass.output + first,
        CorrelationShape(
          rows: 1, columns: pass.batch, channels: min(width, units - first), kernelRows: 1,
          rowLength: features, bandRowStep: 0, bandLineStep: 0, bandPixelStep: features,
          outputRowStep: 0, outputPixelStep: units, weightStep: inPlace ? units : nil,
          rectifies: rectifies))
    }
  }

  func backward(_ pass: BackwardPass) {
    let k = pass.kernels
    if rectifies {
      let d = pass.outputGradient
      k.elementwise.rectifyGradient(pass.output, d, d, pass.batch * units, false)
    }
    let dy = Input(pass.outputGradient)
    // dweights += xᵀ · dy, in stretches of features.
    let length = 96
    pass.engine.workers.parallelFor((features + length - 1) / length) { stretch, _ in
      let first = stretch * length
      k.convolution.accumulateFilterGradient(
        pass.input.plain, dy, pass.gradients + weights,
        FilterGradientShape(
          rows: 1, columns: pass.batch, channels: units, channelRange: 0..<units, kernelRows: 1,
          rowLength: features, rowRange: first..<min(features, first + length), bandRowStep: 0,
          bandLineStep: 0, bandPixelStep: features, outputRowStep: 0))
    }
    if let bias {
      k.normalization.columnSums(dy, pass.batch, units, pass.scratch.shared)
      k.elementwise.sumParts(Input(pass.scratch.shared), 1, 0, pass.gradients + bias, units)
    }
    guard let dx = pass.inputGradient else { return }
    // dx = dy · weightsᵀ, a panel of features at a time.
    let width = k.panelWidth
    pass.engine.workers.parallelFor((features + width - 1) / width) { panel, worker in
      let first = panel * width
      let packed = pass.scratch.worker(worker)
      k.convolution.packTurnedPanel(
        pass.parameters + weights, packed, 1, features, units, units, 1, 0, 1, 0, 1,
        first)
      k.convolution.correlateBand(
        dy, packed, nil, dx.base + first,
        CorrelationShape(
          rows: 1, columns: pass.batch, channels: min(width, features - first), kernelRows: 1,
          rowLength: units, bandRowStep: 0, bandLineStep: 0, bandPixelStep: units,
          outputRowStep: 0, outputPixelStep: features, accumulates: dx.accumulates))
    }
  }
}
