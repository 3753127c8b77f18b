import CNN
import TestSupport
import Testing

@Suite("Muon")
struct MuonTests {
  private static let input = Shape(height: 6, width: 6, channels: 3)
  // A tall matrix of an odd number of filters, a wide one (1 x 1), one of many filters.
  private static let layers: [any Layer] = [
    Conv2D(filters: 6, padding: .same), BatchNorm(), ReLU(),
    Conv2D(filters: 7, padding: .same, useBias: false), BatchNorm(), ReLU(),
    Conv2D(filters: 40, kernelSize: 1), ReLU(),
    Conv2D(filters: 72, padding: .same, useBias: false), BatchNorm(), ReLU(),
    GlobalAveragePool2D(), Dense(units: 3),
  ]
  private static let matrices = ["layers.3.filters", "layers.6.filters", "layers.8.filters"]

  private func network() throws -> Network {
    try Network(input: MuonTests.input, layers: MuonTests.layers, seed: 3)
  }

  private func batch(_ salt: Int) -> (images: [Float], targets: [Int32]) {
    var random = RandomValues(seed: 81, salt: salt)
    return (random.normals(8 * MuonTests.input.count), random.targets(8, classes: 3))
  }

  @Test(arguments: [0, 0.5])
  func `Convolutions but the first take Muon's steps, all else AdamW's`(decay: Double) throws {
    let network = try network()
    let optimizer = Muon(learningRate: 0.02, momentum: 0.9, weightDecay: decay)
    let session = try TrainingSession(
      network: network, optimizer: optimizer, batchSize: 8, engine: TestEngine.make())
    let rest = network.tensorNames.filter {
      session.gradient(of: $0) != nil && !MuonTests.matrices.contains($0)
    }
    var muons: [String: ReferenceMuon] = [:]
    for name in MuonTests.matrices {
      let shape = try #require(network.shape(of: name))
      muons[name] = ReferenceMuon(
        rows: shape[..<3].reduce(1, *), columns: shape[3], momentum: 0.9, weightDecay: decay)
    }
    // A rate of a fifth, a decay that comes to the same.
    var adam = ReferenceAdam(beta2: 0.99, weightDecay: 5 * decay)
    let decays = rest.flatMap { name in
      let shape = network.shape(of: name) ?? []
      return [Bool](repeating: shape.count > 1, count: shape.reduce(1, *))
    }
    func values(_ names: [String]) -> [Float] { names.flatMap { network.values(of: $0) ?? [] } }
    for (step, rate) in [0.02, 0.02, 0.005, 0, 0.1].enumerated() {
      var wantedRest = values(rest).map(Double.init)
      let before = MuonTests.matrices.map { (network.values(of: $0) ?? []).map(Double.init) }
      optimizer.learningRate = rate
      let (images, targets) = batch(step)
      _ = try session.step(images: images, targets: targets)
      let gradients = rest.flatMap { session.gradient(of: $0) ?? [] }.map(Double.init)
      adam.step(&wantedRest, gradients, learningRate: rate / 5, decays: decays)
      let foundRest = mismatch(
        actual: values(rest), expected: wantedRest,
        tolerance: Tolerance(absolute: 1e-6, relative: 1e-6))
      #expect(foundRest == nil, "step \(step)")
      for (name, old) in zip(MuonTests.matrices, before) {
        var wanted = old
        let gradient = (session.gradient(of: name) ?? []).map(Double.init)
        #expect(gradient.contains { $0 != 0 })
        muons[name]?.step(&wanted, gradient, learningRate: rate)
        let found = mismatch(
          actual: network.values(of: name) ?? [], expected: wanted,
          tolerance: Tolerance(absolute: 2e-5 * rate + 1e-7, relative: 1e-6))
        #expect(found == nil, "\(name), step \(step)")
      }
    }
  }

  @Test func `The bits do not depend on the number of threads`() throws {
    let results = try [1, 2, 3].map { threads in
      let network = try network()
      let session = try TrainingSession(
        network: network, optimizer: Muon(), batchSize: 8,
        engine: TestEngine.make(threads: threads))
      for step in 0..<3 {
        let (images, targets) = batch(step)
        _ = try session.step(images: images, targets: targets)
      }
      return network.tensorNames.map { network.values(of: $0) }
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }

  @Test func `A frozen backbone keeps every bit, and slower parts move by their factor`() throws {
    func moved(_ rate: Double) throws -> (before: [Float], after: [Float]) {
      let network = try network()
      let session = try TrainingSession(
        network: network, optimizer: Muon(), batchSize: 8, engine: TestEngine.make())
      session.backboneRate = rate
      let before = try #require(network.values(of: "layers.8.filters"))
      let (images, targets) = batch(0)
      _ = try session.step(images: images, targets: targets)
      return (before, try #require(network.values(of: "layers.8.filters")))
    }
    let frozen = try moved(0)
    #expect(frozen.before == frozen.after)
    let (full, half) = (try moved(1), try moved(0.5))
    let found = mismatch(
      actual: zip(half.after, half.before).map { 2 * ($0 - $1) },
      expected: zip(full.after, full.before).map { Double($0) - Double($1) },
      tolerance: Tolerance(absolute: 1e-6, relative: 1e-4))
    #expect(found == nil)
  }
}
