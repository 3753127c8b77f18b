import CNN
import Compute
import TestSupport
import Testing

/// Single layers and losses against PyTorch's tensors.
@Suite("Goldens: layers and losses")
struct GoldenLayerTests {
  private let tolerance = Tolerance(absolute: 1e-6, relative: 2e-6, scale: .largest)

  /// A probe of one layer with the fixture's tensors, its input and its output's gradient.
  private func run(
    _ fixture: Fixture, _ name: String, _ layer: any Layer, _ tensors: [String]
  ) throws -> (probe: LayerProbe, pass: LayerProbe.Pass) {
    let x = try fixture.tensor("\(name).x")
    let shape =
      x.shape.count == 4
      ? Shape(height: x.shape[1], width: x.shape[2], channels: x.shape[3])
      : Shape(features: x.shape[1])
    let probe = try LayerProbe(
      [layer], input: shape, batch: x.shape[0], engine: TestEngine.make())
    for tensor in tensors {
      let golden = try fixture.tensor("\(name).\(tensor)")
      #expect(probe.network.shape(of: "layers.0.\(tensor)") == golden.shape)
      try probe.network.setValues(golden.values, of: "layers.0.\(tensor)")
    }
    return (probe, probe.pass(x.values, try fixture.values("\(name).dy")))
  }

  private func expect(_ actual: [Float]?, _ fixture: Fixture, _ name: String) throws {
    let found = mismatch(
      actual: actual ?? [], expected: try fixture.values(name), tolerance: tolerance)
    #expect(found == nil, "\(name)")
  }

  private func geometry(_ fixture: Fixture, _ name: String) throws -> [Int] {
    try fixture.values("\(name).geometry").map { Int($0) }
  }

  @Test func `convolutions`() throws {
    let fixture = try Goldens.load("layers")
    for number in 0..<6 {
      let name = "conv\(number)"
      let numbers = try geometry(fixture, name)
      let filters = try fixture.tensor("\(name).filters").shape[3]
      let layer = Conv2D(
        filters: filters, kernelSize: numbers[0], stride: numbers[1],
        padding: .explicit(numbers[2]))
      let (_, pass) = try run(fixture, name, layer, ["filters", "bias"])
      try expect(pass.output, fixture, "\(name).y")
      try expect(pass.inputGradient, fixture, "\(name).dx")
      try expect(pass.gradients["layers.0.filters"], fixture, "\(name).dFilters")
      try expect(pass.gradients["layers.0.bias"], fixture, "\(name).dBias")
    }
  }

  @Test func `pools`() throws {
    let fixture = try Goldens.load("layers")
    for number in 0..<4 {
      let name = "maxPool\(number)"
      let numbers = try geometry(fixture, name)
      let layer = MaxPool2D(numbers[0], stride: numbers[1], padding: .explicit(numbers[2]))
      let (_, pass) = try run(fixture, name, layer, [])
      try expect(pass.output, fixture, "\(name).y")
      try expect(pass.inputGradient, fixture, "\(name).dx")
    }
    for number in 0..<3 {
      let name = "averagePool\(number)"
      let numbers = try geometry(fixture, name)
      // PyTorch's ceil_mode without counting padding is this padding where both start alike.
      let layer = AveragePool2D(numbers[0], stride: numbers[1], padding: .same)
      let (_, pass) = try run(fixture, name, layer, [])
      try expect(pass.output, fixture, "\(name).y")
      try expect(pass.inputGradient, fixture, "\(name).dx")
    }
    let (_, pass) = try run(fixture, "globalAverage", GlobalAveragePool2D(), [])
    try expect(pass.output, fixture, "globalAverage.y")
    try expect(pass.inputGradient, fixture, "globalAverage.dx")
  }

  @Test func `dense`() throws {
    let fixture = try Goldens.load("layers")
    let (_, pass) = try run(fixture, "dense", Dense(units: 17), ["weights", "bias"])
    try expect(pass.output, fixture, "dense.y")
    try expect(pass.inputGradient, fixture, "dense.dx")
    try expect(pass.gradients["layers.0.weights"], fixture, "dense.dWeights")
    try expect(pass.gradients["layers.0.bias"], fixture, "dense.dBias")
  }

  @Test func `batch normalization in both modes with its running statistics`() throws {
    let fixture = try Goldens.load("layers")
    for (number, (epsilon, rate)) in [(1e-5, 0.1), (1e-3, 0.01)].enumerated() {
      let name = "batchNorm\(number)"
      let layer = BatchNorm(epsilon: epsilon, statisticsUpdateRate: rate)
      let tensors = ["scale", "shift", "runningMean", "runningVariance"]
      let (probe, pass) = try run(fixture, name, layer, tensors)
      try expect(pass.output, fixture, "\(name).y")
      try expect(pass.inputGradient, fixture, "\(name).dx")
      try expect(pass.gradients["layers.0.scale"], fixture, "\(name).dScale")
      try expect(pass.gradients["layers.0.shift"], fixture, "\(name).dShift")
      let network = probe.network
      try expect(network.values(of: "layers.0.runningMean"), fixture, "\(name).nextMean")
      try expect(network.values(of: "layers.0.runningVariance"), fixture, "\(name).nextVariance")
      for tensor in tensors {
        try network.setValues(try fixture.values("\(name).\(tensor)"), of: "layers.0.\(tensor)")
      }
      let inference = try probe.inference(try fixture.values("\(name).x"))
      try expect(inference, fixture, "\(name).inference")
    }
  }

  @Test func `losses and their gradients, at logits of 100 and 1000 as well`() throws {
    let fixture = try Goldens.load("losses")
    let workers = try TestEngine.make().workers
    let cases = fixture.names.filter { $0.hasSuffix(".logits") }.map { $0.dropLast(7) }
    #expect(cases.count == 8)
    for name in cases {
      let logits = try fixture.tensor("\(name).logits")
      let targets = try fixture.values("\(name).targets").map { Int32($0) }
      let smoothing = Double(try fixture.scalar("\(name).labelSmoothing"))
      let outputs = logits.shape[1]
      let gradient = GuardedBuffer(count: logits.values.count)
      let result = logits.values.withUnsafeBufferPointer {
        Loss.standard(outputs: outputs, labelSmoothing: smoothing).evaluate(
          logits: $0, outputs: outputs, targets: targets, workers: workers,
          gradient: gradient.floats)
      }
      let expected = Double(try fixture.scalar("\(name).loss"))
      #expect(abs(result.loss - expected) <= 1e-7 * expected, "\(name)")
      let found = mismatch(
        actual: gradient.values, expected: try fixture.values("\(name).gradient"),
        tolerance: Tolerance(absolute: 1e-12, relative: 1e-6))
      #expect(found == nil, "\(name)")
    }
  }
}
