internal import KernelTypes

/// The weights of a graph's operations in the order in which their forward passes read them.
///
/// A class, because it owns memory; kept by sessions whose weights do not change at every step.
final class PackedWeights {
  private let graph: Graph
  private let memory: FloatMemory
  private let offsets: [Int?]

  init(_ graph: Graph, kernels: KernelTable) throws(ModelError) {
    self.graph = graph
    var offsets: [Int?] = []
    var total = 0
    for node in graph.nodes {
      let count = node.operation.packedCount(kernels)
      offsets.append(count > 0 ? total : nil)
      total += (count + 15) / 16 * 16
    }
    self.offsets = offsets
    memory = try FloatMemory(count: total)
  }

  /// Floats.
  var count: Int { memory.count }

  /// Packs all weights again.
  func pack(_ engine: Engine, parameters: Input) {
    for (node, offset) in zip(graph.nodes, offsets) {
      guard let offset else { continue }
      node.operation.pack(engine, parameters: parameters, to: memory.base + offset)
    }
  }

  /// The weights of one node; nil for those without.
  func weights(ofNode node: Int) -> Input? { offsets[node].map { Input(memory.base + $0) } }
}
