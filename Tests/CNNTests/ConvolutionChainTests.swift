import CNN
import Compute
import TestSupport
import Testing

/// Answers of networks whose large maps are computed some rows at a time.
@Suite("Chains of convolutions")
struct ConvolutionChainTests {
  /// Layers around maps of 80 channels, which are large; the last around small ones of many channels.
  private static let networks: [(name: String, channels: Int, layers: [any Layer])] = [
    (
      "widened, filtered, narrowed", 8,
      [
        Conv2D(filters: 80, kernelSize: 1, useBias: false), BatchNorm(), Activate(.relu6),
        Conv2D(filters: 80, kernelSize: 3, padding: .same, groups: 80), BatchNorm(),
        Activate(.relu6), Conv2D(filters: 3, kernelSize: 1),
      ]
    ),
    (
      "halved with uneven edges, behind a normalization", 6,
      [
        BatchNorm(), Conv2D(filters: 80, kernelSize: 1), Activate(.silu),
        Conv2D(filters: 80, kernelSize: 5, stride: 2, padding: .same, groups: 80), BatchNorm(),
        Activate(.hardSwish), Conv2D(filters: 3, kernelSize: 1, useBias: false),
      ]
    ),
    (
      "two filters with one convolution between them", 3,
      [
        Conv2D(filters: 80, kernelSize: 3, padding: .same), ReLU(),
        Conv2D(filters: 80, kernelSize: 3, padding: .same, groups: 80), ReLU(),
        Conv2D(filters: 76, kernelSize: 1), ReLU(),
        Conv2D(filters: 76, kernelSize: 7, padding: .same, groups: 76),
        Conv2D(filters: 2, kernelSize: 1),
      ]
    ),
    (
      "a filter without edges, read twice", 80,
      [
        Conv2D(filters: 80, kernelSize: 3, groups: 80), ReLU(),
        Residual(body: [Conv2D(filters: 80, kernelSize: 1)]), Conv2D(filters: 2, kernelSize: 1),
      ]
    ),
    (
      "some channels of a small map at a time", 3,
      [
        Conv2D(filters: 96, kernelSize: 7, stride: 6), Activate(.relu6),
        Conv2D(filters: 330, kernelSize: 1), ReLU(),
        Conv2D(filters: 201, kernelSize: 3, stride: 2, padding: .same), BatchNorm(),
        Residual(body: [Conv2D(filters: 201, kernelSize: 1, useBias: false)]),
        Conv2D(filters: 2, kernelSize: 1),
      ]
    ),
  ]

  /// A network none of whose numbers is what it starts as.
  private func network(_ index: Int) throws -> Network {
    let (_, channels, layers) = Self.networks[index]
    let network = try Network(
      input: Shape(height: 47, width: 43, channels: channels), layers: layers, seed: 3)
    for (salt, name) in network.tensorNames.enumerated() {
      let values = try #require(network.values(of: name))
      var random = RandomValues(seed: 181, salt: salt)
      let moves = random.normals(values.count)
      let isVariance = name.hasSuffix("runningVariance")
      try network.setValues(
        zip(values, moves).map { $0 + (isVariance ? abs($1) : 0.2 * $1) }, of: name)
    }
    return network
  }

  @Test(arguments: networks.indices)
  func `large maps in parts give the reference's answers, and the same bits in any batch`(
    index: Int
  ) throws {
    let network = try network(index)
    var random = RandomValues(seed: 182, salt: index)
    let count = 5
    let images = random.normals(count * network.architecture.input.count)
    let expected = ReferenceNetwork(network).answer(images)
    var first: [Float]?
    for threads in TestEngine.threadCounts {
      for batch in [1, 2, 5] {
        let session = try InferenceSession(
          network: network, batchSize: batch, engine: TestEngine.make(threads: threads))
        let found = try session.logits(for: images)
        let name = "\(Self.networks[index].name), \(threads) threads, batches of \(batch)"
        let wrong = mismatch(
          actual: found, expected: expected, tolerance: Tolerance(relative: 5e-6, scale: .largest))
        #expect(wrong == nil, "\(name)")
        #expect(bitMismatch(found, first ?? found) == nil, "\(name)")
        first = first ?? found
      }
    }
  }
}
