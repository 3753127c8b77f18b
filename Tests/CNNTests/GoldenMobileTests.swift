import CNN
import Compute
import TestSupport
import Testing

/// The layers of mobile networks against PyTorch's tensors.
@Suite("Goldens: layers of mobile networks")
struct GoldenMobileTests {
  private let tolerance = Tolerance(absolute: 1e-6, relative: 2e-6, scale: .largest)

  /// Compares a layer's output and gradients; `filters` are the paths of its convolutions.
  private func check(_ name: String, _ layer: any Layer, filters: [String] = []) throws {
    let fixture = try Goldens.load("mobile")
    let x = try fixture.tensor("\(name).x")
    let probe = try LayerProbe(
      [layer], input: Shape(height: x.shape[1], width: x.shape[2], channels: x.shape[3]),
      batch: x.shape[0], engine: TestEngine.make())
    for path in filters {
      for tensor in ["filters", "bias"] {
        let golden = try fixture.tensor("\(name).\(path)\(tensor)")
        #expect(probe.network.shape(of: "layers.0.\(path)\(tensor)") == golden.shape)
        try probe.network.setValues(golden.values, of: "layers.0.\(path)\(tensor)")
      }
    }
    let pass = probe.pass(x.values, try fixture.values("\(name).dy"))
    func expect(_ actual: [Float]?, _ golden: String) throws {
      let found = mismatch(
        actual: actual ?? [], expected: try fixture.values("\(name).\(golden)"),
        tolerance: tolerance)
      #expect(found == nil, "\(name).\(golden)")
    }
    try expect(pass.output, "y")
    try expect(pass.inputGradient, "dx")
    try expect(try probe.inference(x.values), "y")
    for path in filters {
      try expect(pass.gradients["layers.0.\(path)filters"], "\(path)dFilters")
      try expect(pass.gradients["layers.0.\(path)bias"], "\(path)dBias")
    }
  }

  @Test(arguments: 0..<8)
  func `depthwise and grouped convolutions`(number: Int) throws {
    let fixture = try Goldens.load("mobile")
    let numbers = try fixture.values("conv\(number).geometry").map { Int($0) }
    let filters = try fixture.tensor("conv\(number).filters").shape[3]
    let layer = Conv2D(
      filters: filters, kernelSize: numbers[0], stride: numbers[1],
      padding: .explicit(numbers[0] / 2), groups: numbers[2])
    try check("conv\(number)", layer, filters: [""])
  }

  @Test(arguments: ActivationFunction.allCases)
  func `activation functions`(function: ActivationFunction) throws {
    try check(function.rawValue, Activate(function))
  }

  @Test func `squeeze-and-excitation`() throws {
    let gates = [
      Gate(channels: 24, squeezed: 6, gate: .hardSigmoid),
      Gate(channels: 24, squeezed: 6, activation: .silu),
    ]
    for (number, gate) in gates.enumerated() {
      try check("gate\(number)", gate, filters: ["body.1.", "body.3."])
    }
  }
}
