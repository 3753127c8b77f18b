internal import KernelInterface

/// A network for computing answers: its batch normalizations are part of the convolutions before.
///
/// With running statistics a normalization is one factor and one offset a channel, so
/// scale · (conv(x, filters) - mean) / √(variance + ε) + shift is a convolution with scaled filters and
/// another bias. A class, because it owns the changed weights.
final class FoldedNetwork {
  /// The operations that are left.
  let graph: Graph
  /// The network's parameters with scaled filters, the new biases behind.
  let parameters: FloatMemory
  private let network: Network
  private let folds: [Fold]

  /// A convolution and the normalization that it takes in.
  private struct Fold {
    let convolution: ConvolutionOperation
    let normalization: BatchNormOperation
    /// Where the new bias lies.
    let bias: Int
  }

  init(_ network: Network) throws(ModelError) {
    self.network = network
    var graph = network.graph
    let readers = graph.readers
    var folds: [Fold] = []
    var floats = graph.parameterFloats
    var dropped: Set<Int> = []
    for (index, node) in graph.nodes.enumerated() {
      guard let normalization = node.operation as? BatchNormOperation,
        let producer = graph.producer(of: node.inputs[0]),
        var convolution = graph.nodes[producer].operation as? ConvolutionOperation,
        !convolution.rectifies, readers[node.inputs[0]] == [index]
      else { continue }
      folds.append(
        Fold(convolution: convolution, normalization: normalization, bias: floats))
      convolution.bias = floats
      convolution.rectifies = normalization.rectifies
      floats += (convolution.output.channels + 15) / 16 * 16
      graph.nodes[producer] = Graph.Node(
        path: graph.nodes[producer].path, operation: convolution,
        inputs: graph.nodes[producer].inputs, output: node.output)
      dropped.insert(index)
    }
    graph.nodes = graph.nodes.indices.filter { !dropped.contains($0) }.map { graph.nodes[$0] }
    self.graph = graph.fusingPools()
    self.folds = folds
    parameters = try FloatMemory(count: floats)
  }

  /// Takes over the network's weights as they are now.
  func refresh() {
    parameters.base.update(from: network.parameters.base, count: network.parameters.count)
    for fold in folds {
      let channels = fold.convolution.output.channels
      let numbers = (0..<channels).map {
        fold.normalization.factorAndOffset(
          channel: $0, parameters: Input(network.parameters.base),
          statistics: Input(network.statistics.base))
      }
      let filters = parameters.base + fold.convolution.filters
      let former = fold.convolution.bias
      for index in 0..<(fold.convolution.filterCount / channels) {
        let row = filters + index * channels
        for channel in 0..<channels { row[channel] *= numbers[channel].factor }
      }
      for channel in 0..<channels {
        let bias = former.map { network.parameters.base[$0 + channel] } ?? 0
        parameters.base[fold.bias + channel] =
          bias * numbers[channel].factor + numbers[channel].offset
      }
    }
  }
}
