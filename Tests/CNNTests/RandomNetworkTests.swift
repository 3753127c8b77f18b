import CNN
import Compute
import Primitives
import TestSupport
import Testing

/// Networks of every layer in every order against the reference in Double: what one operation does
/// for another behind it or before it must not show, whatever these are.
@Suite("Random networks")
struct RandomNetworkTests {
  /// Networks whose parts touch channels that flattening has renumbered.
  private static let renumbered: [[any Layer]] = [
    [Conv2D(filters: 4, kernelSize: 3), Flatten(), BatchNorm(), Dense(units: 2)],
    [Conv2D(filters: 4, kernelSize: 3, useBias: false), Flatten(), BatchNorm(), ReLU()],
    [Conv2D(filters: 16, padding: .same), Conv2D(filters: 16), Flatten(), BatchNorm()],
    [BatchNorm(), Flatten(), Conv2D(filters: 3, kernelSize: 1), Dense(units: 2)],
    [Conv2D(filters: 3), BatchNorm(), Flatten(), Conv2D(filters: 5, kernelSize: 1)],
    [Conv2D(filters: 3), BatchNorm(), Flatten(), ReLU(), BatchNorm(), Dense(units: 3)],
    [Conv2D(filters: 3), BatchNorm(), ReLU(), MaxPool2D(2), Flatten(), BatchNorm()],
    [Flatten(), Dense(units: 6), BatchNorm(), Flatten(), Dense(units: 2), BatchNorm()],
    [
      Conv2D(filters: 3, useBias: false),
      Residual(body: [BatchNorm(), Flatten()], shortcut: [Flatten(), BatchNorm()]),
    ],
    [Residual(body: [Flatten(), BatchNorm()], shortcut: [Flatten()]), Dense(units: 2)],
    [
      Residual(body: [Flatten(), BatchNorm()], shortcut: [BatchNorm(), Flatten()]), Dense(units: 1),
    ],
  ]

  @Test(arguments: renumbered.indices)
  func `flattening renumbers channels, and every operation knows it`(index: Int) throws {
    let drawn = RandomNetwork(
      layers: RandomNetworkTests.renumbered[index], input: Shape(height: 6, width: 5, channels: 3),
      batch: 24)
    #expect(try drawn.isWellConditioned(salt: index))
    for threads in TestEngine.threadCounts {
      for method in [ConvolutionMethod.direct, .winograd] {
        let wrong = try drawn.differences(threads: threads, method: method, salt: index)
        #expect(wrong.isEmpty, "\(drawn): \(wrong.joined(separator: "; "))")
      }
    }
  }

  /// Seeds of groups of networks: each group is one test.
  @Test(arguments: 0..<8)
  func `answers, outputs, gradients and statistics are the reference's`(group: Int) throws {
    var compared = 0
    for number in 0..<40 {
      var random = RandomValues(seed: 171, salt: 100 * group + number)
      let drawn = RandomNetwork(&random)
      guard try drawn.isWellConditioned(salt: number) else { continue }
      compared += 1
      let wrong = try drawn.differences(
        threads: TestEngine.threadCounts[number % 3],
        method: number % 2 == 0 ? .direct : .winograd, salt: number)
      #expect(wrong.isEmpty, "\(group).\(number) \(drawn): \(wrong.joined(separator: "; "))")
    }
    // Where most are left out nothing is tested.
    #expect(compared > 20, "\(compared) of 40")
  }
}

/// A network with inputs of its own.
private struct RandomNetwork: CustomStringConvertible {
  var layers: [any Layer]
  var input: Shape
  var batch: Int

  var description: String {
    let architecture = Architecture(name: "random", input: input, layers: layers)
    return "\(input), \(batch) images: \(architecture.json)"
  }

  init(layers: [any Layer], input: Shape, batch: Int) {
    (self.layers, self.input, self.batch) = (layers, input, batch)
  }

  init(_ random: inout RandomValues) {
    var maker = Maker(random: random)
    input = Shape(
      height: maker.number(1...11), width: maker.number(1...11),
      channels: maker.pick([1, 2, 3, 4, 8, 16, 17]))
    batch = maker.number(1...5)
    maker.batch = batch
    var shape = input
    layers = []
    while layers.isEmpty || layers.allSatisfy({ $0 is Flatten }) {
      shape = input
      layers = maker.layers(maker.number(1...8), &shape, depth: 0)
    }
    random = maker.random
  }

  private func images(_ salt: Int) -> [Float] {
    var random = RandomValues(seed: 172, salt: salt)
    return random.normals(batch * input.count)
  }

  private func cotangent(_ count: Int, _ salt: Int) -> [Float] {
    var random = RandomValues(seed: 173, salt: salt)
    return random.normals(count)
  }

  private func probe(threads: Int, method: ConvolutionMethod) throws -> LayerProbe {
    try LayerProbe(
      layers, input: input, batch: batch,
      engine: TestEngine.make(threads: threads, convolution: method))
  }

  /// Whether the reference itself keeps its gradients where its images change a little: no
  /// rectifier or window stands on an edge, and nothing is normalised over a handful of values that
  /// are nearly the same.
  func isWellConditioned(salt: Int) throws -> Bool {
    let probe = try probe(threads: 1, method: .direct)
    let images = images(salt)
    let cotangent = cotangent(probe.outputCount, salt)
    func gradients(_ images: [Float]) -> [String: [Double]] {
      var reference = ReferenceNetwork(probe.network)
      let pass = reference.pass(images) { _ in cotangent.map(Double.init) }
      return reference.gradients.merging(["input": pass.inputGradient, "output": pass.output]) {
        $1
      }
    }
    let expected = gradients(images)
    let largest = RandomNetwork.largest(expected)
    var random = RandomValues(seed: 174, salt: salt)
    return (0..<2).allSatisfy { _ in
      let moved = zip(images, random.floats(images.count)).map { $0 + 3e-5 * $1 }
      let found = gradients(moved)
      return expected.allSatisfy { name, values in
        mismatch(
          actual: found[name] ?? [], expected: values,
          tolerance: RandomNetwork.tolerance(largest)) == nil
      }
    }
  }

  /// A gradient that is zero but for rounding, as that of a bias before a normalization, is judged
  /// by the others.
  private static func tolerance(_ largest: Double) -> Tolerance {
    Tolerance(absolute: 1e-5 * largest, relative: 1e-3, scale: .largest)
  }

  private static func largest(_ tensors: [String: [Double]]) -> Double {
    tensors.values.reduce(0) { max($0, $1.reduce(0) { max($0, abs($1)) }) }
  }

  /// What differs from the reference, after a pass of NaN through the same memory.
  func differences(
    threads: Int, method: ConvolutionMethod, salt: Int
  ) throws -> [String] {
    let probe = try probe(threads: threads, method: method)
    let names = probe.network.tensorNames
    let values = names.map { probe.network.values(of: $0) ?? [] }
    _ = probe.pass(
      [Float](repeating: .nan, count: probe.inputCount),
      [Float](repeating: .nan, count: probe.outputCount))
    for (name, values) in zip(names, values) { try probe.network.setValues(values, of: name) }

    let images = images(salt)
    let cotangent = cotangent(probe.outputCount, salt)
    var reference = ReferenceNetwork(probe.network)
    var wrong: [String] = []
    func compare(_ name: String, _ found: [Float], _ expected: [Double], _ largest: Double) {
      let difference = mismatch(
        actual: found, expected: expected, tolerance: RandomNetwork.tolerance(largest))
      if let difference { wrong.append("\(name): \(difference)") }
    }
    let answer = reference.answer(images)
    let most = answer.reduce(0) { max($0, abs($1)) }
    for size in Set([1, 2, batch]) {
      compare("answers by \(size)", try probe.inference(images, batch: size), answer, most)
    }
    let expected = reference.pass(images) { _ in cotangent.map(Double.init) }
    let found = probe.pass(images, cotangent)
    compare("output", found.output, expected.output, 0)
    let largest = RandomNetwork.largest(
      reference.gradients.merging(["input": expected.inputGradient]) { $1 })
    compare("input's gradient", found.inputGradient, expected.inputGradient, largest)
    for (name, gradient) in reference.gradients {
      compare("gradient of \(name)", found.gradients[name] ?? [], gradient, largest)
    }
    for name in names where name.contains("running") {
      compare(name, probe.network.values(of: name) ?? [], reference.tensors[name] ?? [], 0)
    }
    return wrong
  }
}

/// Draws layers that fit one behind the other.
private struct Maker {
  var random: RandomValues
  var batch = 1

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + random.stream.index(below: range.count)
  }

  mutating func pick<T>(_ choices: [T]) -> T { choices[random.stream.index(below: choices.count)] }

  mutating func layers(_ count: Int, _ shape: inout Shape, depth: Int) -> [any Layer] {
    var result: [any Layer] = []
    for _ in 0..<count {
      if let layer = layer(&shape, depth: depth) { result.append(layer) }
    }
    return result
  }

  /// A layer over `shape`, which becomes that of its output; nil where what was drawn does not fit.
  private mutating func layer(_ shape: inout Shape, depth: Int) -> (any Layer)? {
    switch number(0...12) {
    case 0, 1, 2:
      guard shape.channels < 200 else { return nil }
      let size = pick([1, 2, 3, 3, 3, 5])
      let layer = Conv2D(
        filters: pick([1, 2, 3, 5, 8, 16, 16, 17]), kernelSize: size,
        stride: pick([1, 1, 1, 2, 3]),
        padding: padding(size), useBias: number(0...1) == 1)
      return fit(layer, layer.filters, size, layer.stride, layer.padding, &shape)
    case 3, 4:
      // Normalising a handful of values magnifies every rounding.
      return batch * shape.pixels >= 16 ? BatchNorm() : nil
    case 5: return ReLU()
    case 6:
      let size = number(1...3)
      let layer = MaxPool2D(size, stride: number(1...3), padding: padding(size))
      return fit(layer, shape.channels, size, layer.stride, layer.padding, &shape)
    case 7:
      let size = number(1...3)
      let layer = AveragePool2D(size, stride: number(1...3), padding: padding(size))
      return fit(layer, shape.channels, size, layer.stride, layer.padding, &shape)
    case 8:
      guard number(0...2) == 0 else { return nil }
      shape = Shape(features: shape.channels)
      return GlobalAveragePool2D()
    case 9:
      guard shape.pixels == 1 || number(0...1) == 0 else { return nil }
      if shape.pixels > 1 {
        shape = Shape(features: shape.count)
        return Flatten()
      }
      guard shape.count < 600 else { return nil }
      let units = number(1...20)
      shape = Shape(features: units)
      return Dense(units: units, useBias: number(0...1) == 1)
    case 10: return Activate(pick(ActivationFunction.allCases))
    case 11:
      let size = pick([1, 2, 3, 3, 5, 7])
      let channels = shape.channels
      let layer = Conv2D(
        filters: channels * (number(0...3) == 0 && channels < 10 ? 2 : 1), kernelSize: size,
        stride: pick([1, 1, 2, 3]), padding: padding(size),
        groups: number(0...3) == 0 && channels % 2 == 0 ? channels / 2 : channels,
        useBias: number(0...1) == 1)
      return fit(layer, layer.filters, size, layer.stride, layer.padding, &shape)
    default:
      if number(0...2) == 0 {
        return Gate(
          channels: shape.channels, squeezed: number(1...4),
          activation: pick([nil, .silu, .relu6]), gate: pick([.sigmoid, .hardSigmoid]))
      }
      return depth < 2 ? residual(&shape, depth: depth) : nil
    }
  }

  private mutating func padding(_ size: Int) -> Padding {
    pick([.valid, .same, .explicit(number(0...(size / 2)))])
  }

  private func fit(
    _ layer: any Layer, _ channels: Int, _ size: Int, _ stride: Int, _ padding: Padding,
    _ shape: inout Shape
  ) -> (any Layer)? {
    func extent(_ side: Int) -> Int {
      switch padding {
      case .same: (side + stride - 1) / stride
      case .valid: side < size ? 0 : (side - size) / stride + 1
      case .explicit(let zeros):
        side + 2 * zeros < size ? 0 : (side + 2 * zeros - size) / stride + 1
      }
    }
    let (height, width) = (extent(shape.height), extent(shape.width))
    guard height > 0, width > 0 else { return nil }
    shape = Shape(height: height, width: width, channels: channels)
    return layer
  }

  /// A block whose way around has the shape of its body: the input itself, or what makes it fit.
  private mutating func residual(_ shape: inout Shape, depth: Int) -> (any Layer)? {
    let before = shape
    let body = layers(number(1...4), &shape, depth: depth + 1)
    guard !body.isEmpty else { return nil }
    var around: [any Layer] = []
    if shape.count == before.count, shape != before {
      around = number(0...1) == 0 ? [Flatten()] : [BatchNorm(), Flatten()]
      guard shape.pixels == 1, batch * before.pixels >= 16 else {
        shape = before
        return nil
      }
    } else if shape != before {
      // Any map comes to any channels of one pixel.
      around = [GlobalAveragePool2D(), Dense(units: shape.channels)]
      guard shape.pixels == 1 else {
        shape = before
        return nil
      }
    } else if number(0...1) == 0, batch * shape.pixels >= 16 {
      around = [BatchNorm()]
    }
    return Residual(body: body, shortcut: around, rectifies: number(0...1) == 0)
  }
}
