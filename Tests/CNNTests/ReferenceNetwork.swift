import CNN
import TestSupport

/// A network in Double, put together from the references by reading its layers' descriptions.
///
/// Nothing of the product's graph, memory plan or fusion is used; only the names of its tensors.
struct ReferenceNetwork {
  var architecture: Architecture
  /// The values of all tensors by name; a training pass moves the statistics.
  var tensors: [String: [Double]]
  /// Whether normalization is by the running statistics.
  private var answers = false
  /// What the last backward pass gave.
  private(set) var gradients: [String: [Double]] = [:]

  /// The network's own description and present values.
  init(_ network: Network) {
    architecture = network.architecture
    tensors = [:]
    for name in network.tensorNames {
      tensors[name] = (network.values(of: name) ?? []).map(Double.init)
    }
  }

  /// A layer's output and what turns its gradient into that of the input.
  private typealias Step = (
    y: ReferenceTensor, backward: (inout ReferenceNetwork, ReferenceTensor) -> ReferenceTensor
  )

  /// The output of an inference pass.
  func answer(_ images: [Float]) -> [Double] {
    var network = self
    network.answers = true
    let shape = architecture.input
    let x = ReferenceTensor(
      batch: images.count / shape.count, height: shape.height, width: shape.width,
      channels: shape.channels, floats: images)
    return network.apply(architecture.layers, path: "layers", x).y.values
  }

  /// The output of a training pass, and the gradients of sum(cotangent * output).
  mutating func pass(
    _ images: [Float], cotangent: (_ output: [Double]) -> [Double]
  ) -> (output: [Double], inputGradient: [Double]) {
    let shape = architecture.input
    let x = ReferenceTensor(
      batch: images.count / shape.count, height: shape.height, width: shape.width,
      channels: shape.channels, floats: images)
    let step = apply(architecture.layers, path: "layers", x)
    gradients = [:]
    let dx = step.backward(&self, step.y.with(cotangent(step.y.values)))
    return (step.y.values, dx.values)
  }

  private mutating func apply(
    _ layers: [any Layer], path: String, _ x: ReferenceTensor
  ) -> Step {
    var steps: [Step] = []
    var current = x
    for (index, layer) in layers.enumerated() {
      let step = apply(layer, "\(path).\(index)", current)
      current = step.y
      steps.append(step)
    }
    return (
      current,
      { network, dy in steps.reversed().reduce(dy) { $1.backward(&network, $0) } }
    )
  }

  private mutating func apply(_ layer: any Layer, _ path: String, _ x: ReferenceTensor) -> Step {
    switch layer {
    case let layer as Conv2D: return convolution(layer, path, x)
    case let layer as Dense: return dense(layer, path, x)
    case let layer as BatchNorm: return normalization(layer, path, x)
    case let layer as Residual: return residual(layer, path, x)
    case let layer as Gate: return gate(layer, path, x)
    case let layer as Activate:
      return (
        ReferenceActivation.forward(layer.function, x),
        { _, dy in ReferenceActivation.backward(layer.function, x, dy) }
      )
    case let layer as MaxPool2D:
      return pooling(.maximum, layer.size, layer.stride, layer.padding, x)
    case let layer as AveragePool2D:
      return pooling(.average, layer.size, layer.stride, layer.padding, x)
    case is GlobalAveragePool2D:
      return (
        ReferenceGlobalAverage.forward(x), { _, dy in ReferenceGlobalAverage.backward(x, dy) }
      )
    case is ReLU:
      return (ReferenceReLU.forward(x), { _, dy in ReferenceReLU.backward(x, dy) })
    case is Flatten:
      let flat = ReferenceTensor(
        batch: x.batch, height: 1, width: 1, channels: x.values.count / x.batch, values: x.values)
      return (flat, { _, dy in x.with(dy.values) })
    default:
      preconditionFailure("\(layer) has no reference")
    }
  }

  private func window(
    _ size: Int, _ stride: Int, _ padding: Padding, _ extent: Int
  ) -> ReferenceWindow {
    switch padding {
    case .valid: ReferenceWindow(size: size, stride: stride)
    case .same: .same(size: size, stride: stride, input: extent)
    case .explicit(let zeros):
      ReferenceWindow(size: size, stride: stride, before: zeros, after: zeros)
    }
  }

  private func convolution(_ layer: Conv2D, _ path: String, _ x: ReferenceTensor) -> Step {
    let reference = ReferenceConvolution(
      rows: window(layer.kernelSize, layer.stride, layer.padding, x.height),
      columns: window(layer.kernelSize, layer.stride, layer.padding, x.width),
      outputChannels: layer.filters, filters: tensors["\(path).filters"] ?? [],
      bias: tensors["\(path).bias"], groups: layer.groups)
    return (
      reference.forward(x),
      { network, dy in
        let (dx, dFilters, dBias) = reference.backward(x, dy)
        network.gradients["\(path).filters"] = dFilters
        if layer.useBias { network.gradients["\(path).bias"] = dBias }
        return dx
      }
    )
  }

  private func dense(_ layer: Dense, _ path: String, _ x: ReferenceTensor) -> Step {
    let reference = ReferenceDense(
      weights: tensors["\(path).weights"] ?? [], bias: tensors["\(path).bias"],
      units: layer.units)
    return (
      reference.forward(x),
      { network, dy in
        let (dx, dWeights, dBias) = reference.backward(x, dy)
        network.gradients["\(path).weights"] = dWeights
        if layer.useBias { network.gradients["\(path).bias"] = dBias }
        return dx
      }
    )
  }

  private mutating func normalization(
    _ layer: BatchNorm, _ path: String, _ x: ReferenceTensor
  ) -> Step {
    var reference = ReferenceBatchNorm(
      scale: tensors["\(path).scale"] ?? [], shift: tensors["\(path).shift"] ?? [],
      runningMean: tensors["\(path).runningMean"] ?? [],
      runningVariance: tensors["\(path).runningVariance"] ?? [], epsilon: layer.epsilon,
      statisticsUpdateRate: layer.statisticsUpdateRate)
    guard !answers else { return (reference.inference(x), { _, dy in dy }) }
    let y = reference.training(x)
    tensors["\(path).runningMean"] = reference.runningMean
    tensors["\(path).runningVariance"] = reference.runningVariance
    let final = reference
    return (
      y,
      { network, dy in
        let (dx, dScale, dShift) = final.trainingBackward(x, dy)
        network.gradients["\(path).scale"] = dScale
        network.gradients["\(path).shift"] = dShift
        return dx
      }
    )
  }

  private func pooling(
    _ kind: ReferencePooling.Kind, _ size: Int, _ stride: Int, _ padding: Padding,
    _ x: ReferenceTensor
  ) -> Step {
    let reference = ReferencePooling(
      kind, rows: window(size, stride, padding, x.height),
      columns: window(size, stride, padding, x.width))
    return (reference.forward(x), { _, dy in reference.backward(x, dy) })
  }

  private mutating func gate(_ layer: Gate, _ path: String, _ x: ReferenceTensor) -> Step {
    let body = apply(layer.body, path: "\(path).body", x)
    return (
      ReferenceGate.forward(x, body.y),
      { network, dy in
        let (dx, dFactors) = ReferenceGate.backward(x, body.y, dy)
        let second = body.backward(&network, dFactors)
        return x.with(zip(dx.values, second.values).map { $0 + $1 })
      }
    )
  }

  private mutating func residual(_ layer: Residual, _ path: String, _ x: ReferenceTensor) -> Step {
    let body = apply(layer.body, path: "\(path).body", x)
    let shortcut = apply(layer.shortcut, path: "\(path).shortcut", x)
    return (
      ReferenceResidualSum.forward(body.y, shortcut.y, rectifies: layer.rectifies),
      { network, dy in
        let d = ReferenceResidualSum.backward(
          body.y, shortcut.y, dy, rectifies: layer.rectifies)
        let first = body.backward(&network, d)
        let second = shortcut.backward(&network, d)
        return x.with(zip(first.values, second.values).map { $0 + $1 })
      }
    )
  }
}
