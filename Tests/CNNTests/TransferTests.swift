import CNN
import TestSupport
import Testing

@Suite("Heads, backbones and what is frozen")
struct TransferTests {
  private static let layers: [any Layer] = [
    Conv2D(filters: 8, useBias: false), BatchNorm(), ReLU(), MaxPool2D(2),
    Residual(
      body: [Conv2D(filters: 8, padding: .same, useBias: false), BatchNorm()], shortcut: []),
    Flatten(), Dense(units: 6), ReLU(), Dropout(0.25), Dense(units: 3),
  ]
  private static let input = Shape(height: 10, width: 10, channels: 3)

  private func network(seed: UInt64 = 3) throws -> Network {
    let network = try Network(
      input: TransferTests.input, layers: TransferTests.layers, seed: seed)
    // Statistics that are not those of a fresh network.
    for (index, name) in network.tensorNames.enumerated() where name.contains("running") {
      var random = RandomValues(seed: 5, salt: index)
      let values = random.normals(8).map { name.contains("Mean") ? $0 : 0.5 + $0 * $0 }
      try network.setValues(values, of: name)
    }
    return network
  }

  private func batch(_ salt: Int) -> (images: [Float], targets: [Int32]) {
    var random = RandomValues(seed: 11, salt: salt)
    return (random.normals(4 * TransferTests.input.count), random.targets(4, classes: 3))
  }

  private func values(_ network: Network, head: Bool) throws -> [[Float]] {
    let own = try #require(network.architecture.head)
    return network.tensorNames.filter { own.owns(tensor: $0) == head }
      .compactMap { network.values(of: $0) }
  }

  private static func optimizers() -> [any Optimizer] {
    [
      Adam(learningRate: 1e-2), AdamW(learningRate: 1e-2, weightDecay: 0.5),
      SGD(learningRate: 1e-2, weightDecay: 0.5),
    ]
  }

  @Test func `The head is the last dense layer with the dropout before it`() throws {
    let network = try network()
    let head = try #require(network.architecture.head)
    #expect(head.denseLayer == 9 && head.firstLayer == 8)
    #expect(head.owns(tensor: "layers.9.weights") && !head.owns(tensor: "layers.6.weights"))
    #expect(!head.owns(tensor: "layers.4.body.0.filters"))
    let open = Architecture(
      name: "open", input: TransferTests.input, layers: [Conv2D(filters: 2), Flatten()])
    #expect(open.head == nil && open.backbone == nil)
    let flat = Architecture(
      name: "flat", input: TransferTests.input, layers: [Flatten(), Dense(units: 2)])
    #expect(flat.head != nil && flat.backbone == nil)
    let wider = try #require(network.architecture.adapted(side: 12, outputs: 5, dropout: 0))
    #expect(wider.layers.count == 9 && wider.input.height == 12)
    #expect(wider.hasLayers(of: network.architecture))
    #expect(!wider.hasLayers(of: try Architecture.preset("seed")))
  }

  @Test func `A frozen backbone keeps every bit under every optimizer, and the head moves`() throws
  {
    for optimizer in TransferTests.optimizers() {
      let network = try network()
      let (body, head) = (try values(network, head: false), try values(network, head: true))
      let session = try TrainingSession(
        network: network, optimizer: optimizer, batchSize: 4, engine: TestEngine.make(),
        clipGradientNorm: 1)
      // Momentum of an earlier step must not move it either.
      session.backboneRate = 0
      for step in 0..<3 {
        let (images, targets) = batch(step)
        _ = try session.step(images: images, targets: targets)
      }
      #expect(try values(network, head: false) == body)
      #expect(try zip(values(network, head: true), head).allSatisfy { $0 != $1 })
      session.backboneRate = 1
      let (images, targets) = batch(9)
      _ = try session.step(images: images, targets: targets)
      let moved = try values(network, head: false)
      #expect(zip(moved, body).allSatisfy { $0 != $1 })
      session.backboneRate = 0
      _ = try session.step(images: images, targets: targets)
      #expect(try values(network, head: false) == moved)
    }
  }

  @Test func `A frozen backbone's gradient is that of the head on its inference features`() throws {
    let whole = try network()
    let body = try Network(try #require(whole.architecture.backbone))
    try body.copyTensors(from: whole)
    let head = try Network(try #require(whole.architecture.headAlone(features: body.outputs)))
    try head.copyTensors(from: whole) {
      $0 == "layers.1.weights" ? "layers.9.weights" : "layers.9.bias"
    }
    let engine = try TestEngine.make()
    let (images, _) = batch(1)
    let features = try InferenceSession(network: body, batchSize: 4, engine: engine)
      .logits(for: images)
    let logits = try InferenceSession(network: whole, batchSize: 4, engine: engine)
      .logits(for: images)
    let inference = try InferenceSession(network: head, batchSize: 4, engine: engine)
    #expect(try inference.logits(for: features) == logits)
  }

  @Test func `The gradients of the head do not depend on whether the backbone is computed apart`()
    throws
  {
    // Without dropout, whose numbers are keyed by the layer's place.
    let layers = TransferTests.layers.filter { !($0 is Dropout) }
    let whole = try Network(input: TransferTests.input, layers: layers, seed: 4)
    let body = try Network(try #require(whole.architecture.backbone))
    try body.copyTensors(from: whole)
    let head = try Network(try #require(whole.architecture.headAlone(features: body.outputs)))
    try head.copyTensors(from: whole) { $0.replacing("layers.0", with: "layers.8") }
    let engine = try TestEngine.make()
    let (images, targets) = batch(2)
    let features = try InferenceSession(network: body, batchSize: 4, engine: engine)
      .logits(for: images)
    let frozen = try TrainingSession(
      network: whole, optimizer: SGD(learningRate: 0.1), batchSize: 4, engine: engine)
    frozen.backboneRate = 0
    let apart = try TrainingSession(
      network: head, optimizer: SGD(learningRate: 0.1), batchSize: 4, engine: engine)
    let first = try frozen.step(images: images, targets: targets)
    let second = try apart.step(images: features, targets: targets)
    #expect(abs(first.loss - second.loss) < 1e-6)
    let found = mismatch(
      actual: try #require(frozen.gradient(of: "layers.8.weights")),
      expected: try #require(apart.gradient(of: "layers.0.weights")).map(Double.init),
      tolerance: Tolerance(absolute: 1e-6, relative: 1e-5))
    #expect(found == nil)
    #expect(frozen.gradient(of: "layers.6.weights")?.allSatisfy { $0 == 0 } == true)
  }

  @Test func `The backbone's factor scales its steps alone`() throws {
    for index in TransferTests.optimizers().indices {
      func moved(_ factor: Double, _ rate: Double) throws -> (body: [Float], head: [Float]) {
        let network = try network()
        let optimizer = TransferTests.optimizers()[index]
        optimizer.learningRate = rate
        let session = try TrainingSession(
          network: network, optimizer: optimizer, batchSize: 4, engine: TestEngine.make())
        session.backboneRate = factor
        let (images, targets) = batch(3)
        _ = try session.step(images: images, targets: targets)
        return (
          network.values(of: "layers.6.weights") ?? [], network.values(of: "layers.9.weights") ?? []
        )
      }
      let (part, whole, tenth) = (try moved(0.1, 1e-2), try moved(1, 1e-2), try moved(1, 1e-3))
      #expect(part.head == whole.head)
      #expect(part.body != whole.body)
      let found = mismatch(
        actual: part.body, expected: tenth.body.map(Double.init),
        tolerance: Tolerance(absolute: 1e-7, relative: 1e-6))
      #expect(found == nil)
    }
  }

  @Test func `Adam's moments of a thawed backbone begin as young ones`() throws {
    // A first step of Adam is the rate in each direction, whenever it is made.
    let network = try network()
    let session = try TrainingSession(
      network: network, optimizer: Adam(learningRate: 1e-2, beta2: 0.99), batchSize: 4,
      engine: TestEngine.make())
    session.backboneRate = 0
    for step in 0..<20 {
      let (images, targets) = batch(step)
      _ = try session.step(images: images, targets: targets)
    }
    let before = try #require(network.values(of: "layers.6.weights"))
    session.backboneRate = 0.5
    let (images, targets) = batch(30)
    _ = try session.step(images: images, targets: targets)
    let after = try #require(network.values(of: "layers.6.weights"))
    let gradient = try #require(session.gradient(of: "layers.6.weights"))
    for ((a, b), g) in zip(zip(before, after), gradient) where abs(g) > 1e-4 {
      #expect(abs(abs(b - a) - 5e-3) < 1e-5)
    }
  }
}
