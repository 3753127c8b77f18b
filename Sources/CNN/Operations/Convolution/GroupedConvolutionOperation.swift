internal import KernelTypes

/// A convolution whose channels are divided into groups that are filtered apart.
///
/// The channels of one group after the other are brought together in memory and filtered like a
/// map of their own.
struct GroupedConvolutionOperation: ConvolvingOperation {
  /// The extents of all channels, and the places of all parameters.
  let whole: ConvolutionOperation
  let groups: Int

  var work: OperationWork { whole.work }

  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(
      input: whole.input, output: whole.output, kernel: whole.kernel, stride: whole.stride,
      padding: whole.padTop, groups: groups, hasBias: whole.bias != nil, rectifies: false)
  }

  func method(of direction: WorkKind, kernels: KernelTable) -> String {
    part.method(of: direction, kernels: kernels)
  }

  /// The convolution of one group, with its filters and its bias at the begin of the parameters.
  private var part: ConvolutionOperation {
    var (input, output) = (whole.input, whole.output)
    input.channels /= groups
    output.channels /= groups
    let area = whole.kernel * whole.kernel
    return ConvolutionOperation(
      input: input, output: output, kernel: whole.kernel, stride: whole.stride,
      padTop: whole.padTop, padLeft: whole.padLeft, filters: 0,
      bias: whole.bias.map { _ in area * input.channels * output.channels })
  }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    let part = part
    var needs = part.needs(batch: batch, kernels: kernels)
    let places = Places(part, batch: batch)
    needs.shared += places.count
    return needs
  }

  /// Where the numbers of one group lie, in floats from the begin of the shared scratch memory.
  private struct Places {
    let input: Int
    let output: Int
    let parameters: Int
    let gradients: Int
    let count: Int

    init(_ part: ConvolutionOperation, batch: Int) {
      func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
      let numbers = rounded(part.filterCount + part.output.channels)
      input = 0
      output = rounded(batch * part.input.count)
      parameters = output + rounded(batch * part.output.count)
      gradients = parameters + numbers
      count = gradients + numbers
    }
  }

  func forward(_ pass: ForwardPass) {
    let part = part
    let memory = pass.scratch.shared
    let places = Places(part, batch: pass.batch)
    let scratch = Scratch(
      shared: memory + places.count, workers: pass.scratch.workers,
      workerStep: pass.scratch.workerStep)
    let (x, y) = (memory + places.input, memory + places.output)
    for group in 0..<groups {
      let slice = ChannelSlice(group: group, part: part, whole: whole)
      slice.take(pass.engine, pass.input.plain, slice.inputs, pass.batch * part.input.pixels, to: x)
      slice.takeParameters(pass.parameters, to: memory + places.parameters)
      part.forward(
        ForwardPass(
          engine: pass.engine, batch: pass.batch, mode: pass.mode, share: pass.share,
          input: Activation(base: Input(x)), secondInput: Activation(base: Input(x)), target: y,
          saved: pass.saved, scratch: scratch, parameters: Input(memory + places.parameters),
          statistics: pass.statistics, packed: nil, inputMeasurements: nil,
          outputMeasurements: nil, profile: nil))
      slice.put(
        pass.engine, Input(y), slice.outputs, pass.batch * part.output.pixels, to: pass.output,
        accumulates: false)
    }
  }

  func backward(_ pass: BackwardPass) {
    let part = part
    let memory = pass.scratch.shared
    let places = Places(part, batch: pass.batch)
    let scratch = Scratch(
      shared: memory + places.count, workers: pass.scratch.workers,
      workerStep: pass.scratch.workerStep)
    let (x, dy) = (memory + places.input, memory + places.output)
    let gradients = memory + places.gradients
    for group in 0..<groups {
      let slice = ChannelSlice(group: group, part: part, whole: whole)
      slice.take(pass.engine, pass.input.plain, slice.inputs, pass.batch * part.input.pixels, to: x)
      slice.take(
        pass.engine, Input(pass.outputGradient), slice.outputs, pass.batch * part.output.pixels,
        to: dy)
      slice.takeParameters(pass.parameters, to: memory + places.parameters)
      gradients.update(repeating: 0, count: part.filterCount + part.output.channels)
      // The input is no longer needed where its gradient goes.
      part.backward(
        BackwardPass(
          engine: pass.engine, batch: pass.batch, mode: pass.mode, share: pass.share,
          input: Activation(base: Input(x)), secondInput: Activation(base: Input(x)),
          output: Input(dy), outputGradient: dy, pooled: nil,
          normalizationGradient: nil, isJoined: false, inputSums: nil, outputSums: nil,
          inputGradient: pass.inputGradient.map { _ in
            GradientTarget(base: x, accumulates: false)
          },
          secondInputGradient: nil, saved: pass.saved, scratch: scratch,
          parameters: Input(memory + places.parameters), gradients: gradients, profile: nil))
      slice.addParameters(Input(gradients), to: pass.gradients)
      if let dx = pass.inputGradient {
        slice.put(
          pass.engine, Input(x), slice.inputs, pass.batch * part.input.pixels, to: dx.base,
          accumulates: dx.accumulates)
      }
    }
  }
}

/// The numbers of one group among those of all.
private struct ChannelSlice {
  /// Some neighbouring channels of a map.
  struct Channels {
    let first: Int
    let count: Int
    let all: Int
  }

  let inputs: Channels
  let outputs: Channels
  private let part: ConvolutionOperation
  private let whole: ConvolutionOperation

  init(group: Int, part: ConvolutionOperation, whole: ConvolutionOperation) {
    self.part = part
    self.whole = whole
    inputs = Channels(
      first: group * part.input.channels, count: part.input.channels, all: whole.input.channels)
    outputs = Channels(
      first: group * part.output.channels, count: part.output.channels, all: whole.output.channels)
  }

  /// Copies the group's channels of all pixels.
  func take(
    _ engine: Engine, _ source: Input, _ channels: Channels, _ pixels: Int, to target: Output
  ) {
    forEachPixel(engine, pixels, channels) { pixel in
      (target + pixel * channels.count).update(
        from: source + pixel * channels.all + channels.first, count: channels.count)
    }
  }

  /// The other way round.
  func put(
    _ engine: Engine, _ source: Input, _ channels: Channels, _ pixels: Int, to target: Output,
    accumulates: Bool
  ) {
    let kernels = engine.kernels.elementwise
    forEachPixel(engine, pixels, channels) { pixel in
      kernels.accumulate(
        source + pixel * channels.count, target + pixel * channels.all + channels.first,
        channels.count, accumulates)
    }
  }

  private func forEachPixel(
    _ engine: Engine, _ pixels: Int, _ channels: Channels, _ body: (Int) -> Void
  ) {
    let chunks = PixelChunks(pixels: pixels, channels: channels.count)
    engine.workers.parallelFor(chunks.count) { chunk, _ in
      for pixel in chunks.range(chunk) { body(pixel) }
    }
  }

  /// Copies the group's filters and its bias behind them.
  func takeParameters(_ parameters: Input, to target: Output) {
    forEachRow { own, all, count in (target + own).update(from: parameters + all, count: count) }
  }

  /// Adds the group's gradients to those of all.
  func addParameters(_ gradients: Input, to target: Output) {
    forEachRow { own, all, count in
      for index in 0..<count { target[all + index] += gradients[own + index] }
    }
  }

  private func forEachRow(_ body: (_ own: Int, _ all: Int, _ count: Int) -> Void) {
    for row in 0..<(part.filterCount / outputs.count) {
      body(row * outputs.count, whole.filters + row * outputs.all + outputs.first, outputs.count)
    }
    if let own = part.bias, let all = whole.bias {
      body(own, all + outputs.first, outputs.count)
    }
  }
}
