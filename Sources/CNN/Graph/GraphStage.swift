/// Consecutive operations of a graph that one thread applies to a group of images at a time.
///
/// Early layers have large maps and few weights, late layers small maps and many weights. So early
/// stages process few images at a time, whose maps stay in the cache, and late stages many, to read
/// their weights less often.
struct GraphStage {
  /// The operations; their input is the previous stage's output.
  let graph: Graph
  /// The index of the first one in the whole graph.
  let firstNode: Int
  /// Images at a time.
  let images: Int
}

extension Graph {
  /// The graph as stages for groups of growing size, of `most` images in the last one.
  func stages(most: Int) -> [GraphStage] {
    let ends = cuts + [nodes.count]
    let starts = [0] + cuts
    // A stage takes no more images than any later stage, so that groups only grow.
    var groups = zip(starts, ends).map { imagesInCache($0..<$1, most: most) }
    for index in groups.indices.dropLast().reversed() {
      groups[index] = min(groups[index], groups[index + 1])
    }
    var stages: [GraphStage] = []
    var start = 0
    var images = groups[0]
    for (cut, group) in zip(cuts, groups.dropFirst()) where group >= 2 * images {
      stages.append(GraphStage(graph: part(start..<cut), firstNode: start, images: images))
      start = cut
      // Whole groups of the previous stage.
      images = group / images * images
    }
    stages.append(
      GraphStage(graph: part(start..<nodes.count), firstNode: start, images: images))
    return stages
  }

  /// The indices at which the graph can be cut: all later nodes read only the output of the node
  /// before.
  private var cuts: [Int] {
    var lastReads = shapes.map { _ in -1 }
    for (index, node) in nodes.enumerated() {
      for value in node.inputs { lastReads[value] = index }
    }
    var result: [Int] = []
    // The last read of a value other than the previous node's output.
    var read = lastReads[0]
    for (index, node) in nodes.enumerated().dropLast() {
      // A normalization may be deferred to its readers, which must be in the same graph.
      if read <= index, !(node.operation is BatchNormOperation) { result.append(index + 1) }
      read = max(read, lastReads[node.output])
    }
    return result
  }

  /// The number of images whose maps fit into a thread's cache from layer to layer.
  private func imagesInCache(_ range: Range<Int>, most: Int) -> Int {
    let floats = nodes[range].map { node in
      shapes[node.output].count + node.inputs.reduce(0) { $0 + shapes[$1].count }
    }
    // Two layers' values in 2 MB.
    return max(1, min(most, (1 << 19) / max(1, floats.max() ?? 1)))
  }

  /// Some nodes as a separate graph, whose input is the previous node's output.
  private func part(_ range: Range<Int>) -> Graph {
    var graph = self
    let input = range.lowerBound > 0 ? nodes[range.lowerBound - 1].output : 0
    graph.shapes[0] = shapes[input]
    graph.nodes = nodes[range].map { node in
      var node = node
      node.inputs = node.inputs.map { $0 == input ? 0 : $0 }
      return node
    }
    if let last = graph.nodes.last?.output {
      graph.output = last
      graph.outputShape = shapes[last]
    }
    return graph
  }
}
