internal import KernelTypes

/// A gate: y = x · body(x), where the body makes one factor a channel of the whole map.
///
/// With a global average, two 1x1 convolutions and a sigmoid as its body it is squeeze-and-excitation
/// (Hu et al. 2018).
public struct Gate: Layer, GraphLayer {
  /// This layer among all kinds.
  public var form: LayerForm { .gate(self) }

  /// The layers that make the factors: a vector with a feature for each channel.
  public var body: [any Layer]

  /// A gate by the layers of `body`.
  public init(body: [any Layer]) {
    self.body = body
  }

  /// Squeeze-and-excitation over `channels`, by way of `squeezed` features.
  ///
  /// - activation: what follows the first convolution; nil: a rectifier.
  public init(
    channels: Int, squeezed: Int, activation: ActivationFunction? = nil,
    gate: ActivationFunction = .sigmoid
  ) {
    let middle: any Layer = activation.map { Activate($0) } ?? ReLU()
    body = [
      GlobalAveragePool2D(), Conv2D(filters: squeezed, kernelSize: 1), middle,
      Conv2D(filters: channels, kernelSize: 1), Activate(gate),
    ]
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    body = try fields.layers("body")
  }

  func write(to fields: inout LayerFields) {
    fields.set("body", body)
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    builder.share(input)
    let factors = try builder.apply(body, to: input, path: "\(path).body")
    guard factors.shape == Shape(features: input.shape.channels) else {
      throw .shape(
        layer: "\(path) (gate)", expected: "a body that gives \(input.shape.channels) features",
        found: factors.shape)
    }
    return try builder.add(
      ScaleOperation(shape: input.shape), inputs: [input, factors], output: input.shape,
      path: path)
  }
}

/// The product of a map with a factor for each of its channels.
struct ScaleOperation: Operation {
  let shape: Shape

  var work: OperationWork { OperationWork(.elementwise) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    // Zeros, and sums that nobody reads, and those of each part.
    OperationNeeds(
      shared: shape.channels * (1 + 2 * batch * chunks.count), readsInput: true)
  }

  /// The parts of one image.
  private var chunks: PixelChunks {
    PixelChunks(pixels: shape.pixels, channels: shape.channels)
  }

  func forward(_ pass: ForwardPass) {
    let kernels = pass.kernels.normalization
    let zeros = zeros(pass.scratch)
    let (x, factors) = (pass.input.plain, pass.secondInput.plain)
    forEachChunk(pass.engine, pass.batch) { image, _, start, pixels in
      kernels.scaleChannels(
        x + start, factors + image * shape.channels, zeros, pass.output + start, pixels,
        shape.channels, false, .infinity)
    }
  }

  /// dx = dy · factor, dfactor = Σ dy · x over the pixels of an image.
  func backward(_ pass: BackwardPass) {
    let kernels = pass.kernels.normalization
    let channels = shape.channels
    let zeros = zeros(pass.scratch)
    let (x, factors) = (pass.input.plain, pass.secondInput.plain)
    let dy = Input(pass.outputGradient)
    let sums = pass.scratch.shared + channels
    let parts = chunks.count
    forEachChunk(pass.engine, pass.batch) { image, chunk, start, pixels in
      let own = sums + 2 * (image * parts + chunk) * channels
      kernels.normalizationSums(
        x + start, nil, zeros, dy + start, zeros, .infinity, pixels, channels, own,
        own + channels)
      guard let dx = pass.inputGradient else { return }
      let target = dx.base + start
      if dx.accumulates {
        kernels.addChannels(
          dy + start, factors + image * channels, zeros, Input(target), nil, nil, target, pixels,
          channels, false)
      } else {
        kernels.scaleChannels(
          dy + start, factors + image * channels, zeros, target, pixels, channels, false,
          .infinity)
      }
    }
    guard let gradient = pass.secondInputGradient else { return }
    for image in 0..<pass.batch {
      let target = gradient.base + image * channels
      if !gradient.accumulates { target.update(repeating: 0, count: channels) }
      pass.kernels.elementwise.sumParts(
        Input(sums) + (2 * image * parts + 1) * channels, parts, 2 * channels, target, channels)
    }
  }

  private func zeros(_ scratch: Scratch) -> Input {
    scratch.shared.update(repeating: 0, count: shape.channels)
    return Input(scratch.shared)
  }

  private func forEachChunk(
    _ engine: Engine, _ batch: Int,
    _ body: (_ image: Int, _ chunk: Int, _ start: Int, _ pixels: Int) -> Void
  ) {
    let chunks = chunks
    engine.workers.parallelFor(batch * chunks.count) { index, _ in
      let (image, chunk) = (index / chunks.count, index % chunks.count)
      let pixels = chunks.range(chunk)
      body(
        image, chunk, (image * shape.pixels + pixels.lowerBound) * shape.channels, pixels.count)
    }
  }
}
