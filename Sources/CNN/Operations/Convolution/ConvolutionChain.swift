internal import KernelTypes

/// Convolutions that follow one another, some rows of an image at a time; for inference.
///
/// In a mobile network a 1x1 convolution widens a map, a depthwise one filters it and another 1x1
/// one narrows it. The maps between them are several times the size of those around them: computed
/// as a whole they leave the cache before they are read. Here the rows of a map stay in a thread's
/// scratch memory until the next convolution has read them.
struct ConvolutionChain: Operation {
  /// The convolutions, by the direct method and without pooling.
  let parts: [ConvolutionOperation]

  var work: OperationWork { parts[0].work }

  func needs(batch: Int, kernels: KernelTable) -> OperationNeeds {
    OperationNeeds(
      shared: packedCount(kernels),
      perWorker: bufferFloats(bandRows).reduce(0, +)
        + (parts.map(\.rowsScratch).max() ?? 0))
  }

  func acceptsNormalization(rectified: Bool) -> Bool { true }

  func packedCount(_ kernels: KernelTable) -> Int {
    parts.reduce(0) { $0 + ConvolutionChain.rounded($1.packedCount(kernels)) }
  }

  func pack(_ engine: Engine, parameters: Input, to packed: Output) {
    var target = packed
    for part in parts {
      part.pack(engine, parameters: parameters, to: target)
      target += ConvolutionChain.rounded(part.packedCount(engine.kernels))
    }
  }

  func forward(_ pass: ForwardPass) {
    let k = pass.kernels
    if pass.packed == nil {
      pack(pass.engine, parameters: pass.parameters, to: pass.scratch.shared)
    }
    var weights = [pass.packed ?? Input(pass.scratch.shared)]
    for part in parts.dropLast() {
      weights.append(
        weights[weights.count - 1] + ConvolutionChain.rounded(part.packedCount(k)))
    }
    let last = parts[parts.count - 1].output
    let step = bandRows
    let room = bufferFloats(step)
    // A group of rows computes the rows that it shares with its neighbours again: where a thread
    // has images of its own, an image is one group.
    let groups = !pass.engine.sharesWork ? 1 : max(min(2, last.height), (last.height + 13) / 14)
    pass.engine.workers.parallelFor(pass.batch * groups) { task, worker in
      let index = task / groups
      let group = task % groups
      var spare = pass.scratch.worker(worker)
      let buffers = room.map { floats in
        defer { spare += floats }
        return spare
      }
      var walk = ChainWalk(
        kernels: k, parts: parts, image: pass.input.image(index, parts[0].input),
        weights: weights, buffers: buffers, spare: spare)
      let end = (group + 1) * last.height / groups
      for first in stride(from: group * last.height / groups, to: end, by: step) {
        walk.compute(
          parts.count - 1, first..<min(end, first + step),
          to: pass.output + index * last.count + first * last.width * last.channels)
      }
    }
  }

  func backward(_ pass: BackwardPass) {
    preconditionFailure("a chain of convolutions is made for inference only")
  }

  /// Rows of the last map that are computed at a time: the rows of the others that they need take at
  /// most 400 kB, and stay in the second-level cache.
  private var bandRows: Int {
    let last = parts[parts.count - 1].output.height
    var rows = 1
    while rows < last, bufferFloats(rows + 1).reduce(0, +) <= 100_000 { rows += 1 }
    return rows
  }

  /// Floats of the rows of each map but the last that some rows of the last one need.
  private func bufferFloats(_ rows: Int) -> [Int] {
    var rows = rows
    var floats: [Int] = []
    for part in parts.dropFirst().reversed() {
      rows = min(part.input.height, (rows - 1) * part.stride + part.kernel)
      floats.append(ConvolutionChain.rounded(rows * part.input.width * part.input.channels))
    }
    return floats.reversed()
  }

  /// Whole cache lines.
  private static func rounded(_ floats: Int) -> Int { (floats + 15) / 16 * 16 }
}

/// The way of one thread through some rows of one image.
private struct ChainWalk {
  let kernels: KernelTable
  let parts: [ConvolutionOperation]
  let image: Activation
  /// The packed weights of each part.
  let weights: [Input]
  /// Rows of the output of each part but the last.
  let buffers: [Output]
  let spare: Output
  /// The rows that each buffer holds, from its begin.
  private var held: [Range<Int>]

  init(
    kernels: KernelTable, parts: [ConvolutionOperation], image: Activation, weights: [Input],
    buffers: [Output], spare: Output
  ) {
    self.kernels = kernels
    self.parts = parts
    self.image = image
    self.weights = weights
    self.buffers = buffers
    self.spare = spare
    held = buffers.map { _ in 0..<0 }
  }

  /// Computes some rows of a part's output; from call to call they may only go down the map.
  mutating func compute(_ part: Int, _ rows: Range<Int>, to target: Output) {
    let own = parts[part]
    guard part > 0 else {
      own.compute(
        kernels, rows, of: image, own.input, firstRow: 0, weights: weights[0], to: target,
        spare: spare)
      return
    }
    let needed = own.inputRows(of: rows)
    hold(part - 1, needed)
    var shape = own.input
    shape.height = needed.count
    own.compute(
      kernels, rows, of: Activation(base: Input(buffers[part - 1])), shape,
      firstRow: needed.lowerBound, weights: weights[part], to: target, spare: spare)
  }

  /// Brings some rows of a part's output into its buffer; those that it has are not computed again.
  private mutating func hold(_ part: Int, _ rows: Range<Int>) {
    let row = parts[part].output.width * parts[part].output.channels
    let buffer = buffers[part]
    let end = max(rows.lowerBound, held[part].upperBound)
    let kept = end - rows.lowerBound
    let passed = rows.lowerBound - held[part].lowerBound
    if kept > 0, passed > 0 { buffer.update(from: buffer + passed * row, count: kept * row) }
    if end < rows.upperBound { compute(part, end..<rows.upperBound, to: buffer + kept * row) }
    held[part] = rows.lowerBound..<max(end, rows.upperBound)
  }
}

extension ConvolutionOperation {
  /// Whether Winograd's method never applies, at any level.
  fileprivate var isDirect: Bool {
    isDepthwise || kernel != 3 || stride != 1 || input.channels % 4 != 0
      || output.channels % 4 != 0
  }

  /// Whether it may be a part of a chain: few weights, which are read again for each few rows.
  fileprivate var canChain: Bool { isDirect && pool == nil && filterCount <= 1 << 15 }

  /// Whether its output is so large that it leaves the cache of a thread.
  fileprivate var isOutputLarge: Bool { output.count >= 1 << 17 }

  /// Floats of scratch memory to compute rows with.
  fileprivate var rowsScratch: Int { forwardDirect.workerCount }

  /// The rows of the input that some rows of the output need.
  fileprivate func inputRows(of rows: Range<Int>) -> Range<Int> {
    let first = max(0, rows.lowerBound * stride - padTop)
    let end = min(input.height, (rows.upperBound - 1) * stride - padTop + kernel)
    return first..<max(first, end)
  }

  /// Computes some rows of one map.
  ///
  /// - source: a map of the extent `shape`: the input's rows from `firstRow` on.
  /// - target: the place of the first of these rows.
  fileprivate func compute(
    _ k: KernelTable, _ rows: Range<Int>, of source: Activation, _ shape: Shape, firstRow: Int,
    weights: Input, to target: Output, spare: Output
  ) {
    var map = output
    map.height = rows.count
    let correlation = DirectCorrelation(
      source: shape, target: map, rows: rows.count, columns: output.width, kernelRows: kernel,
      kernelColumns: kernel, stride: stride, top: padTop + firstRow - rows.lowerBound * stride,
      left: padLeft, isDepthwise: isDepthwise)
    let ceiling = activation?.ceiling
    correlation.compute(
      k,
      DirectCorrelation.Maps(
        source: source, weights: weights, bias: bias == nil ? nil : weights + weightCount(k),
        target: target, rectifies: rectifies || ceiling != nil, ceiling: ceiling ?? .infinity),
      index: 0, rows: 0..<rows.count, spare: spare)
    if let activation, ceiling == nil {
      k.activations.activate(
        activation, Input(target), nil, nil, target, rows.count * output.width, output.channels)
    }
  }
}

extension Graph {
  /// The same graph with chains in place of depthwise convolutions and their neighbours, where the
  /// map between two of them is large; for inference.
  func chainingConvolutions() -> Graph {
    var graph = self
    let readers = readers
    func convolution(_ node: Int?) -> ConvolutionOperation? {
      node.flatMap { nodes[$0].operation as? ConvolutionOperation }
    }
    var dropped: Set<Int> = []
    for (index, node) in nodes.enumerated() {
      guard let depthwise = convolution(index), depthwise.isDepthwise, depthwise.canChain
      else { continue }
      var parts = [depthwise]
      var first = index
      if let before = producer(of: node.inputs[0]), !dropped.contains(before),
        follower(of: before, readers) == index, let wide = convolution(before),
        !wide.isDepthwise, wide.canChain, wide.isOutputLarge
      {
        parts.insert(wide, at: 0)
        first = before
        dropped.insert(index)
        graph.nodes[first].output = node.output
      }
      if depthwise.isOutputLarge, let next = follower(of: index, readers),
        let narrow = convolution(next), !narrow.isDepthwise, narrow.canChain
      {
        parts.append(narrow)
        dropped.insert(next)
        graph.nodes[first].output = nodes[next].output
      }
      if parts.count > 1 { graph.nodes[first].operation = ConvolutionChain(parts: parts) }
    }
    return graph.without(dropped)
  }
}
