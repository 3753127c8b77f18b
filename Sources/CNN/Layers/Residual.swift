internal import KernelTypes

/// A residual block: relu(body(x) + shortcut(x)), or the sum alone.
///
/// He et al. 2016.
public struct Residual: Layer, GraphLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .residual(self) }

  /// The layers of the block.
  public var body: [any Layer]
  /// The layers of the shortcut; if empty, the input itself.
  public var shortcut: [any Layer]
  /// Whether a ReLU follows the sum.
  public var rectifies: Bool

  /// A block of `body`, with `shortcut` around it.
  public init(body: [any Layer], shortcut: [any Layer] = [], rectifies: Bool = true) {
    self.body = body
    self.shortcut = shortcut
    self.rectifies = rectifies
  }

  init(from fields: inout LayerFields) throws(ModelError) {
    body = try fields.layers("body")
    shortcut = try fields.layers("shortcut", default: [])
    rectifies = try fields.bool("rectifies", default: true)
  }

  func write(to fields: inout LayerFields) {
    fields.set("body", body)
    fields.set("shortcut", shortcut)
    if !rectifies { fields.set("rectifies", false) }
  }

  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue {
    builder.share(input)
    let deep = try builder.apply(body, to: input, path: "\(path).body")
    builder.share(deep)
    let flat = try builder.apply(shortcut, to: input, path: "\(path).shortcut")
    guard deep.shape == flat.shape else {
      throw .residual(layer: "\(path) (residual)", body: deep.shape, shortcut: flat.shape)
    }
    let sum = try builder.add(
      AddOperation(shape: deep.shape), inputs: [deep, flat], output: deep.shape, path: path)
    return rectifies ? try builder.rectify(sum, path: path) : sum
  }
}

/// The sum of two values, with deferred normalizations of its inputs.
struct AddOperation: RectifiableOperation {
  let shape: Shape
  var rectifies = false

  var work: OperationWork { OperationWork(.elementwise) }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    OperationNeeds(readsOutput: rectifies)
  }

  func acceptsNormalization(rectified: Bool) -> Bool { !rectified }

  func forward(_ pass: ForwardPass) {
    let k = pass.kernels
    let (a, b) = (pass.input, pass.secondInput)
    if a.normalization == nil, b.normalization == nil {
      pass.engine.stretches(pass.batch * shape.count) { start, length in
        k.elementwise.add(
          a.base + start, b.base + start, pass.output + start, length, rectifies)
      }
      return
    }
    let chunks = PixelChunks(pixels: pass.batch * shape.pixels, channels: shape.channels)
    pass.engine.workers.parallelFor(chunks.count) { index, _ in
      let pixels = chunks.range(index)
      let start = pixels.lowerBound * shape.channels
      k.normalization.addChannels(
        a.base + start, a.normalization?.factor, a.normalization?.offset, b.base + start,
        b.normalization?.factor, b.normalization?.offset, pass.output + start, pixels.count,
        shape.channels, rectifies)
    }
  }

  /// Both addends have the gradient of the sum, masked where that was rectified.
  ///
  /// Usually they share its memory: then it is masked in place.
  func backward(_ pass: BackwardPass) {
    let targets = [pass.inputGradient, pass.secondInputGradient].compactMap { $0 }
    let kernels = pass.kernels.elementwise
    pass.engine.stretches(pass.batch * shape.count) { start, length in
      let dy = pass.outputGradient + start
      for target in targets where target.base != pass.outputGradient {
        let dx = target.base + start
        if rectifies {
          kernels.rectifyGradient(pass.output + start, dy, dx, length, target.accumulates)
        } else {
          kernels.accumulate(dy, dx, length, target.accumulates)
        }
      }
      if rectifies, targets.contains(where: { $0.base == pass.outputGradient }) {
        kernels.rectifyGradient(pass.output + start, dy, dy, length, false)
      }
    }
  }
}
