internal import KernelTypes

/// What turns gradients into steps.
///
/// A class, because it owns the memory of its moments: flat slabs as long as the parameters. One
/// optimizer serves one network. The set is closed: an optimizer is a case of `OptimizerForm`.
public protocol Optimizer: AnyObject {
  /// The size of a step; a schedule may set it before each.
  var learningRate: Double { get set }
  /// Steps made.
  var steps: Int { get }
  /// This optimizer among all kinds.
  var form: OptimizerForm { get }
}

/// Any optimizer, by its kind.
public enum OptimizerForm {
  /// Adam, with decoupled weight decay or without.
  case adam(Adam)
  /// Stochastic gradient descent.
  case sgd(SGD)
  /// Orthogonal steps for convolutions, Adam for the rest.
  case muon(Muon)

  /// The optimizer as a training session takes it.
  var stepping: any SteppingOptimizer {
    switch self {
    case .adam(let optimizer): optimizer
    case .sgd(let optimizer): optimizer
    case .muon(let optimizer): optimizer
    }
  }
}

/// The rule of an optimizer step, by the name that settings have for it.
package enum OptimizerKind: String, Codable, Sendable, CaseIterable {
  /// Adam without weight decay.
  case adam
  /// Adam with decoupled weight decay.
  case adamw
  /// Stochastic gradient descent with Nesterov's momentum.
  case sgd
  /// Orthogonalised momentum for convolutions, AdamW for the rest.
  case muon

  /// Numbers that it keeps for each parameter.
  package var moments: Int { numbers.moments }
  /// The peak rate where the optimizer is chosen without one, for batches of 64.
  package var standardRate: Double { numbers.rate }
  /// The weight decay where the optimizer is chosen without one.
  package var standardDecay: Double { numbers.decay }
  /// The momentum where the optimizer is chosen; nil for one without.
  package var standardMomentum: Double? { numbers.momentum }

  private var numbers: OptimizerNumbers {
    switch self {
    case .adam: Adam.numbers
    case .adamw: AdamW.decayingNumbers
    case .sgd: SGD.numbers
    case .muon: Muon.numbers
    }
  }
}

/// What an optimizer keeps, and has where it is chosen without numbers; see `OptimizerKind`.
struct OptimizerNumbers: Sendable {
  let moments: Int
  let rate: Double
  let decay: Double
  let momentum: Double?
}

/// What a training session asks of an optimizer.
protocol SteppingOptimizer: Optimizer {
  /// Steps made; a checkpoint sets it.
  var steps: Int { get set }
  /// Takes memory for a graph's parameters and begins anew.
  func prepare(for graph: Graph, kernels: KernelTable) throws(ModelError)
  /// Moves the parameters by one step.
  func step(_ update: ParameterUpdate)
  /// The memory of the moments by name, for checkpoints.
  var state: [(name: String, memory: FloatMemory)] { get }
  /// Bytes taken for moments and for working them out.
  var memoryBytes: Int { get }
  /// Whether the last step met finite numbers alone, as far as it had to look.
  var isFinite: Bool { get }
}

extension SteppingOptimizer {
  /// That of the moments.
  var memoryBytes: Int { state.reduce(0) { $0 + $1.memory.byteCount } }
  /// What is not finite reaches the parameters by itself.
  var isFinite: Bool { true }
}

/// One update of all parameters: flat slabs, cut into stretches of one kind.
struct ParameterUpdate {
  /// A stretch of neighbouring parameters that all decay, or all do not, and move at one rate.
  struct Segment {
    let start: Int
    let count: Int
    let decays: Bool
    /// The learning rate is multiplied by this; decoupled decay follows it.
    let rateFactor: Double
    /// The optimizer's steps before these parameters began to move.
    let stepsBefore: Int
    /// Whether it is part of one of the `matrices`.
    let isMatrix: Bool
  }

  /// The filters of a convolution: a row for each place and input channel, a column a filter.
  struct Matrix {
    let start: Int
    let rows: Int
    let columns: Int
    /// The learning rate is multiplied by this.
    let rateFactor: Double
  }

  let parameters: Output
  let gradients: Input
  let segments: [Segment]
  let matrices: [Matrix]
  let engine: Engine

  /// Runs `body` on every stretch, on all threads.
  func onEverySegment(_ body: (Segment) -> Void) {
    on(segments, body)
  }

  /// Runs `body` on some of the stretches, on all threads.
  func on(_ segments: [Segment], _ body: (Segment) -> Void) {
    engine.workers.parallelFor(segments.count) { index, _ in body(segments[index]) }
  }

  /// The stretches of a network's parameters, at most 2^14 long, without those that stand still.
  static func segments(
    of graph: Graph, rate: (TensorSlot) -> (factor: Double, stepsBefore: Int)
  ) -> [Segment] {
    var segments: [Segment] = []
    let matrices = Set(ParameterUpdate.matrices(of: graph).map(\.start))
    for slot in graph.slots where slot.slab == .parameters {
      let (factor, stepsBefore) = rate(slot)
      if factor == 0 { continue }
      for start in stride(from: slot.offset, to: slot.offset + slot.count, by: 1 << 14) {
        let count = min(1 << 14, slot.offset + slot.count - start)
        segments.append(
          Segment(
            start: start, count: count, decays: slot.decays, rateFactor: factor,
            stepsBefore: stepsBefore, isMatrix: matrices.contains(slot.offset)))
      }
    }
    return segments
  }

  /// The filters of all convolutions but the first, which sees pixels and not features; without
  /// those that stand still.
  static func matrices(
    of graph: Graph, rate: (TensorSlot) -> Double = { _ in 1 }
  ) -> [Matrix] {
    let filters = graph.slots.filter { $0.slab == .parameters && $0.shape.count == 4 }
    return filters.dropFirst().compactMap { slot in
      let (factor, columns) = (rate(slot), slot.shape[3])
      guard factor != 0 else { return nil }
      return Matrix(
        start: slot.offset, rows: slot.count / columns, columns: columns, rateFactor: factor)
    }
  }
}
