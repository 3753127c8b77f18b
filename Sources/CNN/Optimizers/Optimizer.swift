internal import KernelTypes

/// A rule that updates parameters from their gradients.
///
/// A class, because it owns the memory of its moments: flat slabs as long as the parameters. One
/// optimizer serves one network. The set is closed: an optimizer is a case of `OptimizerForm`.
public protocol Optimizer: AnyObject {
  /// The learning rate; a schedule may set it before each step.
  var learningRate: Double { get set }
  /// The number of steps done.
  var steps: Int { get }
  /// This optimizer as a case of the closed set.
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

  /// The optimizer as a training session uses it.
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

  /// Numbers kept per parameter.
  package var moments: Int { numbers.moments }
  /// The default peak learning rate, for batches of 64.
  package var standardRate: Double { numbers.rate }
  /// The default weight decay.
  package var standardDecay: Double { numbers.decay }
  /// The default momentum; nil for an optimizer without.
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

/// An optimizer's memory per parameter and its default numbers; see `OptimizerKind`.
struct OptimizerNumbers: Sendable {
  let moments: Int
  let rate: Double
  let decay: Double
  let momentum: Double?
}

/// An optimizer as a training session uses it.
protocol SteppingOptimizer: Optimizer {
  /// The number of steps done; a checkpoint sets it.
  var steps: Int { get set }
  /// Allocates the moments for a graph's parameters and resets the steps.
  func prepare(for graph: Graph, kernels: KernelTable) throws(ModelError)
  /// Updates the parameters by one step.
  func step(_ update: ParameterUpdate)
  /// The memory of the moments by name, for checkpoints.
  var state: [(name: String, memory: FloatMemory)] { get }
  /// Bytes of moments and work memory.
  var memoryBytes: Int { get }
  /// Whether the last step found only finite numbers, as far as it checked.
  var isFinite: Bool { get }
}

extension SteppingOptimizer {
  /// That of the moments.
  var memoryBytes: Int { state.reduce(0) { $0 + $1.memory.byteCount } }
  /// A non-finite gradient shows in the parameters.
  var isFinite: Bool { true }
}

/// One update of all parameters: flat slabs, divided into segments.
struct ParameterUpdate {
  /// Consecutive parameters with the same learning rate, which all decay or all do not.
  struct Segment {
    let start: Int
    let count: Int
    let decays: Bool
    /// A factor of the learning rate, and so of decoupled decay.
    let rateFactor: Double
    /// The optimizer's steps before these parameters began to move.
    let stepsBefore: Int
    /// Whether it is part of one of the `matrices`.
    let isMatrix: Bool
  }

  /// The filters of a convolution as a matrix: a row for each place and input channel, a column for
  /// each filter.
  struct Matrix {
    let start: Int
    let rows: Int
    let columns: Int
    /// A factor of the learning rate.
    let rateFactor: Double
  }

  let parameters: Output
  let gradients: Input
  let segments: [Segment]
  let matrices: [Matrix]
  /// The division of the matrices among processes, if each steps only some of them.
  let shares: MatrixShares?
  let engine: Engine

  /// Runs `body` on every segment, on all threads.
  func onEverySegment(_ body: (Segment) -> Void) {
    on(segments, body)
  }

  /// Runs `body` on some of the segments, on all threads.
  func on(_ segments: [Segment], _ body: (Segment) -> Void) {
    engine.workers.parallelFor(segments.count) { index, _ in body(segments[index]) }
  }

  /// The segments of a network's parameters, at most 2^14 long, without frozen ones.
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

  /// The filters of all convolutions but the first, which reads pixels and not features; without
  /// frozen ones.
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
