internal import KernelTypes

/// A convolution: forward, and its gradients below.
///
/// Forward and input gradient are the same kind of loop, a correlation of padded maps with packed
/// filters, the latter with turned filters over the output's gradient. Each of the three directions
/// has its method by a fixed rule.
struct ConvolutionOperation: RectifiableOperation, ConvolvingOperation {
  let input: Shape
  let output: Shape
  let kernel: Int
  let stride: Int
  let padTop: Int
  let padLeft: Int
  /// Places in the parameter slab.
  let filters: Int
  var bias: Int?
  /// Whether each channel has a kernel of its own.
  var isDepthwise = false
  var rectifies = false
  /// An activation function of the output in the same pass, in inference only.
  var activation: ActivationFunction?
  /// Max pooling of the output in the same pass; then only the pooled map is in memory.
  var pool: PoolShape?

  var work: OperationWork {
    OperationWork(forward: .convolutionForward, backward: .convolutionInputGradient)
  }

  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(
      input: input, output: output, kernel: kernel, stride: stride, padding: padTop,
      groups: isDepthwise ? input.channels : 1, hasBias: bias != nil, rectifies: rectifies)
  }

  func method(of direction: WorkKind, kernels: KernelTable) -> String {
    usesWinograd(kernels) ? "winograd" : "direct"
  }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    let k = kernels
    var shared = 0
    var perWorker = 0
    if usesWinograd(k) {
      shared = max(
        forwardTiles.sharedCount(batch: batch), inputGradientTiles.sharedCount(batch: batch))
      perWorker = max(forwardTiles.workerCount(k), inputGradientTiles.workerCount(k))
      shared = max(shared, filterGradientTiles.sharedCount(batch: batch))
      perWorker = max(perWorker, filterGradientTiles.workerCount)
    } else {
      shared = max(packedCount(k), phases.reduce(0) { $0 + $1.weightCount(k) })
      perWorker = max(forwardDirect.workerCount, phases.map(\.workerCount).max() ?? 0)
      shared = max(shared, filterGradientDirect.sharedCount(batch: batch, kernels: k))
      if joinsGradients(k) {
        shared = max(shared, joinedGradients.sharedCount(batch: batch, kernels: k))
      }
      perWorker = max(perWorker, filterGradientDirect.workerCount)
    }
    let biasParts = bias == nil ? 0 : biasChunks(batch).count * output.channels
    return OperationNeeds(
      saved: pool.map { (batch * $0.outputCount + 3) / 4 } ?? 0, shared: max(shared, biasParts),
      perWorker: perWorker, readsInput: true,
      readsOutput: rectifies)
  }

  func acceptsNormalization(rectified: Bool) -> Bool { true }

  func measuredTasks(batch: Int, kernels: KernelTable) -> Int? {
    if rectifies || pool != nil { return nil }
    if !usesWinograd(kernels) { return forwardDirect.tasks(batch: batch) }
    return forwardTiles.tiles.segments > 1 ? nil : forwardTiles.tasks(batch: batch)
  }

  /// Whether pooling can be done in the same pass, because no row of tiles is divided.
  var canPool: Bool {
    pool == nil && activation == nil && completesPixels
  }

  /// Whether an activation function can be computed in the same pass.
  var canActivate: Bool { !rectifies && pool == nil && activation == nil && completesPixels }

  /// Whether a task computes whole rows.
  private var completesPixels: Bool {
    input.channels % 4 != 0 || forwardTiles.tiles.segments == 1
  }

  /// Whether it can compute the gradient of a following normalization in the same pass.
  var readsNormalizationGradient: Bool { !rectifies && pool == nil && bias == nil }

  /// Whether both gradients can be computed in one pass.
  func joinsGradients(_ kernels: KernelTable) -> Bool {
    (isDepthwise || kernel == 1) && readsNormalizationGradient && !usesWinograd(kernels)
      && JoinedGradients.suits(filters: filterCount)
  }

  /// The parts in which that pass sums for the normalization before.
  func joinedParts(batch: Int) -> Int { joinedGradients.parts(batch: batch) }

  /// Floats of the filters.
  var filterCount: Int {
    kernel * kernel * (isDepthwise ? 1 : input.channels) * output.channels
  }

  // MARK: Methods

  /// Winograd's method pays for 3 x 3 filters at stride 1 with whole vectors of channels, where
  /// the map's last tiles are not mostly empty.
  func usesWinograd(_ kernels: KernelTable) -> Bool {
    let applies =
      kernel == 3 && stride == 1 && !isDepthwise && input.channels % kernels.lanes == 0
      && output.channels % kernels.lanes == 0
    let tiles = ((output.height + 3) / 4) * ((output.width + 3) / 4)
    switch kernels.convolutionMethod {
    case .auto: return applies && 40 * tiles <= 7 * output.pixels
    case .direct: return false
    case .winograd: return applies
    }
  }

  private var forwardTiles: WinogradCorrelation {
    WinogradCorrelation(source: input, target: output, top: padTop, left: padLeft)
  }

  private var inputGradientTiles: WinogradCorrelation {
    WinogradCorrelation(source: output, target: input, top: 2 - padTop, left: 2 - padLeft)
  }

  private var filterGradientTiles: WinogradFilterGradient {
    WinogradFilterGradient(input: input, output: output, top: padTop, left: padLeft)
  }

  /// The forward pass by the direct method.
  var forwardDirect: DirectCorrelation {
    DirectCorrelation(
      source: input, target: output, rows: output.height, columns: output.width,
      kernelRows: kernel, kernelColumns: kernel, stride: stride, top: padTop, left: padLeft,
      isDepthwise: isDepthwise)
  }

  private var filterGradientDirect: DirectFilterGradient {
    DirectFilterGradient(
      input: input, output: output, kernel: kernel, stride: stride, top: padTop, left: padLeft,
      isDepthwise: isDepthwise)
  }

  private var joinedGradients: JoinedGradients {
    JoinedGradients(filter: filterGradientDirect, phases: phases)
  }

  // MARK: Forward

  /// Floats of the weights as the forward pass reads them, the padded bias behind.
  func packedCount(_ k: KernelTable) -> Int {
    weightCount(k) + (bias == nil ? 0 : k.padded(output.channels))
  }

  /// Floats of the packed filters.
  func weightCount(_ k: KernelTable) -> Int {
    usesWinograd(k) ? forwardTiles.weightCount : forwardDirect.weightCount(k)
  }

  func pack(_ engine: Engine, parameters: Input, to packed: Output) {
    let k = engine.kernels
    let weights = parameters + filters
    if usesWinograd(k) {
      forwardTiles.transformFilters(engine, weights, to: packed)
    } else if isDepthwise {
      packed.update(from: weights, count: filterCount)
    } else {
      let taps = kernel * kernel * input.channels
      let width = k.panelWidth
      engine.workers.parallelFor((output.channels + width - 1) / width) { panel, _ in
        k.convolution.packPanel(
          weights, packed + panel * width * taps, taps, output.channels, panel * width)
      }
    }
    guard let bias else { return }
    let packedBias = packed + weightCount(k)
    packedBias.update(from: parameters + bias, count: output.channels)
    for channel in output.channels..<k.padded(output.channels) { packedBias[channel] = 0 }
  }

  func forward(_ pass: ForwardPass) {
    let k = pass.kernels
    let isPlain =
      pass.packed == nil && usesWinograd(k) && forwardTiles.transformsPieces(batch: pass.batch)
    if pass.packed == nil, !isPlain {
      pack(pass.engine, parameters: pass.parameters, to: pass.scratch.shared)
    }
    let weights = pass.packed ?? Input(pass.scratch.shared)
    let packedBias = bias.map { isPlain ? pass.parameters + $0 : weights + weightCount(k) }
    var completed = pass.outputMeasurements.map { measurements -> Completion in
      { task, pixels in
        measurements.measure(
          k, task: task, pass.output + pixels.lowerBound * output.channels, pixels: pixels.count)
      }
    }
    let ceiling = usesWinograd(k) ? nil : activation?.ceiling
    if let activation, ceiling == nil {
      completed = { _, pixels in
        let y = pass.output + pixels.lowerBound * output.channels
        k.activations.activate(activation, Input(y), nil, nil, y, pixels.count, output.channels)
      }
    }
    let pooling = pool.map {
      var codes: UnsafeMutablePointer<UInt8>?
      if pass.mode.isForGradients { codes = MaxPoolOperation.codes(pass.saved) }
      return Pooling(target: pass.output, codes: codes, shape: $0)
    }
    if usesWinograd(k) {
      forwardTiles.run(
        pass.engine, batch: pass.batch, source: pass.input,
        filters: isPlain ? .plain(pass.parameters + filters) : .transformed(weights),
        bias: packedBias, target: pass.output, rectifies: rectifies, scratch: pass.scratch,
        pooling: pooling, completed: completed)
    } else {
      forwardDirect.run(
        pass.engine, batch: pass.batch, source: pass.input, weights: weights, bias: packedBias,
        target: pass.output, rectifies: rectifies || ceiling != nil, ceiling: ceiling ?? .infinity,
        scratch: pass.scratch, pooling: pooling, completed: completed)
    }
  }

  // MARK: Backward

  func backward(_ pass: BackwardPass) {
    if pass.isJoined {
      joinedBackward(pass)
      pass.profile?.lap(.convolutionGradients)
      return
    }
    if rectifies {
      let kernels = pass.kernels.elementwise
      pass.engine.stretches(pass.batch * gradientPixels * output.channels) { start, count in
        let d = pass.outputGradient + start
        kernels.rectifyGradient(pass.output + start, d, d, count, false)
      }
      pass.profile?.lap(.elementwise)
    }
    biasGradient(pass)
    var dy = pass.outputGradientActivation
    if let pool {
      dy.pooled = PooledGradient(codes: MaxPoolOperation.codes(pass.saved), shape: pool)
    }
    let gradient = pass.gradients + filters
    if usesWinograd(pass.kernels) {
      filterGradientTiles.run(
        pass.engine, batch: pass.batch, input: pass.input, outputGradient: dy,
        gradient: gradient, scratch: pass.scratch)
    } else {
      filterGradientDirect.run(
        pass.engine, batch: pass.batch, input: pass.input, outputGradient: dy,
        gradient: gradient, scratch: pass.scratch)
    }
    pass.profile?.lap(.convolutionFilterGradient)
    if let dx = pass.inputGradient { inputGradient(pass, dy, dx) }
  }

  private func joinedBackward(_ pass: BackwardPass) {
    var next = pass.scratch.shared
    let weights = phases.map { phase in
      packTurned(pass.engine, pass.parameters + filters, of: phase, to: next)
      defer { next += phase.weightCount(pass.kernels) }
      return Input(next)
    }
    joinedGradients.run(
      pass, weights: weights, partials: next, gradient: pass.gradients + filters)
  }

  /// Pixels of one map for which there is a gradient in memory.
  private var gradientPixels: Int { pool.map { $0.outputHeight * $0.outputWidth } ?? output.pixels }

  private func biasChunks(_ batch: Int) -> PixelChunks {
    PixelChunks(pixels: batch * gradientPixels, channels: output.channels)
  }

  /// dbias += Σ dy.
  private func biasGradient(_ pass: BackwardPass) {
    guard let bias else { return }
    let k = pass.kernels
    let chunks = biasChunks(pass.batch)
    let partials = pass.scratch.shared
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      k.normalization.columnSums(
        pass.outputGradient + pixels.lowerBound * output.channels, pixels.count,
        output.channels, partials + index * output.channels)
    }
    k.elementwise.sumParts(
      partials, chunks.count, output.channels, pass.gradients + bias, output.channels)
  }

  /// dx: a correlation of dy with the turned filters, or one for each phase of the stride.
  private func inputGradient(_ pass: BackwardPass, _ dy: Activation, _ dx: GradientTarget) {
    let k = pass.kernels
    let weights = pass.parameters + filters
    let packed = pass.scratch.shared
    if usesWinograd(k) {
      let method = inputGradientTiles
      method.transformTurnedFilters(pass.engine, weights, to: packed, scratch: pass.scratch)
      method.run(
        pass.engine, batch: pass.batch, source: dy, filters: .transformed(Input(packed)), bias: nil,
        target: dx.base, accumulates: dx.accumulates, scratch: pass.scratch)
      return
    }
    var next = packed
    for phase in phases {
      let own = next
      let method = phase.correlation
      packTurned(pass.engine, weights, of: phase, to: own)
      next += method.weightCount(k)
      method.run(
        pass.engine, batch: pass.batch, source: dy, weights: Input(own), bias: nil,
        target: dx.base, accumulates: dx.accumulates, scratch: pass.scratch)
    }
  }
}
