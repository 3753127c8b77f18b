import CNN
import Foundation
import TestSupport
import Testing

/// A network of three layers with weights before the head, without kinks.
private let layers: [any Layer] = [
  Conv2D(filters: 6, useBias: false), BatchNorm(), Activate(.silu),
  Residual(
    body: [Conv2D(filters: 6, padding: .same, useBias: false), BatchNorm()], rectifies: false),
  GlobalAveragePool2D(), Dense(units: 5), Activate(.silu), Dense(units: 3),
]
private let input = Shape(height: 8, width: 8, channels: 3)

private func network(_ layers: [any Layer] = layers) throws -> Network {
  let network = try Network(input: input, layers: layers, seed: 3)
  for (index, name) in network.tensorNames.enumerated() where name.contains("running") {
    var random = RandomValues(seed: 5, salt: index)
    let values = random.normals(6).map { name.contains("Mean") ? $0 : 0.5 + $0 * $0 }
    try network.setValues(values, of: name)
  }
  return network
}

private func batch(_ salt: Int = 1) -> (images: [Float], targets: [Int32]) {
  var random = RandomValues(seed: 11, salt: salt)
  return (random.normals(4 * input.count), random.targets(4, classes: 3))
}

/// Mean cross-entropy of a network's answers, as prediction gives them.
private func loss(_ network: Network) throws -> Double {
  let (images, targets) = batch()
  let logits = try InferenceSession(
    network: network, batchSize: 4, engine: TestEngine.make()
  ).logits(for: images).map(Double.init)
  return targets.enumerated().reduce(0) { sum, target in
    let row = logits[(3 * target.offset)..<(3 * target.offset + 3)]
    let total = row.reduce(0) { $0 + exp($1) }
    return sum + log(total) - row[row.startIndex + Int(target.element)]
  } / Double(targets.count)
}

@Suite("Learning rates by depth, and statistics that stay")
struct DepthRateTests {
  @Test
  func `Rates rise evenly in their logarithm, from the first layer to the last before the head`()
    throws
  {
    let network = try network()
    let before = Dictionary(
      uniqueKeysWithValues: network.tensorNames.map { ($0, network.values(of: $0) ?? []) })
    let session = try TrainingSession(
      network: network, optimizer: SGD(learningRate: 0.25, momentum: 0, nesterov: false),
      batchSize: 4, engine: TestEngine.make())
    session.backboneRate = 0.5
    session.stemRate = 0.005
    let (images, targets) = batch()
    _ = try session.step(images: images, targets: targets)
    // The one in the middle is the geometric mean.
    let factors = [
      "layers.0.": 0.005, "layers.1.": 0.005, "layers.3.": 0.05, "layers.5.": 0.5, "layers.7.": 1,
    ]
    var checked = 0
    for name in network.tensorNames where !name.contains("running") {
      let factor = try #require(factors.first { name.hasPrefix($0.key) }?.value)
      let gradient = try #require(session.gradient(of: name))
      let values = try #require(network.values(of: name))
      for ((new, old), slope) in zip(zip(values, before[name] ?? []), gradient) {
        #expect(abs(Double(new - old) + 0.25 * factor * Double(slope)) < 1e-6, "\(name)")
      }
      checked += 1
    }
    #expect(checked == 10)
  }

  @Test func `A first layer's rate changes nothing while the backbone is frozen, and stays known`()
    throws
  {
    let network = try network()
    let session = try TrainingSession(
      network: network, optimizer: AdamW(learningRate: 1e-2), batchSize: 4,
      engine: TestEngine.make())
    session.stemRate = 0.1
    session.backboneRate = 0
    let (images, targets) = batch()
    let stem = network.values(of: "layers.0.filters")
    _ = try session.step(images: images, targets: targets)
    #expect(network.values(of: "layers.0.filters") == stem)
    session.backboneRate = 1
    let state = session.state
    _ = try session.step(images: images, targets: targets)
    let once = network.values(of: "layers.0.filters")
    // A session that continues makes the same step.
    let other = try Network(input: input, layers: layers, seed: 9)
    let again = try TrainingSession(
      network: other, optimizer: AdamW(learningRate: 1e-2), batchSize: 4, engine: TestEngine.make())
    again.stemRate = 0.1
    try again.restore(state)
    _ = try again.step(images: images, targets: targets)
    #expect(other.values(of: "layers.0.filters") == once && once != stem)
  }

  @Test func `With statistics that stay the loss is that of prediction, and its gradient too`()
    throws
  {
    let network = try network()
    let expected = try loss(network)
    var slopes: [(name: String, index: Int, slope: Double)] = []
    for name in network.tensorNames where !name.contains("running") {
      let values = try #require(network.values(of: name))
      for index in Set([0, values.count / 2, values.count - 1]) {
        func moved(_ by: Float) throws -> Double {
          var other = values
          other[index] += by
          try network.setValues(other, of: name)
          return try loss(network)
        }
        let slope = try (moved(1e-2) - moved(-1e-2)) / 2e-2
        slopes.append((name, index, slope))
      }
      try network.setValues(values, of: name)
    }
    let statistics = network.tensorNames.filter { $0.contains("running") }
    let before = statistics.map { network.values(of: $0) }
    let session = try TrainingSession(
      network: network, optimizer: SGD(learningRate: 1e-3), batchSize: 4, engine: TestEngine.make())
    session.freezesStatistics = true
    let (images, targets) = batch()
    let result = try session.step(images: images, targets: targets)
    #expect(abs(result.loss - expected) < 1e-5)
    #expect(statistics.map { network.values(of: $0) } == before && statistics.count == 4)
    for (name, index, slope) in slopes {
      let found = Double(try #require(session.gradient(of: name))[index])
      #expect(abs(found - slope) < 1e-3 + 1e-2 * abs(slope), "\(name) \(index)")
    }
    // The batch's own would give another loss.
    let usual = try TrainingSession(
      network: try self.copy(of: network), optimizer: SGD(learningRate: 1e-3), batchSize: 4,
      engine: TestEngine.make())
    #expect(abs(try usual.step(images: images, targets: targets).loss - expected) > 1e-3)
  }

  private func copy(of network: Network) throws -> Network {
    let copy = try Network(input: input, layers: layers)
    try copy.copyTensors(from: network)
    return copy
  }

  @Test func `Dropout goes on where statistics stay`() throws {
    let dropping = Array(layers.dropLast()) + [Dropout(0.5), Dense(units: 3)]
    let (images, targets) = batch()
    let losses = try [UInt64(1), 2].map { seed in
      let session = try TrainingSession(
        network: try network(dropping), optimizer: SGD(learningRate: 1e-3), batchSize: 4,
        engine: TestEngine.make(), seed: seed)
      session.freezesStatistics = true
      return try session.step(images: images, targets: targets).loss
    }
    #expect(losses[0] != losses[1])
  }
}
