/// A direction in which a convolution is computed.
package enum ConvolutionDirection: String, Sendable, CaseIterable {
  case forward
  case inputGradient = "input_gradient"
  case filterGradient = "filter_gradient"

  /// The kind of work in a profile.
  var work: WorkKind {
    switch self {
    case .forward: .convolutionForward
    case .inputGradient: .convolutionInputGradient
    case .filterGradient: .convolutionFilterGradient
    }
  }
}

/// The speed of one direction of a convolution.
package struct ConvolutionFigure: Sendable {
  /// Its shape, such as `3x3 32->64 at 48x48`.
  package let name: String
  /// The number of layers with this shape.
  package let layers: Int
  package let direction: ConvolutionDirection
  /// The method by which it was computed.
  package let method: String
  /// Of the best pass over a batch through one layer.
  package let seconds: Double
  /// 10⁹ operations of the direct method per second, whatever the method.
  package let gigaflops: Double
  /// The same as a fraction of the measured peak; above 1 if a method needs fewer operations.
  package let shareOfPeak: Double
  /// 10⁹ bytes of maps and filters per second, each counted once: what a depthwise convolution is
  /// bounded by.
  package let gigabytes: Double
}

/// The speed of a network in training steps or inference.
package struct PassFigure: Sendable {
  /// Of the best round.
  package let imagesPerSecond: Double
  /// Of one step in the best round.
  package let secondsPerStep: Double
  /// The fractions of a step's time by kind of work; they sum to 1.
  package let shares: [(kind: WorkKind, share: Double)]
}

/// The speed of a network in training and inference.
package struct NetworkFigures: Sendable {
  package let network: String
  /// The side of an image in pixels.
  package let size: Int
  /// Images per step.
  package let batch: Int
  package let training: PassFigure
  package let inference: PassFigure
}

/// The reason why a benchmark cannot be completed.
package enum BenchmarkError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The loss is no longer finite, so that steps skip most of their work.
  case diverged(network: String)

  /// One sentence.
  package var description: String {
    switch self {
    case .diverged(let network): "\(network): the loss of a training step is not finite"
    }
  }
}
