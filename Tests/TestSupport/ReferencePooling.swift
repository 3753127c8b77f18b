/// Pooling by its definition; padding is no element: no maximum, and outside an average's count.
package struct ReferencePooling: Sendable {
  /// What a window gives.
  package enum Kind: Sendable, CaseIterable {
    case maximum
    case average
  }

  package var kind: Kind
  package var rows: ReferenceWindow
  package var columns: ReferenceWindow

  /// Pooling over these windows.
  package init(_ kind: Kind, rows: ReferenceWindow, columns: ReferenceWindow) {
    self.kind = kind
    self.rows = rows
    self.columns = columns
  }

  /// The output for `x`.
  package func forward(_ x: ReferenceTensor) -> ReferenceTensor {
    var y = ReferenceTensor(
      batch: x.batch, height: rows.outputs(x.height), width: columns.outputs(x.width),
      channels: x.channels)
    visit(x, y) { inputs, output in
      let window = inputs.map { x.values[$0] }
      switch kind {
      case .maximum: y.values[output] = window.max() ?? .nan
      case .average: y.values[output] = window.reduce(0, +) / Double(window.count)
      }
    }
    return y
  }

  /// The gradient of sum(dy * y) with respect to the input; the first of equal maxima has it.
  package func backward(_ x: ReferenceTensor, _ dy: ReferenceTensor) -> ReferenceTensor {
    var dx = x.with([Double](repeating: 0, count: x.values.count))
    visit(x, dy) { inputs, output in
      let window = inputs.map { x.values[$0] }
      switch kind {
      case .maximum:
        if let largest = window.max(), let place = window.firstIndex(of: largest) {
          dx.values[inputs[place]] += dy.values[output]
        }
      case .average:
        for input in inputs { dx.values[input] += dy.values[output] / Double(inputs.count) }
      }
    }
    return dx
  }

  /// Calls `body` for every output with the indices of its window, row by row.
  private func visit(
    _ x: ReferenceTensor, _ y: ReferenceTensor, _ body: (_ inputs: [Int], _ output: Int) -> Void
  ) {
    for n in 0..<x.batch {
      for i in 0..<y.height {
        for j in 0..<y.width {
          for c in 0..<x.channels {
            var inputs: [Int] = []
            for (_, row) in rows.taps(i, input: x.height) {
              for (_, column) in columns.taps(j, input: x.width) {
                inputs.append(x.index(n, row, column, c))
              }
            }
            body(inputs, y.index(n, i, j, c))
          }
        }
      }
    }
  }
}

/// The mean of each channel over a sample's pixels.
package enum ReferenceGlobalAverage {
  /// The output [sample][1][1][channel] for `x`.
  package static func forward(_ x: ReferenceTensor) -> ReferenceTensor {
    pooling(x).forward(x)
  }

  /// The gradient of sum(dy * y) with respect to the input.
  package static func backward(_ x: ReferenceTensor, _ dy: ReferenceTensor) -> ReferenceTensor {
    pooling(x).backward(x, dy)
  }

  private static func pooling(_ x: ReferenceTensor) -> ReferencePooling {
    ReferencePooling(
      .average, rows: ReferenceWindow(size: x.height, stride: x.height),
      columns: ReferenceWindow(size: x.width, stride: x.width))
  }
}
