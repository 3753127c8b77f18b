import TestSupport
import Testing

/// The references' gradients against central differences, with random cotangents.
@Suite("Double references")
struct ReferenceTests {
  private let tolerance = Tolerance(relative: 1e-6, scale: .largest)

  private func values(_ count: Int, salt: Int) -> [Double] {
    var random = RandomValues(seed: 11, salt: salt)
    return random.normals(count).map(Double.init)
  }

  private func check(
    _ gradient: [Double], at point: [Double], cotangent: [Double], _ comment: Comment,
    of f: ([Double]) -> [Double]
  ) {
    let expected = GradientCheck.differences(at: point, cotangent: cotangent, of: f)
    let found = mismatch(actual: gradient, expected: expected, tolerance: tolerance)
    #expect(found == nil, comment)
  }

  @Test func `convolution has the gradients of its forward pass`() {
    let windows: [(ReferenceWindow, ReferenceWindow)] = [
      (ReferenceWindow(size: 3), ReferenceWindow(size: 3)),
      (ReferenceWindow(size: 1, stride: 2), ReferenceWindow(size: 1, stride: 2)),
      (ReferenceWindow(size: 3, stride: 2, before: 1, after: 1), ReferenceWindow(size: 2)),
      (ReferenceWindow(size: 5, before: 2, after: 2), ReferenceWindow(size: 2, after: 1)),
      (ReferenceWindow(size: 3, stride: 3, after: 2), ReferenceWindow(size: 4, before: 3)),
    ]
    for (number, (rows, columns)) in windows.enumerated() {
      let x = ReferenceTensor(
        batch: 2, height: 5, width: 4, channels: 3, values: values(120, salt: number))
      let taps = rows.size * columns.size
      let layer = ReferenceConvolution(
        rows: rows, columns: columns, outputChannels: 2,
        filters: values(taps * 6, salt: 100 + number), bias: values(2, salt: 200 + number))
      let y = layer.forward(x)
      let dy = y.with(values(y.values.count, salt: 300 + number))
      let gradients = layer.backward(x, dy)
      check(gradients.dx.values, at: x.values, cotangent: dy.values, "input \(number)") {
        layer.forward(x.with($0)).values
      }
      check(gradients.dFilters, at: layer.filters, cotangent: dy.values, "filters \(number)") {
        var moved = layer
        moved.filters = $0
        return moved.forward(x).values
      }
      check(gradients.dBias, at: layer.bias ?? [], cotangent: dy.values, "bias \(number)") {
        var moved = layer
        moved.bias = $0
        return moved.forward(x).values
      }
    }
  }

  @Test func `convolution gives a sum worked out by hand`() {
    // 2x2 input, 2x2 filter, one row and column of padding at the end.
    let x = ReferenceTensor(batch: 1, height: 2, width: 2, channels: 1, values: [1, 2, 3, 4])
    let window = ReferenceWindow(size: 2, after: 1)
    let layer = ReferenceConvolution(
      rows: window, columns: window, outputChannels: 1, filters: [10, 20, 30, 40], bias: [0.5])
    #expect(layer.forward(x).values == [300.5, 140.5, 110.5, 40.5])
  }

  @Test(arguments: ReferencePooling.Kind.allCases)
  func `pooling has the gradient of its forward pass`(kind: ReferencePooling.Kind) {
    let windows: [(ReferenceWindow, ReferenceWindow)] = [
      (ReferenceWindow(size: 2, stride: 2), ReferenceWindow(size: 2, stride: 2)),
      (ReferenceWindow(size: 3, stride: 2, before: 1, after: 1), ReferenceWindow(size: 2)),
      (ReferenceWindow(size: 2, stride: 2, after: 1), ReferenceWindow(size: 3, stride: 1)),
    ]
    for (number, (rows, columns)) in windows.enumerated() {
      var random = RandomValues(seed: 12, salt: number)
      let x = ReferenceTensor(
        batch: 2, height: 5, width: 6, channels: 2, floats: random.separated(120))
      let layer = ReferencePooling(kind, rows: rows, columns: columns)
      let y = layer.forward(x)
      let dy = y.with(values(y.values.count, salt: 400 + number))
      check(layer.backward(x, dy).values, at: x.values, cotangent: dy.values, "case \(number)") {
        layer.forward(x.with($0)).values
      }
    }
  }

  @Test func `pooling gives values worked out by hand`() {
    let x = ReferenceTensor(
      batch: 1, height: 1, width: 5, channels: 1, values: [-3, -1, -2, -9, -5])
    let window = ReferenceWindow(size: 3, stride: 2, before: 1, after: 1)
    let one = ReferenceWindow(size: 1)
    let largest = ReferencePooling(.maximum, rows: one, columns: window)
    #expect(largest.forward(x).values == [-1, -1, -5])
    #expect(largest.backward(x, x.with([1, 2, 4, 0, 0]).cut(3)).values == [0, 3, 0, 0, 4])
    let average = ReferencePooling(.average, rows: one, columns: window)
    #expect(average.forward(x).values == [-2, -4, -7])
  }

  @Test func `global average, dense, rectifier, dropout and residual sum have their gradients`() {
    var random = RandomValues(seed: 13)
    let x = ReferenceTensor(
      batch: 3, height: 2, width: 3, channels: 2, floats: random.separated(36))
    let dy = x.with(values(36, salt: 500))

    let mean = ReferenceTensor(
      batch: 3, height: 1, width: 1, channels: 2, values: values(6, salt: 501))
    check(
      ReferenceGlobalAverage.backward(x, mean).values, at: x.values, cotangent: mean.values,
      "global average"
    ) { ReferenceGlobalAverage.forward(x.with($0)).values }

    let dense = ReferenceDense(
      weights: values(60, salt: 502), bias: values(5, salt: 503), units: 5)
    let dense_dy = dense.forward(x).with(values(15, salt: 504))
    let gradients = dense.backward(x, dense_dy)
    check(gradients.dx.values, at: x.values, cotangent: dense_dy.values, "dense input") {
      dense.forward(x.with($0)).values
    }
    check(gradients.dWeights, at: dense.weights, cotangent: dense_dy.values, "weights") {
      ReferenceDense(weights: $0, bias: dense.bias, units: 5).forward(x).values
    }
    check(gradients.dBias, at: dense.bias ?? [], cotangent: dense_dy.values, "dense bias") {
      ReferenceDense(weights: dense.weights, bias: $0, units: 5).forward(x).values
    }

    check(ReferenceReLU.backward(x, dy).values, at: x.values, cotangent: dy.values, "ReLU") {
      ReferenceReLU.forward(x.with($0)).values
    }
    let dropout = ReferenceDropout(rate: 0.3, mask: (0..<36).map { $0 % 3 != 1 })
    check(dropout.backward(dy).values, at: x.values, cotangent: dy.values, "dropout") {
      dropout.forward(x.with($0)).values
    }
    let shortcut = x.with([Double](repeating: 0.0001, count: 36))
    check(
      ReferenceResidualSum.backward(x, shortcut, dy).values, at: x.values, cotangent: dy.values,
      "residual sum"
    ) { ReferenceResidualSum.forward(x.with($0), shortcut).values }
  }

  @Test func `batch normalization has the gradients of its training pass`() {
    for (number, epsilon) in [1e-5, 1e-3].enumerated() {
      let x = ReferenceTensor(
        batch: 3, height: 2, width: 2, channels: 3, values: values(36, salt: 600 + number))
      let layer = ReferenceBatchNorm(
        scale: [0.5, 1.5, -2], shift: [0.1, 0, -1], runningMean: [0, 0, 0],
        runningVariance: [1, 1, 1], epsilon: epsilon)
      let dy = x.with(values(36, salt: 610 + number))
      let gradients = layer.trainingBackward(x, dy)
      check(gradients.dx.values, at: x.values, cotangent: dy.values, "input") {
        var moved = layer
        return moved.training(x.with($0)).values
      }
      check(gradients.dScale, at: layer.scale, cotangent: dy.values, "scale") {
        var moved = layer
        moved.scale = $0
        return moved.training(x).values
      }
      check(gradients.dShift, at: layer.shift, cotangent: dy.values, "shift") {
        var moved = layer
        moved.shift = $0
        return moved.training(x).values
      }
    }
  }

  @Test func `batch normalization keeps the unbiased variance and uses the running one`() {
    let x = ReferenceTensor(batch: 4, height: 1, width: 1, channels: 1, values: [1, 2, 3, 6])
    var layer = ReferenceBatchNorm(
      scale: [2], shift: [1], runningMean: [1], runningVariance: [2], epsilon: 0,
      statisticsUpdateRate: 0.25)
    #expect(layer.inference(x).values == [1, 2, 3, 6].map { ($0 - 1) / 2.squareRoot() * 2 + 1 })
    let y = layer.training(x).values
    let deviation = 3.5.squareRoot()
    #expect(y == [-2, -1, 0, 3].map { $0 / deviation * 2 + 1 })
    #expect(layer.runningMean == [1.5])
    #expect(abs(layer.runningVariance[0] - (2 + 0.25 * (14.0 / 3 - 2))) < 1e-15)
  }

  @Test(arguments: [1, 2, 5], [0.0, 0.1])
  func `losses have their gradients`(outputs: Int, smoothing: Double) {
    for weights in [nil, [0.5, 2, 1, 3, 0.25]] as [[Double]?] {
      let loss = ReferenceLoss(labelSmoothing: smoothing, classWeights: weights)
      var random = RandomValues(seed: 14, salt: outputs)
      let targets = random.targets(6, classes: max(2, outputs))
      let logits = values(6 * outputs, salt: 700 + outputs).map { 3 * $0 }
      check(loss.gradient(logits, targets), at: logits, cotangent: [1], "\(outputs) outputs") {
        [loss.value($0, targets)]
      }
    }
  }
}

extension ReferenceTensor {
  /// The first `count` values as one row.
  fileprivate func cut(_ count: Int) -> ReferenceTensor {
    ReferenceTensor(
      batch: 1, height: 1, width: count, channels: 1, values: Array(values.prefix(count)))
  }
}
