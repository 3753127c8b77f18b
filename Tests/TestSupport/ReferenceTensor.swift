/// A batch of samples in Double, [sample][row][column][channel].
package struct ReferenceTensor: Sendable, Equatable {
  package let batch: Int
  package let height: Int
  package let width: Int
  package let channels: Int
  package var values: [Double]

  /// A tensor that holds `values`, or zeros.
  package init(
    batch: Int, height: Int, width: Int, channels: Int, values: [Double]? = nil
  ) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    let count = batch * height * width * channels
    self.values = values ?? [Double](repeating: 0, count: count)
    precondition(self.values.count == count, "expected \(count) values")
  }

  /// A tensor that holds `floats`, exactly.
  package init(batch: Int, height: Int, width: Int, channels: Int, floats: [Float]) {
    self.init(
      batch: batch, height: height, width: width, channels: channels,
      values: floats.map(Double.init)
    )
  }

  /// A tensor of this one's shape.
  package func with(_ values: [Double]) -> ReferenceTensor {
    ReferenceTensor(
      batch: batch, height: height, width: width, channels: channels, values: values)
  }

  /// The magnitudes of all elements.
  package var magnitudes: ReferenceTensor { with(values.map(abs)) }

  /// Where an element lies in `values`.
  package func index(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int {
    ((n * height + y) * width + x) * channels + c
  }

  /// One element.
  package subscript(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Double {
    get { values[index(n, y, x, c)] }
    set { values[index(n, y, x, c)] = newValue }
  }
}

/// How windows of `size` lie over one axis: every `stride`, with padding at both ends.
package struct ReferenceWindow: Sendable, Equatable {
  package var size: Int
  package var stride: Int
  /// Elements of padding before the first one and after the last one.
  package var before: Int
  package var after: Int

  /// Windows of `size`, without padding unless told.
  package init(size: Int, stride: Int = 1, before: Int = 0, after: Int = 0) {
    self.size = size
    self.stride = stride
    self.before = before
    self.after = after
  }

  /// Padding by TensorFlow's rule: ceil(input / stride) outputs, the odd element at the end.
  package static func same(size: Int, stride: Int, input: Int) -> ReferenceWindow {
    let outputs = (input + stride - 1) / stride
    let total = max(0, (outputs - 1) * stride + size - input)
    return ReferenceWindow(
      size: size, stride: stride, before: total / 2, after: total - total / 2)
  }

  /// The number of windows that fit.
  package func outputs(_ input: Int) -> Int {
    let padded = input + before + after
    return padded < size ? 0 : (padded - size) / stride + 1
  }

  /// The elements of window `output` that are not padding, each with its place in the window.
  package func taps(_ output: Int, input: Int) -> [(tap: Int, position: Int)] {
    (0..<size).compactMap { tap in
      let position = output * stride + tap - before
      return 0..<input ~= position ? (tap, position) : nil
    }
  }
}
