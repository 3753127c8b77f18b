extension TrainingSession {
  /// The result of one step.
  public struct StepResult: Sendable {
    /// The mean loss of the batch.
    public var loss: Double
    /// Samples of the batch whose class was right before the step.
    public var correct: Int
    /// The gradients' norm over all parameters, where clipping computes it.
    public var gradientNorm: Double?
    /// The number that is not finite, which makes the step unusable.
    package var fault: NonFiniteNumber?
    package var seconds: StepSeconds
  }

  /// The time spent in each part of a step.
  package struct StepSeconds: Sendable {
    package var forward = 0.0
    package var backward = 0.0
    package var optimizer = 0.0
  }
}

/// The first number of a training step that is infinite or NaN, and its place.
package enum NonFiniteNumber: Sendable, Hashable, CustomStringConvertible {
  /// The loss; the parameters are as they were before the step.
  case loss(Double)
  /// A gradient of the tensor of that name.
  case gradient(String)
  /// The tensor of that name after the step.
  case weight(String)
  /// The optimizer's moments of the tensor of that name.
  case moment(String)

  /// The place of the number that is not finite, as part of a sentence.
  package var description: String {
    switch self {
    case .loss(let value): "the loss is \(value)"
    case .gradient(let name): "a gradient of \(name) is not finite"
    case .weight(let name): "a number of \(name) is not finite"
    case .moment(let name): "the optimizer's moments of \(name) are not finite"
    }
  }
}

extension Network {
  /// The first tensor of a slab with a number that is not finite; `memory` is laid out as the slab.
  func nonFinite(in memory: FloatMemory, as slab: TensorSlot.Slab) -> String? {
    graph.slots.first { slot in
      slot.slab == slab
        && !UnsafeBufferPointer(start: memory.base + slot.offset, count: slot.count)
          .allSatisfy(\.isFinite)
    }?.name
  }
}

extension Duration {
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
