internal import KernelTypes

/// A convolution of one or more layers of a network, to be measured alone.
struct ConvolutionCase {
  let geometry: ConvolutionGeometry
  private(set) var layers: Int
  /// Whether training computes the gradient of its input, which the first layer does not need.
  private(set) var hasInputGradient: Bool
  private let operation: any ConvolvingOperation
  /// The shortest time of each direction, in seconds.
  private var best: [WorkKind: Double] = [:]

  /// The different convolutions of a graph, in the order in which they first run.
  static func distinct(in graph: Graph) -> [ConvolutionCase] {
    var cases: [ConvolutionCase] = []
    for node in graph.nodes {
      guard let operation = node.operation as? any ConvolvingOperation else { continue }
      let hasInputGradient = node.inputs[0] != 0
      if let index = cases.firstIndex(where: { $0.geometry == operation.geometry }) {
        cases[index].layers += 1
        cases[index].hasInputGradient = cases[index].hasInputGradient || hasInputGradient
      } else {
        cases.append(
          ConvolutionCase(
            geometry: operation.geometry, layers: 1, hasInputGradient: hasInputGradient,
            operation: operation))
      }
    }
    return cases
  }

  /// Times each direction: the best of many passes over random numbers in memory.
  ///
  /// It runs as a network by itself, on all threads, as in training.
  ///
  /// - numbers: gives memory with that many random numbers, drawn from a stream of that index.
  mutating func measure(
    batch: Int, engine: Engine, seconds: Double,
    numbers: (Int, Int) throws -> FloatMemory, check: () throws -> Void
  ) throws {
    let network = try Network(input: geometry.input, layers: geometry.network)
    let executor = try Executor(
      network: network, capacity: batch, engine: engine, isTraining: true,
      inputGradient: hasInputGradient)
    let images = try numbers(batch * geometry.input.count, 2)
    let outputGradient = try numbers(batch * geometry.output.count, 3)
    let gradients = try FloatMemory(count: network.parameters.count)
    let profile = StepProfile(network)
    executor.profile = profile

    try repeatedly(for: seconds, atLeast: 2) {
      try check()
      return measured {
        profile.start()
        let mode = PassMode.training(seed: 0, step: 0)
        executor.forward(images: images.base, batch: batch, mode: mode)
        // The backward pass may overwrite it, and in training the next layer has just written it.
        engine.stretches(outputGradient.count) { start, count in
          (executor.logitsGradient + start).update(
            from: outputGradient.base + start, count: count)
        }
        profile.lap(.other)
        executor.backward(images: images.base, batch: batch, mode: mode, gradients: gradients.base)
        best.merge(profile.seconds, uniquingKeysWith: min)
      }
    }
  }

  /// The speed of each direction, after `measure`.
  func figures(batch: Int, kernels: KernelTable, peak: Double) -> [ConvolutionFigure] {
    let operations = 2 * Double(geometry.multiplyAdds) * Double(batch)
    let directions = ConvolutionDirection.allCases.filter {
      $0 != .inputGradient || hasInputGradient
    }
    return directions.compactMap { direction in
      guard let time = best[direction.work] else { return nil }
      let gigaflops = operations / time / 1e9
      return ConvolutionFigure(
        name: geometry.name, layers: layers, direction: direction,
        method: operation.method(of: direction.work, kernels: kernels), seconds: time,
        gigaflops: gigaflops, shareOfPeak: gigaflops / peak,
        gigabytes: Double(geometry.bytes(batch: batch)) / time / 1e9)
    }
  }
}

extension ConvolutionGeometry {
  /// The shape as a text: kernel, stride if not 1, channels, input map.
  fileprivate var name: String {
    let step = stride == 1 ? "" : "/\(stride)"
    let apart = groups == 1 ? "" : " in \(groups) groups"
    return "\(kernel)x\(kernel)\(step) \(input.channels)->\(output.channels)\(apart) at "
      + "\(input.width)x\(input.height)"
  }

  /// The rule that gives this output: as many zeros on every side, or an odd one at the end.
  private var paddingRule: Padding {
    let even = Padding.explicit(padding)
    let isEven = [(input.height, output.height), (input.width, output.width)].allSatisfy {
      even.resolve(input: $0, kernel: kernel, stride: stride)?.output == $1
    }
    return isEven ? even : .same
  }

  fileprivate var network: [any Layer] {
    let convolution = Conv2D(
      filters: output.channels, kernelSize: kernel, stride: stride, padding: paddingRule,
      groups: groups, useBias: hasBias)
    return rectifies ? [convolution, ReLU()] : [convolution]
  }
}
