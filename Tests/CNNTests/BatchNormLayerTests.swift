import CNN
import TestSupport
import Testing

@Suite("BatchNorm")
struct BatchNormLayerTests {
  /// The variance is a difference of sums in Float over up to 1024 pixels.
  private let tolerance = Tolerance(absolute: 1e-30, relative: 1e-5)

  private func reference(
    _ probe: LayerProbe, epsilon: Double, rate: Double, layer: String = "layers.0"
  ) -> ReferenceBatchNorm {
    ReferenceBatchNorm(
      scale: probe.tensor("\(layer).scale"), shift: probe.tensor("\(layer).shift"),
      runningMean: probe.tensor("\(layer).runningMean"),
      runningVariance: probe.tensor("\(layer).runningVariance"), epsilon: epsilon,
      statisticsUpdateRate: rate)
  }

  private func expect(
    _ actual: [Float]?, _ expected: [Double], _ magnitudes: [Double]? = nil, _ comment: Comment
  ) {
    let found = mismatch(
      actual: actual ?? [], expected: expected, tolerance: tolerance, magnitudes: magnitudes)
    #expect(found == nil, comment)
  }

  @Test(arguments: [(1e-5, 0.1), (1e-3, 0.01)], [0.0, 1_000.0])
  func `both modes, all gradients and the running statistics`(
    numbers: (Double, Double), mean: Double
  ) throws {
    let (epsilon, rate) = numbers
    let engine = try TestEngine.make()
    for (index, channels) in [1, 3, 5, 16, 17, 31, 32, 33, 48, 64].enumerated() {
      for (batch, height, width) in [(2, 1, 1), (5, 1, 1), (1, 3, 1), (2, 7, 9), (5, 17, 13)] {
        let shape = Shape(height: height, width: width, channels: channels)
        let layer = BatchNorm(epsilon: epsilon, statisticsUpdateRate: rate)
        let probe = try LayerProbe([layer], input: shape, batch: batch, engine: engine)
        var random = RandomValues(seed: 57, salt: index)
        let images = random.normals(probe.inputCount).map { 2 * $0 + Float(mean) }
        let dy = random.normals(probe.outputCount)
        let x = ReferenceTensor(
          batch: batch, height: height, width: width, channels: channels, floats: images)
        var reference = reference(probe, epsilon: epsilon, rate: rate)
        let comment: Comment = "\(batch)x\(height)x\(width)x\(channels), mean \(mean)"
        let inference = reference.inference(x).values
        let magnitudes = inference.indices.map { index in
          let c = index % channels
          let deviation = (reference.runningVariance[c] + epsilon).squareRoot()
          let terms = (abs(x.values[index]) + abs(reference.runningMean[c])) / deviation
          return terms * abs(reference.scale[c]) + abs(reference.shift[c])
        }
        expect(try probe.inference(images), inference, magnitudes, "inference of \(comment)")

        let cotangent = x.with(dy.map(Double.init))
        let gradients = reference.trainingBackward(x, cotangent)
        let bounds = reference.trainingMagnitudes(x, cotangent)
        let variance = reference.moments(x).variance
        let y = reference.training(x)
        let pass = probe.pass(images, dy)
        let sums = (0..<channels).map { c in
          stride(from: c, to: dy.count, by: channels).reduce(0.0) { $0 + abs(Double(dy[$1])) }
        }
        let layer0 = { (name: String) in pass.gradients["layers.0.\(name)"] }
        expect(pass.output, y.values, bounds.y, "output of \(comment)")
        expect(pass.inputGradient, gradients.dx.values, bounds.dx, "dx of \(comment)")
        expect(layer0("scale"), gradients.dScale, bounds.dScale, "dScale of \(comment)")
        expect(layer0("shift"), gradients.dShift, sums, "dShift of \(comment)")
        expect(
          probe.network.values(of: "layers.0.runningMean"), reference.runningMean,
          reference.runningMean.map { abs($0) + 1 }, "mean of \(comment)")
        expect(
          probe.network.values(of: "layers.0.runningVariance"), reference.runningVariance,
          zip(reference.runningVariance, variance).map { $0 + $1 }, "variance of \(comment)")
      }
    }
  }

  @Test(arguments: [0, 3, 10, 30])
  func `a first pixel far from the others costs the variance nothing`(outlier: Float) throws {
    let shape = Shape(height: 32, width: 32, channels: 17)
    let probe = try LayerProbe(
      [BatchNorm(statisticsUpdateRate: 1)], input: shape, batch: 8, engine: TestEngine.make())
    var random = RandomValues(seed: 60)
    var images = random.normals(probe.inputCount)
    for c in 0..<17 { images[c] = outlier }
    let x = ReferenceTensor(batch: 8, height: 32, width: 32, channels: 17, floats: images)
    var reference = reference(probe, epsilon: 1e-5, rate: 1)
    _ = reference.training(x)
    _ = probe.pass(images, [Float](repeating: 0, count: probe.outputCount))
    let bound = Tolerance(relative: 2e-6)
    let found = mismatch(
      actual: probe.network.values(of: "layers.0.runningVariance") ?? [],
      expected: reference.runningVariance, tolerance: bound)
    #expect(found == nil)
  }

  @Test func `a constant channel gives its shift, and its gradient stays finite`() throws {
    let shape = Shape(height: 4, width: 4, channels: 5)
    let probe = try LayerProbe(
      [BatchNorm()], input: shape, batch: 2, engine: TestEngine.make())
    let images = (0..<probe.inputCount).map { Float($0 % 5) * 100 }
    var random = RandomValues(seed: 58)
    let pass = probe.pass(images, random.normals(probe.outputCount))
    let shift = probe.tensor("layers.0.shift")
    // The deviation is that of epsilon: 100 / sqrt(1e-5) is what cancels here.
    let magnitudes = images.map { Double($0) * 1_000 + 10 }
    expect(pass.output, pass.output.indices.map { shift[$0 % 5] }, magnitudes, "output")
    #expect(pass.inputGradient.allSatisfy { $0.isFinite })
  }

  @Test func `inference reads the running statistics and leaves them`() throws {
    let shape = Shape(height: 4, width: 4, channels: 5)
    let probe = try LayerProbe(
      [BatchNorm()], input: shape, batch: 2, engine: TestEngine.make())
    let before = probe.tensor("layers.0.runningMean")
    var random = RandomValues(seed: 59)
    _ = try probe.inference(random.normals(probe.inputCount))
    #expect(probe.tensor("layers.0.runningMean") == before)
  }

  /// Convolutions and what stands behind them, where a normalization can become a part of one or
  /// must not.
  private static let surroundings: [(String, [any Layer])] = {
    func conv(_ filters: Int = 16, bias: Bool = true) -> Conv2D {
      Conv2D(filters: filters, kernelSize: 3, padding: .same, useBias: bias)
    }
    let (norm, pool) = (BatchNorm(), MaxPool2D())
    return [
      ("one", [conv(), norm]), ("one, without bias", [conv(bias: false), norm, ReLU()]),
      ("two in a row", [conv(), norm, norm]),
      ("two in a row, without bias", [conv(bias: false), norm, norm, ReLU(), norm]),
      ("two with a rectifier between", [conv(), norm, ReLU(), norm]),
      ("behind pooling", [conv(), pool, norm]),
      ("behind a rectifier and pooling", [conv(), ReLU(), pool, norm, norm]),
      ("before pooling and behind", [conv(), norm, pool, norm, pool, norm]),
      ("before average pooling and behind", [conv(), norm, AveragePool2D(), norm]),
      ("before any convolution", [norm, conv(), norm, conv(5), norm, norm]),
      (
        "in and behind a block",
        [
          conv(), norm, Residual(body: [conv(), norm, norm]), norm,
          Residual(body: [norm, conv(), norm]),
        ]
      ),
    ]
  }()

  @Test(arguments: surroundings.indices)
  func `answers and steps are the reference's wherever a normalization stands`(index: Int) throws {
    let (name, layers) = BatchNormLayerTests.surroundings[index]
    let engine = try TestEngine.make()
    for channels in [3, 16] {
      let probe = try LayerProbe(
        layers, input: Shape(height: 8, width: 12, channels: channels), batch: 3, engine: engine)
      var random = RandomValues(seed: 61, salt: index)
      let images = random.normals(probe.inputCount)
      // Filters are normal numbers, so that Winograd's sums lose some digits.
      func expectAll(_ actual: [Float]?, _ expected: [Double], _ what: String) {
        let largest = expected.reduce(0) { max($0, abs($1)) }
        expect(
          actual, expected, expected.map { _ in 20 * largest },
          "\(what), \(name), \(channels) channels")
      }
      var reference = ReferenceNetwork(probe.network)
      expectAll(try probe.inference(images), reference.answer(images), "answers")

      let dy = random.normals(probe.outputCount)
      let pass = probe.pass(images, dy)
      let expected = reference.pass(images) { _ in dy.map(Double.init) }
      expectAll(pass.output, expected.output, "output")
      expectAll(pass.inputGradient, expected.inputGradient, "gradient of the input")
      // What another normalization takes out again has roundings for a gradient.
      for (tensor, gradient) in reference.gradients where tensor.hasSuffix(".filters") {
        expectAll(pass.gradients[tensor], gradient, tensor)
      }
    }
  }
}
