internal import KernelTypes

/// A number of a training step that is infinite or no number, and where it was met first.
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

extension TrainingSession {
  /// Whether all numbers are finite after a step: one that is not finite in a gradient or moment
  /// makes the parameter that it updates not finite, or has stopped the optimizer.
  var isFiniteAfterStep: Bool {
    stepping.isFinite && sumOfSquares(network.parameters).isFinite
      && executor.engine.kernels.elementwise.sumOfSquares(
        Input(network.statistics.base), network.statistics.count
      ).isFinite
  }

  /// The first number that is not finite.
  var fault: NonFiniteNumber? {
    if let name = network.nonFinite(in: gradients, as: .parameters) { return .gradient(name) }
    for (_, memory) in stepping.state {
      if let name = network.nonFinite(in: memory, as: .parameters) { return .moment(name) }
    }
    let name =
      network.nonFinite(in: network.parameters, as: .parameters)
      ?? network.nonFinite(in: network.statistics, as: .statistics)
    // Numbers whose squares are too large to add are lost, too.
    return .weight(name ?? "the network")
  }
}
