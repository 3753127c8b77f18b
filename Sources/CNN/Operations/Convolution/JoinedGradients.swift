internal import KernelTypes

/// Both gradients of a convolution in one pass over its maps, some rows of one image at a time.
///
/// Where a convolution does little with each number (1x1 and depthwise), memory bounds its backward
/// pass and that of the normalizations around it. Here the rows of a map are read once: while they
/// are in the cache, the gradient of the following normalization's input is completed in its own
/// memory, both gradients of the convolution are computed from it, and the input's gradient is
/// summed up for the normalization before. One thread works on an image; the parts follow from
/// sizes alone.
struct JoinedGradients {
  let filter: DirectFilterGradient
  let phases: [ConvolutionOperation.Phase]

  private var output: Shape { filter.output }
  private var input: Shape { filter.input }

  /// Filters with few numbers, so that each image may have sums of its own.
  static func suits(filters: Int) -> Bool { filters <= 1 << 15 }

  private var blocks: Int { (output.height + filter.bandRows - 1) / filter.bandRows }

  /// The images of each task.
  private func images(_ batch: Int) -> [Range<Int>] {
    let chunks = min(batch, max(1, min(64, (1 << 20) / max(1, filter.filterCount))))
    return (0..<chunks).map { ($0 * batch / chunks)..<(($0 + 1) * batch / chunks) }
  }

  /// Floats of scratch memory for all threads.
  func sharedCount(batch: Int, kernels: KernelTable) -> Int {
    images(batch).count * filter.filterCount
      + phases.reduce(0) { $0 + $1.weightCount(kernels) }
  }

  /// The parts in which the sums for the normalization before are taken.
  func parts(batch: Int) -> Int { batch * blocks }

  /// - weights: those of each phase.
  /// - partials: the filters' sums of each task.
  func run(_ pass: BackwardPass, weights: [Input], partials: Output, gradient: Output) {
    let k = pass.kernels
    let chunks = images(pass.batch)
    pass.engine.workers.parallelFor(chunks.count) { chunk, worker in
      let target = partials + chunk * filter.filterCount
      filter.clear(target, 0..<output.channels)
      for index in chunks[chunk] {
        run(k, pass, index, weights, filterGradient: target, spare: pass.scratch.worker(worker))
      }
    }
    filter.sum(pass.engine, partials, parts: chunks.count, to: gradient)
  }

  /// One image.
  private func run(
    _ k: KernelTable, _ pass: BackwardPass, _ index: Int, _ weights: [Input],
    filterGradient: Output, spare: Output
  ) {
    let dy = Activation(base: Input(pass.outputGradient))
    // Rows of the output's gradient behind the normalization.
    var completed = 0
    for block in 0..<blocks {
      let first = block * filter.bandRows
      let rows = first..<min(output.height, first + filter.bandRows)
      let parts = phases.map { $0.rows(of: inputRows(rows)) }
      let needed = zip(phases, parts).reduce(rows.upperBound) {
        $1.1.isEmpty ? $0 : max($0, $1.0.sourceRows(before: $1.1.upperBound))
      }
      complete(k, pass, index, completed..<max(completed, min(output.height, needed)))
      completed = max(completed, min(output.height, needed))
      filter.accumulate(
        k, pass.input.image(index, input), dy.image(index, output), rows: rows,
        0..<output.channels, to: filterGradient, spare: spare)
      guard let dx = pass.inputGradient else { continue }
      for ((phase, weights), part) in zip(zip(phases, weights), parts) {
        phase.correlation.compute(
          k,
          DirectCorrelation.Maps(
            source: dy, weights: weights, target: dx.base, accumulates: dx.accumulates),
          index: index, rows: part, spare: spare)
      }
      if let sums = pass.inputSums, let normalization = pass.input.normalization {
        let rows = inputRows(rows)
        let start = (index * input.height + rows.lowerBound) * input.width * input.channels
        sums.measure(
          k, part: index * blocks + block, pass.input.base + start, normalization,
          Input(dx.base) + start, pixels: rows.count * input.width)
      }
    }
  }

  /// The rows of the input whose gradient is computed with some rows of the output.
  private func inputRows(_ rows: Range<Int>) -> Range<Int> {
    let end = rows.upperBound == output.height ? input.height : rows.upperBound * filter.stride
    return min(input.height, rows.lowerBound * filter.stride)..<min(input.height, end)
  }

  /// Turns some rows of the gradient of a normalization's output into that of its input.
  private func complete(_ k: KernelTable, _ pass: BackwardPass, _ index: Int, _ rows: Range<Int>) {
    guard let n = pass.normalizationGradient, !rows.isEmpty else { return }
    let start = (index * output.height + rows.lowerBound) * output.width * output.channels
    let dy = pass.outputGradient + start
    k.normalization.normalizationGradient(
      n.x + start, n.factor, n.offset, Input(dy), n.mean, n.a, n.b, n.d, dy, n.ceiling,
      rows.count * output.width, output.channels, false)
  }
}

/// The sums of a normalization's gradient, one part for each block of rows that was summed.
struct NormalizationSums {
  let base: Output
  let channels: Int
  let parts: Int

  /// Sums over consecutive pixels of the normalization's input and its output's gradient.
  func measure(
    _ k: KernelTable, part: Int, _ x: Input, _ normalization: Activation.Normalization, _ dy: Input,
    pixels: Int
  ) {
    let sums = base + 2 * part * channels
    if pixels == 0 {
      sums.update(repeating: 0, count: 2 * channels)
      return
    }
    k.normalization.normalizationSums(
      x, normalization.rectifies ? normalization.factor : nil, normalization.offset, dy,
      normalization.mean, normalization.ceiling, pixels, channels, sums, sums + channels)
  }

  /// Floats of all parts.
  static func count(parts: Int, channels: Int) -> Int { 2 * parts * channels }
}

extension ConvolutionOperation.Phase {
  /// The rows of the phase among rows of the map.
  func rows(of range: Range<Int>) -> Range<Int> {
    let step = correlation.targetStride
    func place(_ row: Int) -> Int { min(rows.count, max(0, row - rows.offset + step - 1) / step) }
    return place(range.lowerBound)..<place(range.upperBound)
  }

  /// The end of the rows that the phase's rows before `end` read.
  func sourceRows(before end: Int) -> Int { end - rows.zeros + rows.taps - 1 }
}
