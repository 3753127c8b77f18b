import CNN
import TestSupport
import Testing

@Suite("Network")
struct NetworkTests {
  private static let input = Shape(height: 8, width: 8, channels: 3)

  private func network(_ layers: [any Layer], seed: UInt64 = 0) throws -> Network {
    try Network(input: NetworkTests.input, layers: layers, seed: seed)
  }

  @Test func `tensors have names by path, shapes, and values of their own`() throws {
    let block = Residual(
      body: [Conv2D(filters: 4, padding: .same, useBias: false), BatchNorm()],
      shortcut: [Conv2D(filters: 4, kernelSize: 1)])
    let network = try network([block, GlobalAveragePool2D(), Dense(units: 2)])
    #expect(
      network.tensorNames == [
        "layers.0.body.0.filters", "layers.0.body.1.scale", "layers.0.body.1.shift",
        "layers.0.body.1.runningMean", "layers.0.body.1.runningVariance",
        "layers.0.shortcut.0.filters", "layers.0.shortcut.0.bias", "layers.2.weights",
        "layers.2.bias",
      ])
    #expect(network.shape(of: "layers.0.body.0.filters") == [3, 3, 3, 4])
    #expect(network.shape(of: "layers.2.weights") == [4, 2])
    #expect(network.shape(of: "layers.2.filters") == nil)
    #expect(network.values(of: "layers.1.bias") == nil)
    #expect(network.parameterCount == 108 + 8 + 12 + 4 + 8 + 2)
    #expect(network.statisticsCount == 8)
    #expect(network.values(of: "layers.0.body.1.scale") == [1, 1, 1, 1])
    #expect(network.values(of: "layers.0.body.1.runningVariance") == [1, 1, 1, 1])
    // Every tensor set to its own number: none lies over another.
    for (index, name) in network.tensorNames.enumerated() {
      let count = (network.shape(of: name) ?? []).reduce(1, *)
      try network.setValues([Float](repeating: Float(index), count: count), of: name)
    }
    for (index, name) in network.tensorNames.enumerated() {
      #expect(network.values(of: name)?.allSatisfy { $0 == Float(index) } == true, "\(name)")
    }
    #expect(throws: ModelError.self) { try network.setValues([1], of: "layers.2.bias") }
    #expect(throws: ModelError.self) { try network.setValues([1], of: "layers.9.bias") }
  }

  @Test func `a seed gives the same weights again and another seed others`() throws {
    let layers: [any Layer] = [Conv2D(filters: 4), Flatten(), Dense(units: 2)]
    let values = { (network: Network) in
      network.tensorNames.flatMap { network.values(of: $0) ?? [] }
    }
    let first = try values(network(layers, seed: 1))
    #expect(try values(network(layers, seed: 1)) == first)
    #expect(try values(network(layers, seed: 2)) != first)
    let layer = [Dense(units: 144)] as [any Layer]
    let both = try Network(input: Shape(features: 144), layers: layer + layer, seed: 1)
    #expect(both.values(of: "layers.0.weights") != both.values(of: "layers.1.weights"))
  }

  @Test(arguments: Initializer.allCases)
  func `initializers have their variance`(initializer: Initializer) throws {
    let network = try Network(
      input: Shape(height: 8, width: 8, channels: 32),
      layers: [Conv2D(filters: 128, initializer: initializer)], seed: 7)
    let values = (network.values(of: "layers.0.filters") ?? []).map(Double.init)
    let (fanIn, fanOut) = (9.0 * 32, 9.0 * 128)
    let expected =
      switch initializer {
      case .glorotUniform: 2 / (fanIn + fanOut)
      case .heNormal: 2 / fanIn
      case .heNormalFanOut: 2 / fanOut
      case .zeros: 0.0
      }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    // 36,864 numbers: five standard deviations of their mean and of their variance.
    #expect(abs(mean) <= 5 * (expected / 36_864).squareRoot())
    #expect(abs(variance - expected) <= 0.037 * expected)
    if initializer == .glorotUniform {
      let limit = (6 / (fanIn + fanOut)).squareRoot() * 1.000001
      #expect(values.allSatisfy { abs($0) <= limit })
    }
    #expect(network.values(of: "layers.0.bias")?.allSatisfy { $0 == 0 } == true)
  }

  @Test func `a copy is apart, and interpolation goes its share of the way`() throws {
    let layers: [any Layer] = [Conv2D(filters: 4), BatchNorm(), Flatten(), Dense(units: 2)]
    let first = try network(layers, seed: 1)
    let copy = try first.copy()
    let other = try network(layers, seed: 2)
    let rest = [3, 1, 4, 1] as [Float]
    try other.setValues(rest, of: "layers.1.runningMean")
    let engine = try TestEngine.make()
    copy.interpolate(toward: other, weight: 0.25, engine: engine)
    for name in first.tensorNames {
      let (a, b) = (first.values(of: name) ?? [], other.values(of: name) ?? [])
      let expected = zip(a, b).map { 0.75 * Double($0) + 0.25 * Double($1) }
      let found = mismatch(
        actual: copy.values(of: name) ?? [], expected: expected,
        tolerance: Tolerance(absolute: 1e-7, relative: 1e-6))
      #expect(found == nil, "\(name)")
    }
    #expect(copy.values(of: "layers.1.runningMean") == [0.75, 0.25, 1, 0.25])
  }

  @Test func `the summary counts shapes, parameters and products of every layer`() throws {
    let network = try network([
      Conv2D(filters: 16, stride: 2, padding: .same), BatchNorm(), ReLU(), MaxPool2D(2), Flatten(),
      Dense(units: 10, useBias: false),
    ])
    let summary = network.summary
    #expect(
      summary.map(\.kind) == ["conv2D", "batchNorm", "relu", "maxPool2D", "flatten", "dense"])
    #expect(summary.map(\.name) == (0..<6).map { "layers.\($0)" })
    #expect(summary.map(\.outputShape.count) == [256, 256, 256, 64, 64, 10])
    #expect(summary.map(\.parameters) == [448, 32, 0, 0, 0, 640])
    #expect(summary.map(\.statistics) == [0, 32, 0, 0, 0, 0])
    // 16 pixels of 16 channels, each of 27 products.
    #expect(summary.map(\.multiplyAdds) == [6_912, 0, 0, 0, 0, 640])
    #expect(summary.reduce(0) { $0 + $1.parameters } == network.parameterCount)
  }

  @Test func `presets have the parameters of the networks they follow`() throws {
    // Counted by PyTorch for the same layers.
    let counts = [
      "seed": 813_217, "seed-bn": 813_345, "vgg": 389_153, "r10h": 1_233_201, "r18h": 2_801_841,
    ]
    for (name, count) in counts {
      let network = try Network(Architecture.preset(name))
      #expect(network.parameterCount == count, "\(name)")
      #expect(network.outputs == 1)
    }
    #expect(try Network(Architecture.preset("seed", outputs: 5)).outputs == 5)
    #expect(throws: ModelError.self) { try Architecture.preset("sead") }
  }

  @Test func `numbers out of range and layers that do not fit are refused`() {
    let wrong: [[any Layer]] = [
      [Conv2D(filters: 0)], [Conv2D(filters: 1, kernelSize: 0)], [Conv2D(filters: 1, stride: 0)],
      [Conv2D(filters: 1, kernelSize: 9)], [Conv2D(filters: 1, padding: .explicit(-1))],
      [Conv2D(filters: 1, padding: .explicit(3))], [MaxPool2D(0)], [MaxPool2D(9)],
      [MaxPool2D(2, stride: 0)], [MaxPool2D(2, padding: .explicit(2))], [AveragePool2D(9)],
      [Dense(units: 2)], [Flatten(), Dense(units: 0)], [Dropout(1)], [Dropout(-0.1)],
      [Dropout(.nan)], [BatchNorm(epsilon: 0)], [BatchNorm(statisticsUpdateRate: 1.1)],
      [Residual(body: [Conv2D(filters: 4, padding: .same)])], [MaxPool2D(16, padding: .same)],
      [Residual(body: [Conv2D(filters: 3, kernelSize: 9)])],
    ]
    for layers in wrong {
      #expect(throws: ModelError.self, "\(layers)") { try network(layers) }
    }
    for shape in [(0, 8, 3), (8, -1, 3), (8, 8, 0), (1 << 20, 8, 3)] {
      let input = Shape(height: shape.0, width: shape.1, channels: shape.2)
      #expect(throws: ModelError.self) { try Network(input: input, layers: [ReLU()]) }
    }
  }
}
