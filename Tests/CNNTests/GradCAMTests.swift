import CNN
import TestSupport
import Testing

/// Grad-CAM against PyTorch, against gradients by differences, and what it must keep to.
@Suite("Grad-CAM")
struct GradCAMTests {
  private static let cases: [(golden: GoldenNetworkTests.Golden, layers: [Int])] = [
    (GoldenNetworkTests.all[0], [1, 4]), (GoldenNetworkTests.all[1], [0, 6]),
    (GoldenNetworkTests.all[2], [3, 8, 13, 17]),
  ]

  /// Images that the fixture has heat of.
  private let images = 3

  private func network(_ golden: GoldenNetworkTests.Golden) throws -> (Network, [Float]) {
    let fixture = try Goldens.load(golden.file)
    let network = try Network(golden.architecture)
    for name in network.tensorNames {
      try network.setValues(try fixture.values("initial.\(name)"), of: name)
    }
    let pixels = try fixture.values("images").prefix(images * network.architecture.input.count)
    return (network, Array(pixels))
  }

  @Test(arguments: [0, 1, 2], [ConvolutionMethod.direct, .winograd])
  func `is PyTorch's, at the last maps and at earlier ones`(
    number: Int, method: ConvolutionMethod
  ) throws {
    let (golden, layers) = GradCAMTests.cases[number]
    let (network, pixels) = try network(golden)
    let fixture = try Goldens.load("gradcam")
    #expect(network.architecture.mapLayer == layers.last)
    for set in TestEngine.instructionSets {
      let engine = try Engine(threads: 2, instructionSet: set, convolution: method)
      for layer in layers {
        // Two at a time: the last batch is not full.
        let gradCAM = try GradCAM(network: network, layer: layer, batchSize: 2, engine: engine)
        for label in 0..<max(2, network.outputs) {
          let heat = try gradCAM.heat(
            images: pixels, classes: [Int](repeating: label, count: images))
          let name = "\(golden.file).\(layer).\(label)"
          let expected = try fixture.tensor(name)
          #expect(expected.shape == [images, gradCAM.maps.height, gradCAM.maps.width])
          // Of the greatest heat, so also of maps that are scaled by it.
          let found = mismatch(
            actual: heat.flatMap { $0 }, expected: expected.values,
            tolerance: Tolerance(absolute: 1e-6, relative: 2e-5, scale: .largest))
          #expect(found == nil, "\(name) with \(set), \(method)")
        }
      }
    }
  }

  @Test func `is the sum of maps weighted by gradients taken by differences`() throws {
    // The whole way from the maps to the logit in inference mode: normalization, dropout, a block,
    // pooling, flattening and dense layers.
    let back: [any Layer] = [
      BatchNorm(), Dropout(0.5),
      Residual(
        body: [Conv2D(filters: 3, padding: .same), BatchNorm()],
        shortcut: [Conv2D(filters: 3, kernelSize: 1)]),
      AveragePool2D(2), Flatten(), Dropout(0.3), Dense(units: 4), BatchNorm(), ReLU(),
      Dense(units: 3),
    ]
    let network = try Network(
      input: Shape(height: 6, width: 7, channels: 2), layers: [Conv2D(filters: 3)] + back, seed: 8)
    var random = RandomValues(seed: 31, salt: 0)
    for name in network.tensorNames where !name.hasSuffix("filters") && !name.hasSuffix("weights") {
      let count = try #require(network.values(of: name)).count
      try network.setValues(
        random.floats(count, in: name.hasSuffix("Mean") ? -0.5...0.5 : 0.5...1.5), of: name)
    }
    let pixels = random.normals(network.architecture.input.count)
    let engine = try TestEngine.make()
    let front = try Network(
      input: network.architecture.input, layers: [Conv2D(filters: 3)])
    try front.copyTensors(from: network)
    let rest = try Network(input: Shape(height: 4, width: 5, channels: 3), layers: back)
    try rest.copyTensors(from: network) { Architecture.path($0, movedBy: 1) }
    let maps = try InferenceSession(network: front, batchSize: 1, engine: engine)
      .logits(for: pixels)
    let session = try InferenceSession(network: rest, batchSize: 60, engine: engine)
    for label in 0..<3 {
      // The logit is piecewise linear in the maps: a long step is exact but at kinks.
      let step: Float = 2e-3
      var weights = [Double](repeating: 0, count: 3)
      for index in maps.indices {
        var moved = maps + maps
        moved[index] += step
        moved[maps.count + index] -= step
        let logits = try session.logits(for: moved)
        let slope = Double(logits[label] - logits[3 + label]) / Double(2 * step)
        weights[index % 3] += slope / 20
      }
      var expected = [Float](repeating: 0, count: 20)
      for pixel in expected.indices {
        var sum = 0.0
        for k in 0..<3 { sum += weights[k] * Double(maps[3 * pixel + k]) }
        expected[pixel] = Float(max(0, sum))
      }
      let gradCAM = try GradCAM(network: network, layer: 0, batchSize: 1, engine: engine)
      let heat = try gradCAM.heat(images: pixels, classes: [label])[0]
      let found = mismatch(
        actual: heat, expected: expected,
        // What single precision and a kink within a step leave; the heat is some hundredths.
        tolerance: Tolerance(absolute: 5e-4, relative: 1e-3, scale: .largest))
      #expect(found == nil, "class \(label)")
    }
  }

  @Test(arguments: Architecture.presetNames)
  func `finds maps in every preset, and an image's heat does not depend on the others`(
    preset: String
  ) throws {
    let maps = [
      "seed": (4, 27), "seed-bn": (6, 27), "vgg": (14, 8), "r10h": (13, 2), "r18h": (17, 2),
      "resnet18": (11, 2), "resnet34": (19, 2), "mobilenet_v2": (68, 2),
      "resnet50": (19, 2), "mobilenet_v3_small": (52, 2), "mobilenet_v3_large": (58, 2),
      "efficientnet_b0": (74, 2), "tf_efficientnet_b0": (74, 2),
      "efficientnet_lite0": (67, 2), "efficientnet_lite1": (72, 2), "efficientnet_lite2": (72, 2),
    ]
    let network = try Network(.preset(preset, size: preset.hasPrefix("seed") ? 60 : 64))
    let (layer, side) = try #require(maps[preset])
    var random = RandomValues(seed: 4, salt: 2)
    let sample = network.architecture.input.count
    let pixels = random.normals(5 * sample)
    var found: [[Float]] = []
    for (threads, batch) in [(1, 1), (2, 3), (3, 8)] {
      let gradCAM = try GradCAM(
        network: network, batchSize: batch, engine: TestEngine.make(threads: threads))
      #expect(gradCAM.layer == layer && gradCAM.maps.height == side && gradCAM.maps.width == side)
      found.append(try gradCAM.heat(images: pixels, classes: [0, 1, 0, 1, 1]).flatMap { $0 })
    }
    #expect(found[0] == found[1] && found[0] == found[2])
    #expect(found[0].contains { $0 > 0 } && found[0].allSatisfy { $0 >= 0 && $0.isFinite })
  }

  @Test func `chooses the last map that a convolution gives`() throws {
    func layer(_ layers: [any Layer], side: Int = 9) -> Int? {
      Architecture(
        name: "own", input: Shape(height: side, width: side, channels: 3), layers: layers
      ).mapLayer
    }
    let conv = Conv2D(filters: 4)
    let head: [any Layer] = [GlobalAveragePool2D(), Dense(units: 1)]
    #expect(layer([conv, conv] + head) == 1)
    #expect(layer([conv, BatchNorm(), ReLU(), MaxPool2D(2)] + head) == 2)
    #expect(layer([conv, MaxPool2D(2), ReLU()] + head) == 0)
    // A convolution over the whole map is a dense layer by another name.
    #expect(layer([conv, ReLU(), Conv2D(filters: 1, kernelSize: 7), Flatten()]) == 1)
    // What it gives may be the logits themselves.
    #expect(layer([conv, Conv2D(filters: 1, kernelSize: 6), Flatten()]) == 0)
    // A block without a convolution is none of them.
    let block = Residual(body: [BatchNorm()])
    #expect(layer([conv, block] + head) == 0)
    #expect(
      layer([MaxPool2D(3), Residual(body: [Conv2D(filters: 3, padding: .same)])] + head) == 1)
    #expect(layer([Flatten(), Dense(units: 1)]) == nil)
    #expect(layer([conv, Flatten(), Dense(units: 1)], side: 3) == nil)
  }

  @Test func `refuses a network without maps, and values that do not fit`() throws {
    let engine = try TestEngine.make()
    let flat = try Network(
      input: Shape(height: 4, width: 4, channels: 3), layers: [Flatten(), Dense(units: 1)])
    #expect(throws: ModelError.self) {
      try GradCAM(network: flat, batchSize: 1, engine: engine)
    }
    let network = try Network(
      input: Shape(height: 4, width: 4, channels: 1),
      layers: [Conv2D(filters: 2), Flatten(), Dense(units: 1)])
    let gradCAM = try GradCAM(network: network, batchSize: 1, engine: engine)
    let image = [Float](repeating: 1, count: 16)
    #expect(throws: ModelError.target(expected: "in 0..<2", found: 2)) {
      try gradCAM.heat(images: image, classes: [2])
    }
    #expect(throws: ModelError.length(of: "images", expected: 32, found: 16)) {
      try gradCAM.heat(images: image, classes: [0, 1])
    }
    #expect(throws: ModelError.self) {
      try GradCAM(network: network, layer: 2, batchSize: 1, engine: engine)
    }
    #expect(try gradCAM.heat(images: [], classes: []) == [])
  }
}
