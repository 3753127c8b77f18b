import CNN
import Compute
import TestSupport
import Testing

/// Networks that have every kind of layer between them, small enough for thousands of steps.
private let networks = ["plain", "normalized", "residual"]

private func network(_ name: String) throws -> Network {
  let input = Shape(height: 16, width: 16, channels: 3)
  let end: [any Layer] = [Dropout(0.2), Dense(units: 1)]
  switch name {
  case "plain":
    return try Network(
      Architecture.seed(size: 16, outputs: 1, dropout: 0, width: 8, hidden: 16), seed: 1)
  case "normalized":
    return try Network(
      input: input,
      layers: [
        Conv2D(filters: 8, useBias: false), BatchNorm(), ReLU(), AveragePool2D(2),
        Conv2D(filters: 16, stride: 2), ReLU(), Flatten(),
      ] + end, seed: 1)
  default:
    let body: [any Layer] = [
      Conv2D(filters: 16, stride: 2, padding: .same, useBias: false), BatchNorm(), ReLU(),
      Conv2D(filters: 16, padding: .same, useBias: false), BatchNorm(),
    ]
    let shortcut: [any Layer] = [
      AveragePool2D(2), Conv2D(filters: 16, kernelSize: 1, useBias: false), BatchNorm(),
    ]
    return try Network(
      input: input,
      layers: [
        Conv2D(filters: 8, padding: .same, useBias: false), BatchNorm(), ReLU(), MaxPool2D(2),
        Residual(body: body, shortcut: shortcut), GlobalAveragePool2D(),
      ] + end, seed: 1)
  }
}

/// A session that has made two good steps, so that no moment is zero.
private struct Victim {
  let session: TrainingSession
  let images: [Float]
  let targets: [Int32] = [0, 1, 1]
  let good: TrainingSession.State

  init(_ name: String, _ optimizer: any Optimizer) throws {
    let network = try network(name)
    var random = RandomValues(seed: 71, salt: 1)
    images = random.normals(targets.count * network.architecture.input.count)
    session = try TrainingSession(
      network: network, optimizer: optimizer, batchSize: targets.count,
      engine: try TestEngine.make())
    for _ in 0..<2 {
      let result = try session.step(images: images, targets: targets)
      #expect(result.fault == nil)
    }
    good = session.state
  }

  /// The state with one number replaced.
  func state(_ slab: String, _ place: Int, _ value: Float) -> TrainingSession.State {
    var state = good
    state.slabs[slab]?[place] = value
    return state
  }
}

private func optimizers() -> [any Optimizer] {
  [
    SGD(learningRate: 1e-3, momentum: 0.9), Adam(), AdamW(learningRate: 1e-3),
    Muon(learningRate: 1e-3),
  ]
}

@Suite("Numbers that are not finite")
struct NonFiniteTests {
  @Test(
    "One in any tensor, or in any of its moments, is found in the step that meets it",
    arguments: networks)
  func planted(name: String) throws {
    for optimizer in optimizers() {
      let victim = try Victim(name, optimizer)
      let network = victim.session.network
      for slot in network.graph.slots {
        let slabs =
          slot.slab == .statistics
          ? ["statistics"]
          : victim.good.slabs.keys.filter { $0 == "parameters" || $0.hasPrefix("optimizer") }
        for slab in slabs.sorted() {
          for value in [Float.nan, .infinity, -.infinity] {
            // Squares have no sign, and what Muon steps has none.
            if slab == "optimizer.secondMoment",
              value < 0 || (optimizer is Muon && slot.shape.count == 4)
            {
              continue
            }
            let place = slot.offset + slot.count / 2
            try victim.session.restore(victim.state(slab, place, value))
            let result = try victim.session.step(images: victim.images, targets: victim.targets)
            #expect(
              result.fault != nil, "\(type(of: optimizer)): \(value) in \(slab) of \(slot.name)")
          }
        }
      }
      try victim.session.restore(victim.good)
      let last = try victim.session.step(images: victim.images, targets: victim.targets)
      #expect(last.fault == nil)
    }
  }

  @Test("One in an image is found in the step that meets it", arguments: networks)
  func image(name: String) throws {
    let victim = try Victim(name, AdamW(learningRate: 1e-3))
    for value in [Float.nan, .infinity] {
      for place in [0, victim.images.count / 2, victim.images.count - 1] {
        var images = victim.images
        images[place] = value
        try victim.session.restore(victim.good)
        let result = try victim.session.step(images: images, targets: victim.targets)
        #expect(result.fault != nil, "\(value) at \(place)")
      }
    }
  }

  @Test("A fault names what it was found in")
  func names() throws {
    let victim = try Victim("normalized", SGD(learningRate: 1e-3, momentum: 0.9))
    let slot = try #require(
      victim.session.network.graph.slots.first { $0.name.hasSuffix("runningVariance") })
    try victim.session.restore(victim.state("statistics", slot.offset, .nan))
    let result = try victim.session.step(images: victim.images, targets: victim.targets)
    #expect(result.fault == .weight(slot.name))
    var images = victim.images
    images[0] = .nan
    try victim.session.restore(victim.good)
    let fault = try #require(
      try victim.session.step(images: images, targets: victim.targets).fault)
    guard case .loss(let value) = fault else {
      Issue.record("an image's NaN is found in the loss first, not in \(fault)")
      return
    }
    #expect(value.isNaN)
    #expect("\(fault)".contains("loss"))
  }
}
