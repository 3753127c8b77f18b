package import CNN

/// The weights of a convolution or a dense layer, which is a convolution of one pixel.
package struct LinearWeights: Sendable, Hashable {
  /// The name of the weights' tensor in the network.
  package let name: String
  /// The side of the kernel; 1 for a dense layer.
  package let kernel: Int
  /// Input channels or features that an output reads: those of one group.
  package let inputs: Int
  /// Groups of channels that are filtered apart.
  package let groups: Int
  /// Output channels or features.
  package let outputs: Int
  /// The weights as [kernel row][kernel column][input][output].
  package private(set) var values: [Float]
  /// The offset added to each output.
  package private(set) var bias: [Float]?

  /// Weights in the network's own order.
  package init(
    name: String, kernel: Int, inputs: Int, outputs: Int, values: [Float], bias: [Float]?,
    groups: Int = 1
  ) {
    precondition(
      values.count == kernel * kernel * inputs * outputs
        && bias.map { $0.count == outputs } ?? true,
      "\(name): weights for their extents")
    self.name = name
    self.kernel = kernel
    self.inputs = inputs
    self.groups = groups
    self.outputs = outputs
    self.values = values
    self.bias = bias
  }

  /// The weights as [output][input][kernel row][kernel column], the order of most programs.
  package var outputsFirst: [Float] {
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for place in 0..<(kernel * kernel) {
          result.append(values[(place * inputs + input) * outputs + output])
        }
      }
    }
    return result
  }

  /// The name of the bias's tensor in the network.
  package var biasName: String {
    name.split(separator: ".").dropLast().joined(separator: ".") + ".bias"
  }

  /// Throws if 16 bits cannot hold a weight.
  package func checkHalves() throws(ExportError) {
    if let value = values.first(where: { !Float16($0).isFinite }) {
      throw .notInHalves(name: name, value: value)
    }
  }

  /// The same layer with a following normalization folded in, computed in 64 bits.
  ///
  /// scale · (Wx + b - mean) / √(variance + ε) + shift is (fW)x + f(b - mean) + shift with
  /// f = scale / √(variance + ε).
  package func normalized(by normalization: NormalizationWeights) -> LinearWeights {
    let factors = normalization.factors
    var result = self
    for index in values.indices {
      result.values[index] = Float(Double(values[index]) * factors[index % outputs])
    }
    result.bias = factors.indices.map { output in
      let centred = Double(bias?[output] ?? 0) - Double(normalization.mean[output])
      return Float(centred * factors[output] + Double(normalization.shift[output]))
    }
    return result
  }
}

/// The numbers of a batch normalization with running statistics, one per channel each.
package struct NormalizationWeights: Sendable, Hashable {
  /// The path of the layer.
  package let name: String
  /// Added to the variance.
  package let epsilon: Double
  /// The factor of the normalized value.
  package let scale: [Float]
  /// The offset added at the end.
  package let shift: [Float]
  /// The running mean.
  package let mean: [Float]
  /// The running variance.
  package let variance: [Float]

  /// scale / √(variance + ε) of each channel.
  package var factors: [Double] {
    zip(scale, variance).map { Double($0) / (Double($1) + epsilon).squareRoot() }
  }
}

/// A window that moves over a map, and the padding of the map.
package struct Window: Sendable, Hashable {
  /// The side of the window.
  package let size: Int
  package let stride: Int
  /// Padding above the map.
  package let top: Int
  /// Padding left of the map.
  package let left: Int
  /// Padding below the map.
  package let bottom: Int
  /// Padding right of the map.
  package let right: Int

  /// The window of a layer from shape `input` to shape `output`.
  package init(size: Int, stride: Int, padding: Padding, input: Shape, output: Shape) {
    self.size = size
    self.stride = stride
    (top, bottom) = Window.places(size, stride, padding, input.height, output.height)
    (left, right) = Window.places(size, stride, padding, input.width, output.width)
  }

  /// The padding before and after, in one direction.
  private static func places(
    _ size: Int, _ stride: Int, _ padding: Padding, _ input: Int, _ output: Int
  ) -> (Int, Int) {
    switch padding {
    case .valid: return (0, 0)
    case .explicit(let places): return (places, places)
    case .same:
      let total = max(0, (output - 1) * stride + size - input)
      return (total / 2, total - total / 2)
    }
  }
}
