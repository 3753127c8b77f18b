/// Consecutive operations of a graph that one thread applies to a group of images at a time.
///
/// Early layers have large maps and few weights, late ones small maps and many. So the first go
/// through an image or a few while their maps are in the cache, and the last through many, each of
/// which would otherwise read all those weights again.
struct GraphStage {
  /// The operations; what the stage before gives is the input.
  let graph: Graph
  /// The place of the first one in the whole graph.
  let firstNode: Int
  /// Images at a time.
  let images: Int
}

extension Graph {
  /// The graph as stages for groups of growing size, of `most` images in the last one.
  func stages(most: Int) -> [GraphStage] {
    let ends = cuts + [nodes.count]
    let starts = [0] + cuts
    // A stage takes as many images as all that comes behind it can take, so that groups only grow.
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
      // Whole groups of the stage before.
      images = group / images * images
    }
    stages.append(
      GraphStage(graph: part(start..<nodes.count), firstNode: start, images: images))
    return stages
  }

  /// The places before which all later nodes read nothing but the output of the last one.
  private var cuts: [Int] {
    var lastReads = shapes.map { _ in -1 }
    for (index, node) in nodes.enumerated() {
      for value in node.inputs { lastReads[value] = index }
    }
    var result: [Int] = []
    // The last read of anything but the output of the node right before.
    var read = lastReads[0]
    for (index, node) in nodes.enumerated().dropLast() {
      // A normalization's output may be left to its readers, which only those of its graph can be.
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

  /// Some nodes as a graph of their own, whose input is what the node before them gives.
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
