internal import KernelTypes

/// A network for inference: each batch normalization that directly follows a convolution is folded
/// into it.
///
/// With running statistics a normalization is one factor and one offset per channel, so scale ·
/// (conv(x, filters) - mean) / √(variance + ε) + shift is a convolution with scaled filters and
/// another bias. A class, because it owns the changed weights.
final class FoldedNetwork {
  /// The remaining operations.
  let graph: Graph
  /// The network's parameters with scaled filters, followed by the new biases.
  let parameters: FloatMemory
  private let network: Network
  private let folds: [Fold]

  /// A convolution and the normalization folded into it.
  private struct Fold {
    let convolution: ConvolutionOperation
    let normalization: BatchNormOperation
    /// The place of the new bias.
    let bias: Int
  }

  init(_ network: Network) throws(ModelError) {
    self.network = network
    var graph = network.graph
    let readers = graph.readers
    var folds: [Fold] = []
    var floats = graph.parameterFloats
    var dropped: Set<Int> = []
    for (index, node) in network.graph.nodes.enumerated() {
      guard var convolution = node.operation as? ConvolutionOperation, !convolution.rectifies,
        // A fused pooling takes the maximum first; with a negative factor it would have to be the
        // minimum.
        convolution.pool == nil, let next = network.graph.follower(of: index, readers),
        let normalization = graph.nodes[next].operation as? BatchNormOperation,
        normalization.boundedRectifier == nil || convolution.canActivate
      else { continue }
      folds.append(
        Fold(convolution: convolution, normalization: normalization, bias: floats))
      convolution.bias = floats
      convolution.activation = normalization.boundedRectifier
      convolution.rectifies = normalization.rectifies && convolution.activation == nil
      floats += (convolution.output.channels + 15) / 16 * 16
      graph.join(index, next, as: convolution)
      dropped.insert(next)
    }
    graph = graph.without(dropped)
    self.graph = graph.fusingActivations().fusingPools().chainingConvolutions()
    self.folds = folds
    parameters = try FloatMemory(count: floats)
  }

  /// Copies the network's current weights.
  func refresh(_ engine: Engine) {
    let source = Input(network.parameters.base)
    let folded = Set(folds.map(\.convolution.filters))
    for slot in network.graph.slots where slot.slab == .parameters && !folded.contains(slot.offset)
    {
      (parameters.base + slot.offset).update(from: source + slot.offset, count: slot.count)
    }
    // Each fold is a task: it writes its own filters and bias.
    engine.workers.parallelFor(folds.count) { index, _ in
      fold(folds[index], source, engine.kernels)
    }
  }

  private func fold(_ fold: Fold, _ source: Input, _ k: KernelTable) {
    let channels = fold.convolution.output.channels
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * channels) { numbers in
      guard let factors = numbers.baseAddress else { return }
      let zeros = factors + channels
      zeros.update(repeating: 0, count: channels)
      for channel in 0..<channels {
        let (factor, offset) = fold.normalization.factorAndOffset(
          channel: channel, parameters: source, statistics: Input(network.statistics.base))
        let bias = fold.convolution.bias.map { source[$0 + channel] } ?? 0
        factors[channel] = factor
        parameters.base[fold.bias + channel] = bias * factor + offset
      }
      let filters = fold.convolution.filters
      k.normalization.scaleChannels(
        source + filters, factors, zeros, parameters.base + filters,
        fold.convolution.filterCount / channels, channels, false, .infinity)
    }
  }
}
