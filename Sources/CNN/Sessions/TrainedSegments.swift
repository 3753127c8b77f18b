internal import Compute
internal import KernelTypes

/// The parameters that a session's steps change, in segments of equal learning rate.
struct TrainedSegments {
  let segments: [ParameterUpdate.Segment]
  let matrices: [ParameterUpdate.Matrix]
  /// One for each segment, so that a step needs no memory.
  private var squares: [Double]

  /// All parameters of a graph, at one rate.
  init(of graph: Graph) {
    self.init(
      ParameterUpdate.segments(of: graph) { _ in (1, 0) }, ParameterUpdate.matrices(of: graph))
  }

  /// A classifier, and the backbone before it with the rate factors of its first and last layer.
  ///
  /// - stepsBefore: the optimizer's steps before the backbone began to move.
  init(of graph: Graph, head: ClassifierHead, first: Double, last: Double, stepsBefore: Int) {
    let rates = LayerRates(of: graph, head: head, last: last, first: first)
    self.init(
      ParameterUpdate.segments(of: graph) { slot in
        head.owns(tensor: slot.name) ? (1, 0) : (rates[slot], stepsBefore)
      }, ParameterUpdate.matrices(of: graph) { rates[$0] })
  }

  private init(_ segments: [ParameterUpdate.Segment], _ matrices: [ParameterUpdate.Matrix]) {
    (self.segments, self.matrices) = (segments, matrices)
    squares = [Double](repeating: 0, count: segments.count)
  }

  /// The sum of squares of a memory over all segments, in their order.
  mutating func sumOfSquares(_ memory: FloatMemory, _ engine: Engine) -> Double {
    let kernels = engine.kernels.elementwise
    let segments = segments
    squares.withUnsafeMutableBufferPointer { squares in
      // Each task writes its own element.
      nonisolated(unsafe) let squares = squares
      engine.workers.parallelFor(segments.count) { index, _ in
        squares[index] = kernels.sumOfSquares(
          memory.base + segments[index].start, segments[index].count)
      }
    }
    return squares.reduce(0, +)
  }
}
