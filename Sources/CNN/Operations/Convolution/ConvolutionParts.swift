internal import KernelTypes

/// The division of a filter gradient: images into chunks, channels into groups of panels.
///
/// It follows from the batch and the layer alone: sums, and so bits, are the same on any threads.
struct FilterSplit {
  let images: [Range<Int>]
  let groups: Int
  private let groupWidth: Int
  private let channels: Int

  /// - pixels: of one map of the output.
  init(weights: Int, channels: Int, batch: Int, pixels: Int, kernels: KernelTable) {
    // A chunk has its own copy of the gradient: few copies where it is large, unless each is the sum
    // over many pixels.
    let most = max((1 << 20) / max(1, weights), batch * pixels >> 10)
    let chunks = min(batch, max(1, min(16, most)))
    images = (0..<chunks).map { ($0 * batch / chunks)..<(($0 + 1) * batch / chunks) }
    self.channels = channels
    let panels = (channels + kernels.panelWidth - 1) / kernels.panelWidth
    let wanted = min(panels, (Engine.wantedTasks + chunks - 1) / chunks)
    let panelsPerGroup = (panels + wanted - 1) / wanted
    groupWidth = panelsPerGroup * kernels.panelWidth
    groups = (channels + groupWidth - 1) / groupWidth
  }

  func channels(_ group: Int) -> Range<Int> {
    (group * groupWidth)..<min(channels, (group + 1) * groupWidth)
  }
}

extension ConvolutionOperation {
  /// The input pixels whose place is `offset` modulo the stride, in one direction, and the kernel
  /// taps that meet them.
  struct PhaseAxis {
    /// The first pixel.
    let offset: Int
    let count: Int
    /// The first kernel tap; the others follow at the stride.
    let first: Int
    let taps: Int
    /// Zeros in front of the output's gradient.
    let zeros: Int

    init(offset: Int, extent: Int, pad: Int, kernel: Int, stride: Int) {
      self.offset = offset
      count = (extent - offset + stride - 1) / stride
      first = (offset + pad) % stride
      taps = first < kernel ? (kernel - first + stride - 1) / stride : 0
      // Pixel a of the phase meets output a + (offset + pad - first) / stride - j at tap j.
      zeros = taps - 1 - (offset + pad - first) / stride
    }
  }

  /// One phase in both directions.
  struct Phase {
    let rows: PhaseAxis
    let columns: PhaseAxis
    let correlation: DirectCorrelation

    var workerCount: Int { correlation.workerCount }

    func weightCount(_ kernels: KernelTable) -> Int { correlation.weightCount(kernels) }
  }

  /// The phases that hold a pixel: stride² of them in a map that is large enough.
  var phases: [Phase] {
    let rows = (0..<min(stride, input.height)).map {
      PhaseAxis(offset: $0, extent: input.height, pad: padTop, kernel: kernel, stride: stride)
    }
    let columns = (0..<min(stride, input.width)).map {
      PhaseAxis(offset: $0, extent: input.width, pad: padLeft, kernel: kernel, stride: stride)
    }
    return rows.flatMap { row in columns.map { phase(row, $0) } }
  }

  /// Packs the filters that meet a phase, from the last tap to the first.
  func packTurned(_ engine: Engine, _ weights: Input, of phase: Phase, to packed: Output) {
    let (rows, columns) = (phase.rows, phase.columns)
    if isDepthwise {
      for row in 0..<rows.taps {
        for column in 0..<columns.taps {
          let tap =
            (rows.first + stride * (rows.taps - 1 - row)) * kernel
            + columns.first + stride * (columns.taps - 1 - column)
          (packed + (row * columns.taps + column) * input.channels).update(
            from: weights + tap * input.channels, count: input.channels)
        }
      }
      return
    }
    let k = engine.kernels
    let panelStep = rows.taps * columns.taps * output.channels * k.panelWidth
    engine.workers.parallelFor((input.channels + k.panelWidth - 1) / k.panelWidth) { panel, _ in
      k.convolution.packTurnedPanel(
        weights, packed + panel * panelStep, kernel, input.channels, output.channels,
        output.channels, stride, rows.first, rows.taps, columns.first, columns.taps,
        panel * k.panelWidth)
    }
  }

  private func phase(_ rows: PhaseAxis, _ columns: PhaseAxis) -> Phase {
    Phase(
      rows: rows, columns: columns,
      correlation: DirectCorrelation(
        source: output, target: input, rows: rows.count, columns: columns.count,
        kernelRows: rows.taps, kernelColumns: columns.taps, stride: 1, top: rows.zeros,
        left: columns.zeros, firstRow: rows.offset, firstColumn: columns.offset,
        targetStride: stride, isDepthwise: isDepthwise))
  }
}
