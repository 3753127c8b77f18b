import CNN
import TestSupport
import Testing

/// Layers behind each other, where the product joins operations, shares memory and adds gradients.
@Suite("Layers in a network")
struct ComposedLayerTests {
  /// Rounding errors of a few layers, normalizations over few pixels among them.
  private let tolerance = Tolerance(absolute: 1e-6, relative: 2e-5, scale: .largest)

  private static func conv(
    _ filters: Int, _ kernel: Int = 3, stride: Int = 1, bias: Bool = false
  ) -> Conv2D {
    Conv2D(
      filters: filters, kernelSize: kernel, stride: stride, padding: .explicit(kernel / 2),
      useBias: bias)
  }

  private static func depthwise(
    _ channels: Int, _ kernel: Int = 3, stride: Int = 1
  ) -> Conv2D {
    Conv2D(
      filters: channels, kernelSize: kernel, stride: stride, padding: .same, groups: channels,
      useBias: false)
  }

  static let networks: [(name: String, layers: [any Layer])] = [
    ("convolution, rectifier", [conv(6, bias: true), ReLU()]),
    ("normalization, rectifier", [BatchNorm(), ReLU()]),
    ("dense, rectifier", [Flatten(), Dense(units: 19), ReLU()]),
    ("dense, rectifier, dense", [Flatten(), Dense(units: 32), ReLU(), Dense(units: 3)]),
    ("rectifier first", [ReLU(), conv(4)]),
    ("two rectifiers", [conv(4), ReLU(), ReLU()]),
    ("rectifier behind flatten", [conv(4), Flatten(), ReLU(), Dense(units: 5)]),
    ("rectifier behind a pool", [MaxPool2D(2), ReLU(), AveragePool2D(2, padding: .same), ReLU()]),
    ("overlapping pools", [MaxPool2D(3, stride: 1, padding: .same), MaxPool2D(3, stride: 2)]),
    ("convolutions", [conv(8), BatchNorm(), ReLU(), conv(17), BatchNorm(), ReLU(), MaxPool2D(2)]),
    ("global average", [conv(33), ReLU(), GlobalAveragePool2D(), Dense(units: 7)]),
    ("depthwise, normalized", [conv(8), BatchNorm(), ReLU(), depthwise(8), BatchNorm(), ReLU()]),
    ("depthwise behind a pool", [BatchNorm(), MaxPool2D(2), depthwise(5), BatchNorm(), ReLU()]),
    ("pool behind depthwise", [depthwise(5), BatchNorm(), ReLU(), MaxPool2D(2), conv(3)]),
    (
      "an inverted bottleneck",
      [
        conv(5), BatchNorm(), Activate(.relu6),
        Residual(
          body: [
            conv(24, 1), BatchNorm(), Activate(.relu6), depthwise(24, 5), BatchNorm(),
            Activate(.relu6), conv(5, 1), BatchNorm(),
          ], rectifies: false),
        conv(3), ReLU(),
      ]
    ),
    (
      "a bottleneck with a gate",
      [
        conv(5),
        Residual(
          body: [
            conv(17, 1), BatchNorm(), Activate(.silu), depthwise(17, 3, stride: 2), BatchNorm(),
            Activate(.hardSwish), Gate(channels: 17, squeezed: 4, gate: .hardSigmoid),
            conv(6, 1), BatchNorm(),
          ], shortcut: [AveragePool2D(2, padding: .same), conv(6, 1)], rectifies: false),
        ReLU(), GlobalAveragePool2D(), Dense(units: 3), Activate(.sigmoid),
      ]
    ),
    ("functions in a row", [conv(9), Activate(.silu), Activate(.hardSigmoid), MaxPool2D(2)]),
    ("a pool behind a function", [conv(8, bias: true), Activate(.hardSwish), MaxPool2D(2)]),
    ("a sum that is normalized", [Residual(body: [conv(5)], rectifies: false), BatchNorm()]),
    (
      "gates",
      [Gate(channels: 5, squeezed: 2, activation: .silu), Gate(body: [GlobalAveragePool2D()])]
    ),
    ("identity twice", [Residual(body: [], shortcut: [])]),
    ("identity around a convolution", [conv(5), Residual(body: [conv(5)]), conv(3)]),
    ("rectifier in a block", [conv(5), Residual(body: [ReLU(), conv(5)]), ReLU()]),
    ("rectifiers on both ways", [Residual(body: [ReLU()], shortcut: [ReLU(), conv(5)])]),
    ("pool around a pool", [Residual(body: [MaxPool2D(2)], shortcut: [AveragePool2D(2)])]),
    (
      "vectors in a block",
      [
        Residual(
          body: [Flatten(), Dense(units: 11)], shortcut: [GlobalAveragePool2D(), Dense(units: 11)])
      ]
    ),
    (
      "blocks in a block",
      [
        conv(4),
        Residual(
          body: [conv(4), Residual(body: [conv(4), BatchNorm()]), Residual(body: [conv(4)])],
          shortcut: [Residual(body: [conv(4, 1)]), BatchNorm()]),
        BatchNorm(), ReLU(),
      ]
    ),
    (
      "a block that halves",
      [
        conv(4), BatchNorm(), ReLU(),
        Residual(
          body: [conv(9, stride: 2), BatchNorm(), ReLU(), conv(9), BatchNorm()],
          shortcut: [AveragePool2D(2, padding: .same), conv(9, 1), BatchNorm()]),
        Residual(body: [conv(9), BatchNorm(), ReLU(), conv(9), BatchNorm()]),
        GlobalAveragePool2D(), Dense(units: 2),
      ]
    ),
  ]

  @Test func `every combination has the outputs and gradients of its parts`() throws {
    for (index, (name, layers)) in ComposedLayerTests.networks.enumerated() {
      try check(name, layers, Shape(height: 6, width: 8, channels: 5), batch: 3, salt: index)
    }
  }

  /// A backward pass works on some rows of such maps after the others.
  @Test(arguments: [3, 5], [ActivationFunction.relu6, .hardSwish])
  func `maps of several bands have the gradients of their parts`(
    kernel: Int, function: ActivationFunction
  ) throws {
    let layers: [any Layer] = [
      ComposedLayerTests.conv(64, 1), BatchNorm(), Activate(function),
      ComposedLayerTests.depthwise(64, kernel), BatchNorm(), Activate(function),
      ComposedLayerTests.depthwise(64, kernel, stride: 2), BatchNorm(), ReLU(),
      ComposedLayerTests.conv(6, 1), BatchNorm(),
    ]
    try check(
      "\(kernel), \(function)", layers, ComposedLayerTests.bands, batch: 2, salt: 1000)

    var random = RandomValues(seed: 62)
    let probe = { threads in
      try LayerProbe(
        layers, input: ComposedLayerTests.bands, batch: 2,
        engine: TestEngine.make(threads: threads))
    }
    let first = try probe(1)
    let (images, dy) = (random.normals(first.inputCount), random.normals(first.outputCount))
    let expected = first.pass(images, dy)
    let found = try probe(3).pass(images, dy)
    #expect(bitMismatch(found.inputGradient, expected.inputGradient) == nil)
    for (tensor, gradient) in expected.gradients {
      #expect(bitMismatch(found.gradients[tensor] ?? [], gradient) == nil, "\(tensor)")
    }
  }

  private static let bands = Shape(height: 13, width: 40, channels: 5)

  private func check(
    _ name: String, _ layers: [any Layer], _ shape: Shape, batch: Int, salt: Int
  ) throws {
    let probe = try LayerProbe(layers, input: shape, batch: batch, engine: TestEngine.make())
    var random = RandomValues(seed: 61, salt: salt)
    let images = random.normals(probe.inputCount)
    let dy = random.normals(probe.outputCount)
    var reference = ReferenceNetwork(probe.network)
    let expected = reference.pass(images) { _ in dy.map(Double.init) }
    let pass = probe.pass(images, dy)

    let output = mismatch(
      actual: pass.output, expected: expected.output, tolerance: tolerance)
    #expect(output == nil, "output of \(name)")
    let dx = mismatch(
      actual: pass.inputGradient, expected: expected.inputGradient, tolerance: tolerance)
    #expect(dx == nil, "input gradient of \(name)")
    for tensor in probe.network.tensorNames {
      if let wanted = reference.gradients[tensor] {
        let found = mismatch(
          actual: pass.gradients[tensor] ?? [], expected: wanted, tolerance: tolerance)
        #expect(found == nil, "gradient of \(tensor) in \(name)")
      } else {
        let found = mismatch(
          actual: probe.network.values(of: tensor) ?? [],
          expected: reference.tensors[tensor] ?? [], tolerance: tolerance)
        #expect(found == nil, "\(tensor) in \(name)")
      }
    }
    #expect(pass.gradients.count == reference.gradients.count, "\(name)")
  }
}
