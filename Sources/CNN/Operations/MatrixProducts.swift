package import Compute
package import KernelTypes

/// Products of matrices in row-major order, on all threads; the same bits on any number of them.
package struct MatrixProducts {
  let engine: Engine
  /// As many floats as `packedCount` says of the largest right factor.
  let packed: Output

  /// Products that pack right factors into `packed`.
  package init(engine: Engine, packed: Output) {
    (self.engine, self.packed) = (engine, packed)
  }

  /// Floats that `packed` holds for a right factor of the given number of rows and columns.
  package static func packedCount(rows: Int, columns: Int, kernels: KernelTable) -> Int {
    let width = kernels.panelWidth
    return rows * ((columns + width - 1) / width) * width
  }

  /// result = left (rows x inner) · right (inner x columns).
  package func multiply(
    _ left: Input, _ right: Input, into result: Output, rows: Int, inner: Int, columns: Int
  ) {
    let k = engine.kernels
    let width = k.panelWidth
    let panels = (columns + width - 1) / width
    engine.workers.parallelFor(panels) { panel, _ in
      k.convolution.packPanel(
        right, packed + panel * width * inner, inner, columns, panel * width)
    }
    let block = 64
    engine.workers.parallelFor((rows + block - 1) / block) { task, _ in
      let first = task * block
      for panel in 0..<panels {
        let channel = panel * width
        k.convolution.correlateBand(
          left + first * inner, Input(packed + channel * inner), nil,
          result + first * columns + channel,
          CorrelationShape(
            rows: 1, columns: min(block, rows - first), channels: min(width, columns - channel),
            kernelRows: 1, rowLength: inner, bandRowStep: 0, bandLineStep: 0,
            bandPixelStep: inner, outputRowStep: 0, outputPixelStep: columns))
      }
    }
  }

  /// result (inner x columns) = leftᵀ · right, of left (rows x inner) and right (rows x columns).
  package func multiplyTransposed(
    _ left: Input, _ right: Input, into result: Output, rows: Int, inner: Int, columns: Int
  ) {
    let block = 32
    engine.workers.parallelFor((inner + block - 1) / block) { task, _ in
      let first = task * block
      engine.kernels.convolution.accumulateFilterGradient(
        left, right, result,
        FilterGradientShape(
          rows: 1, columns: rows, channels: columns, channelRange: 0..<columns, kernelRows: 1,
          rowLength: inner, rowRange: first..<min(inner, first + block), bandRowStep: 0,
          bandLineStep: 0, bandPixelStep: inner, outputRowStep: 0, accumulates: false))
    }
  }

  /// result (columns x columns) = matrixᵀ · matrix, of a matrix of rows x columns.
  ///
  /// Only what lies on and above the diagonal, in blocks, is computed: what lies below is the same
  /// to the bit, as both sum the same products in the same order.
  func gram(_ matrix: Input, into result: Output, rows: Int, columns: Int) {
    // A multiple of every panel's width.
    let block = 32
    let blocks = (columns + block - 1) / block
    engine.workers.parallelFor(blocks) { task, _ in
      let first = task * block
      engine.kernels.convolution.accumulateFilterGradient(
        matrix, matrix, result,
        FilterGradientShape(
          rows: 1, columns: rows, channels: columns, channelRange: first..<columns, kernelRows: 1,
          rowLength: columns, rowRange: first..<min(columns, first + block), bandRowStep: 0,
          bandLineStep: 0, bandPixelStep: columns, outputRowStep: 0, accumulates: false))
    }
    engine.workers.parallelFor(blocks) { task, _ in
      let first = task * block
      for row in first..<min(columns, first + block) {
        for column in 0..<first {
          result[row * columns + column] = result[column * columns + row]
        }
      }
    }
  }
}
