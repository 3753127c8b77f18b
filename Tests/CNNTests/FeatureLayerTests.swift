import CNN
import TestSupport
import Testing

@Suite("Dense, ReLU, Flatten and Dropout")
struct FeatureLayerTests {
  @Test(arguments: [1, 2, 5, 33])
  func `a dense layer and its gradients`(batch: Int) throws {
    let engine = try TestEngine.make()
    let counts = [1, 3, 5, 16, 17, 31, 32, 33, 48, 64]
    for (index, features) in (counts + [200, 97]).enumerated() {
      for step in [0, 1, 4] {
        let units = counts[(index + step) % 10]
        let probe = try LayerProbe(
          [Dense(units: units, useBias: step != 1)], input: Shape(features: features),
          batch: batch, engine: engine)
        var random = RandomValues(seed: 54, salt: index)
        let (images, dy) = (random.normals(batch * features), random.normals(batch * units))
        let reference = ReferenceDense(
          weights: probe.tensor("layers.0.weights"),
          bias: step != 1 ? probe.tensor("layers.0.bias") : nil, units: units)
        let x = ReferenceTensor(
          batch: batch, height: 1, width: 1, channels: features, floats: images)
        let y = reference.forward(x)
        let cotangent = y.with(dy.map(Double.init))
        let gradients = reference.backward(x, cotangent)
        let bounds = reference.magnitudes.backward(x.magnitudes, cotangent.magnitudes)
        let pass = probe.pass(images, dy)
        let results: [(String, [Float]?, [Double], [Double])] = [
          ("output", pass.output, y.values, reference.magnitudes.forward(x.magnitudes).values),
          ("dx", pass.inputGradient, gradients.dx.values, bounds.dx.values),
          ("dWeights", pass.gradients["layers.0.weights"], gradients.dWeights, bounds.dWeights),
          step != 1
            ? ("dBias", pass.gradients["layers.0.bias"], gradients.dBias, bounds.dBias)
            : ("dBias", [], [], []),
        ]
        for (name, actual, expected, magnitudes) in results {
          let found = mismatch(
            actual: actual ?? [], expected: expected, tolerance: sumTolerance,
            magnitudes: magnitudes)
          #expect(found == nil, "\(name) of \(batch)x\(features) -> \(units)")
        }
        #expect(bitMismatch(try probe.inference(images), pass.output) == nil)
      }
    }
  }

  @Test func `a rectifier alone and its gradient, exactly`() throws {
    let engine = try TestEngine.make()
    for channels in [1, 3, 5, 16, 17, 31, 33] {
      let shape = Shape(height: 3, width: 5, channels: channels)
      let probe = try LayerProbe([ReLU()], input: shape, batch: 2, engine: engine)
      var random = RandomValues(seed: 55, salt: channels)
      var images = random.normals(probe.inputCount)
      images[3] = 0
      let dy = random.normals(probe.outputCount)
      let pass = probe.pass(images, dy)
      let x = ReferenceTensor(batch: 2, height: 3, width: 5, channels: channels, floats: images)
      let y = ReferenceReLU.forward(x)
      let dx = ReferenceReLU.backward(x, y.with(dy.map(Double.init)))
      let exactly = Tolerance()
      #expect(mismatch(actual: pass.output, expected: y.values, tolerance: exactly) == nil)
      #expect(mismatch(actual: pass.inputGradient, expected: dx.values, tolerance: exactly) == nil)
      #expect(pass.inputGradient[3] == 0)
    }
  }

  @Test func `flatten keeps the order row, column, channel`() throws {
    let shape = Shape(height: 2, width: 3, channels: 4)
    let engine = try TestEngine.make()
    let probe = try LayerProbe(
      [Flatten(), Dense(units: 24, useBias: false)], input: shape, batch: 2, engine: engine)
    #expect(probe.network.summary.first?.outputShape == Shape(features: 24))
    // The identity: output k of a sample is its k-th number.
    let identity = (0..<576).map { Float($0 % 25 == 0 ? 1 : 0) }
    try probe.network.setValues(identity, of: "layers.1.weights")
    let images = (0..<48).map(Float.init)
    let dy = (0..<48).map { Float(100 - $0) }
    let pass = probe.pass(images, dy)
    #expect(pass.output == images)
    #expect(pass.inputGradient == dy)
  }

  @Test(arguments: [0.0, 0.2, 0.5, 0.9])
  func `dropout zeroes its share, scales the rest and does so backward as well`(
    rate: Double
  ) throws {
    let shape = Shape(height: 10, width: 10, channels: 33)
    let engine = try TestEngine.make()
    let probe = try LayerProbe([Dropout(rate)], input: shape, batch: 3, engine: engine, seed: 4)
    var random = RandomValues(seed: 56)
    let images = random.floats(probe.inputCount, in: 1...2)
    let dy = random.normals(probe.outputCount)
    let pass = probe.pass(images, dy)
    let mask = pass.output.map { $0 != 0 }
    let kept = Double(mask.count(where: { $0 })) / Double(mask.count)
    let deviation = (rate * (1 - rate) / Double(mask.count)).squareRoot()
    #expect(abs(kept - (1 - rate)) <= 5 * deviation)

    let reference = ReferenceDropout(rate: rate, mask: mask)
    let x = ReferenceTensor(batch: 3, height: 10, width: 10, channels: 33, floats: images)
    let tolerance = Tolerance(relative: 3e-7)
    #expect(
      mismatch(
        actual: pass.output, expected: reference.forward(x).values, tolerance: tolerance) == nil)
    let dx = reference.backward(x.with(dy.map(Double.init)))
    #expect(
      mismatch(actual: pass.inputGradient, expected: dx.values, tolerance: tolerance) == nil)
    #expect(try probe.inference(images) == images)
  }

  @Test func `dropout differs between samples, layers, seeds and steps`() throws {
    let shape = Shape(features: 256)
    let engine = try TestEngine.make()
    let images = [Float](repeating: 1, count: 512)
    func output(_ layers: [any Layer], seed: UInt64) throws -> [Float] {
      let probe = try LayerProbe(layers, input: shape, batch: 2, engine: engine, seed: seed)
      return probe.pass(images, images).output
    }
    let first = try output([Dropout(0.5)], seed: 1)
    #expect(try output([Dropout(0.5)], seed: 1) == first)
    #expect(try output([Dropout(0.5)], seed: 2) != first)
    #expect(first[0..<256] != first[256...])
    // Two layers with one mask would keep half of the features, with two masks a quarter.
    let both = try output([Dropout(0.5), Dropout(0.5)], seed: 1)
    #expect((90...170).contains(both.count(where: { $0 != 0 })))

    let network = try Network(input: shape, layers: [Dropout(0.5), Dense(units: 256)])
    let session = try TrainingSession(
      network: network, optimizer: SGD(learningRate: 0), batchSize: 2, engine: engine, seed: 1)
    let gradient = { () -> [Float] in
      _ = try session.step(images: images, targets: [0, 1])
      return session.gradient(of: "layers.1.weights") ?? []
    }
    let zeros = try gradient().map { $0 == 0 }
    #expect(zeros != (try gradient().map { $0 == 0 }))
  }
}
