import CNN
import TestSupport
import Testing

/// What every layer promises, tried on every kind of layer and on small networks.
@Suite("Layer contract")
struct LayerContractTests {
  private struct Case {
    var name: String
    var layers: [any Layer]
    var input = Shape(height: 7, width: 9, channels: 5)
  }

  private static let cases: [Case] = {
    let single: [any Layer] = [
      Conv2D(filters: 17), Conv2D(filters: 33, kernelSize: 5, stride: 2, padding: .same),
      Conv2D(filters: 3, kernelSize: 2, stride: 3, padding: .explicit(1), useBias: false),
      MaxPool2D(2), MaxPool2D(3, stride: 1, padding: .explicit(1)), AveragePool2D(3, stride: 2),
      AveragePool2D(2, padding: .same), GlobalAveragePool2D(), Dropout(0.3),
      BatchNorm(), BatchNorm(epsilon: 1e-3, statisticsUpdateRate: 0.25, initialScale: 0.5), ReLU(),
      Residual(body: [Conv2D(filters: 5, padding: .same), BatchNorm()]),
      Residual(body: [Conv2D(filters: 5, padding: .same), BatchNorm()], rectifies: false),
      Conv2D(filters: 5, padding: .same, groups: 5),
      Conv2D(filters: 5, kernelSize: 5, stride: 2, padding: .same, groups: 5, useBias: false),
      Conv2D(filters: 15, stride: 2, padding: .explicit(1), groups: 5),
      Gate(channels: 5, squeezed: 3), Gate(body: [GlobalAveragePool2D()]),
    ]
    return (single + ActivationFunction.allCases.map { Activate($0) }).map {
      Case(name: "\($0)", layers: [$0])
    }
      + [Case(name: "dense", layers: [Dense(units: 33)], input: Shape(features: 47))]
      + ComposedLayerTests.networks.map { Case(name: $0.name, layers: $0.layers) }
      + [
        Case(
          name: "large", layers: [Conv2D(filters: 32), BatchNorm(), ReLU()],
          input: Shape(height: 40, width: 40, channels: 16))
      ]
  }()

  private func probe(_ item: Case, batch: Int, threads: Int = 2) throws -> LayerProbe {
    try LayerProbe(
      item.layers, input: item.input, batch: batch, engine: TestEngine.make(threads: threads))
  }

  /// Everything that a training pass gives, in one array.
  private func bits(_ probe: LayerProbe, _ images: [Float], _ dy: [Float]) -> [Float] {
    let pass = probe.pass(images, dy)
    return pass.output + pass.inputGradient
      + probe.network.tensorNames.flatMap {
        pass.gradients[$0] ?? probe.network.values(of: $0) ?? []
      }
  }

  @Test func `one, two and three threads give the same bits`() throws {
    for item in LayerContractTests.cases {
      var results: [[Float]] = []
      for threads in TestEngine.threadCounts {
        let probe = try probe(item, batch: 5, threads: threads)
        var random = RandomValues(seed: 62)
        let images = random.normals(probe.inputCount)
        let result = bits(probe, images, random.normals(probe.outputCount))
        results.append(result + (try probe.inference(images)))
      }
      for result in results { #expect(bitMismatch(result, results[0]) == nil, "\(item.name)") }
    }
  }

  @Test func `a batch gives each sample what it gets alone, to the bit`() throws {
    for item in LayerContractTests.cases {
      let probe = try probe(item, batch: 5)
      var random = RandomValues(seed: 63)
      let images = random.normals(probe.inputCount)
      let together = try probe.inference(images)
      #expect(together.count == probe.outputCount)
      for batch in [1, 2] {
        #expect(
          bitMismatch(try probe.inference(images, batch: batch), together) == nil, "\(item.name)")
      }
    }
  }

  @Test func `gradients of parameters accumulate and the input's is replaced`() throws {
    for item in LayerContractTests.cases {
      let probe = try probe(item, batch: 2)
      var random = RandomValues(seed: 64)
      let (images, dy) = (random.normals(probe.inputCount), random.normals(probe.outputCount))
      let first = probe.pass(images, dy)
      let second = probe.pass(images, dy, clears: false)
      #expect(bitMismatch(second.inputGradient, first.inputGradient) == nil, "\(item.name)")
      for (name, gradient) in first.gradients {
        let doubled = second.gradients[name] ?? []
        // Parts are added to what is there one by one, so the sum rounds differently.
        let found = mismatch(
          actual: doubled, expected: gradient.map { 2 * $0 },
          tolerance: Tolerance(relative: 1e-6, scale: .largest))
        #expect(found == nil, "\(name) of \(item.name)")
        #expect(gradient.contains { $0 != 0 }, "\(name) of \(item.name)")
      }
    }
  }

  @Test func `a former batch leaves nothing behind, not even a NaN`() throws {
    for item in LayerContractTests.cases {
      let used = try probe(item, batch: 5)
      let fresh = try probe(item, batch: 5)
      let poison = [Float](repeating: .nan, count: used.inputCount)
      _ = used.pass(poison, [Float](repeating: .nan, count: used.outputCount))
      var random = RandomValues(seed: 65)
      // A smaller batch: the rest of the memory keeps its NaN.
      let images = random.normals(2 * item.input.count)
      let dy = random.normals(2 * used.network.outputs)
      let (found, expected) = (used.pass(images, dy), fresh.pass(images, dy))
      #expect(bitMismatch(found.output, expected.output) == nil, "\(item.name)")
      #expect(bitMismatch(found.inputGradient, expected.inputGradient) == nil, "\(item.name)")
      for (name, gradient) in expected.gradients {
        #expect(bitMismatch(found.gradients[name] ?? [], gradient) == nil, "\(item.name)")
      }
    }
  }

  @Test func `parameters have the same gradients where the input's is not wanted`() throws {
    for item in LayerContractTests.cases {
      let probe = try probe(item, batch: 2)
      let session = try TrainingSession(
        network: probe.network, loss: .softmaxCrossEntropy(), optimizer: SGD(learningRate: 0),
        batchSize: 4, engine: TestEngine.make())
      var random = RandomValues(seed: 66)
      let (images, dy) = (random.normals(probe.inputCount), random.normals(probe.outputCount))
      let expected = probe.pass(images, dy)
      let (output, dx) = session.propagate(images: images, cotangent: dy)
      #expect(dx == nil)
      #expect(bitMismatch(output, expected.output) == nil, "\(item.name)")
      for (name, gradient) in expected.gradients {
        #expect(bitMismatch(session.gradient(of: name) ?? [], gradient) == nil, "\(item.name)")
      }
    }
  }

  @Test func `a network whose layers compute nothing is refused`() {
    for layers in [[], [Flatten()], [Flatten(), Flatten()]] as [[any Layer]] {
      #expect(throws: ModelError.self) {
        try Network(input: Shape(height: 2, width: 2, channels: 3), layers: layers)
      }
    }
  }

  @Test func `an architecture comes back from its JSON`() throws {
    for item in LayerContractTests.cases {
      let architecture = Architecture(name: "case", input: item.input, layers: item.layers)
      let again = try Architecture(json: architecture.json)
      #expect(again == architecture)
      #expect(again.json == architecture.json)
      let network = try Network(again)
      #expect(network.tensorNames == (try Network(architecture)).tensorNames)
    }
    for name in Architecture.presetNames {
      let preset = try Architecture.preset(name)
      #expect(try Architecture(json: preset.json) == preset)
    }
  }
}
