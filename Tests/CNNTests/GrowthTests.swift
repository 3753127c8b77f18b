import CNN
import TestSupport
import Testing

@Suite("Training on images of several sizes")
struct GrowthTests {
  private static let layers: [any Layer] = [
    Conv2D(filters: 16, stride: 2, padding: .same, useBias: false), BatchNorm(), ReLU(),
    Residual(
      body: [Conv2D(filters: 16, padding: .same, useBias: false), BatchNorm()], shortcut: []),
    GlobalAveragePool2D(), Dropout(0.25), Dense(units: 3),
  ]

  private static func square(_ side: Int) -> Shape {
    Shape(height: side, width: side, channels: 3)
  }

  private func network(_ side: Int) throws -> Network {
    try Network(input: GrowthTests.square(side), layers: GrowthTests.layers, seed: 3)
  }

  private func session(_ network: Network) throws -> TrainingSession {
    try TrainingSession(
      network: network, optimizer: AdamW(learningRate: 1e-2), batchSize: 4,
      engine: TestEngine.make(), seed: 7)
  }

  private func batch(_ side: Int, _ salt: Int) -> (images: [Float], targets: [Int32]) {
    var random = RandomValues(seed: 11, salt: salt)
    return (random.normals(4 * GrowthTests.square(side).count), random.targets(4, classes: 3))
  }

  private func values(_ network: Network) -> [[Float]] {
    network.tensorNames.compactMap { network.values(of: $0) }
  }

  @Test(arguments: [(24, 12), (12, 24)])
  func `Steps at another size are those of a network made for that size`(
    own: Int, other: Int
  ) throws {
    let resized = try network(own)
    let plain = try network(other)
    #expect(values(resized) == values(plain))
    let session = try session(resized)
    let reference = try self.session(plain)
    try session.resize(to: GrowthTests.square(other))
    for salt in 0..<3 {
      let (images, targets) = batch(other, salt)
      let mine = try session.step(images: images, targets: targets)
      let theirs = try reference.step(images: images, targets: targets)
      #expect(mine.loss == theirs.loss && mine.correct == theirs.correct)
    }
    #expect(values(resized) == values(plain))
    #expect(session.optimizer.steps == 3)
  }

  @Test func `Back at its own size a session goes on with moments and steps`() throws {
    let (there, back) = (try network(16), try network(16))
    let session = try session(there)
    let straight = try self.session(back)
    for salt in 0..<4 {
      let (images, targets) = batch(16, salt)
      // What lies in the memory after steps at another size must not matter.
      try session.resize(to: GrowthTests.square(8))
      try session.resize(to: GrowthTests.square(16))
      let mine = try session.step(images: images, targets: targets)
      #expect(try straight.step(images: images, targets: targets).loss == mine.loss)
    }
    #expect(values(there) == values(back))
  }

  @Test func `Smaller images take no memory beside that of the largest`() throws {
    let session = try session(try network(32))
    let bytes = session.memoryBytes
    try session.resize(to: GrowthTests.square(16))
    #expect(session.memoryBytes == bytes)
    try session.resize(to: GrowthTests.square(48))
    #expect(session.memoryBytes > bytes)
  }

  @Test func `A batch must be of the present size`() throws {
    let session = try session(try network(16))
    let (images, targets) = batch(16, 0)
    try session.resize(to: GrowthTests.square(8))
    #expect(throws: ModelError.self) { try session.step(images: images, targets: targets) }
  }

  @Test func `A network with a layer over the whole map keeps its size`() throws {
    let network = try Network(Architecture.preset("seed", size: 16), seed: 1)
    let session = try session(network)
    let smaller = GrowthTests.square(12)
    #expect(!network.architecture.accepts(smaller))
    #expect(throws: ModelError.self) { try session.resize(to: smaller) }
    #expect(session.input == network.architecture.input)
    let residual = try Architecture.preset("r18h")
    #expect(residual.accepts(smaller))
  }
}
