/// Convolution by its definition: y[n,i,j,o] = b[o] + sum of x[n,i',j',c] f[u,v,c,o].
///
/// Filters [row][column][input channel][output channel]. It is linear in the input and in the
/// filters, so the same sums over magnitudes bound the rounding error of any implementation.
package struct ReferenceConvolution: Sendable {
  package var rows: ReferenceWindow
  package var columns: ReferenceWindow
  package var outputChannels: Int
  /// Groups of channels that are filtered apart; the filters have the input channels of one.
  package var groups: Int
  package var filters: [Double]
  package var bias: [Double]?

  /// A convolution with these filters.
  package init(
    rows: ReferenceWindow, columns: ReferenceWindow, outputChannels: Int, filters: [Double],
    bias: [Double]? = nil, groups: Int = 1
  ) {
    self.groups = groups
    self.rows = rows
    self.columns = columns
    self.outputChannels = outputChannels
    self.filters = filters
    self.bias = bias
  }

  /// The same sums over the magnitudes of all terms.
  package var magnitudes: ReferenceConvolution {
    ReferenceConvolution(
      rows: rows, columns: columns, outputChannels: outputChannels, filters: filters.map(abs),
      bias: bias?.map(abs), groups: groups)
  }

  /// The output for `x`.
  package func forward(_ x: ReferenceTensor) -> ReferenceTensor {
    var y = ReferenceTensor(
      batch: x.batch, height: rows.outputs(x.height), width: columns.outputs(x.width),
      channels: outputChannels)
    visit(x, y) { input, filter, output in
      for o in 0..<(outputChannels / groups) {
        y.values[output + o] += x.values[input] * filters[filter + o]
      }
    }
    if let bias {
      for index in y.values.indices { y.values[index] += bias[index % outputChannels] }
    }
    return y
  }

  /// The gradients of sum(dy * y) with respect to the input, the filters and the bias.
  package func backward(
    _ x: ReferenceTensor, _ dy: ReferenceTensor
  ) -> (dx: ReferenceTensor, dFilters: [Double], dBias: [Double]) {
    var dx = x.with([Double](repeating: 0, count: x.values.count))
    var dFilters = [Double](repeating: 0, count: filters.count)
    visit(x, dy) { input, filter, output in
      for o in 0..<(outputChannels / groups) {
        dx.values[input] += dy.values[output + o] * filters[filter + o]
        dFilters[filter + o] += dy.values[output + o] * x.values[input]
      }
    }
    var dBias = [Double](repeating: 0, count: outputChannels)
    for (index, value) in dy.values.enumerated() { dBias[index % outputChannels] += value }
    return (dx, dFilters, dBias)
  }

  /// Calls `body` for every product: the input's index, and the first output channel's indices.
  private func visit(
    _ x: ReferenceTensor, _ y: ReferenceTensor, _ body: (_ x: Int, _ f: Int, _ y: Int) -> Void
  ) {
    for n in 0..<x.batch {
      for i in 0..<y.height {
        for (u, row) in rows.taps(i, input: x.height) {
          for j in 0..<y.width {
            for (v, column) in columns.taps(j, input: x.width) {
              for c in 0..<x.channels {
                let group = c / (x.channels / groups)
                let tap = (u * columns.size + v) * (x.channels / groups)
                let filter = (tap + c % (x.channels / groups)) * outputChannels
                let first = group * (outputChannels / groups)
                body(x.index(n, row, column, c), filter + first, y.index(n, i, j, first))
              }
            }
          }
        }
      }
    }
  }
}
