import CNN
import TestSupport
import Testing

/// Where the time of a step goes; which parts there are, never how long they take.
@Suite("Profiles of steps")
struct StepProfileTests {
  private static let kindsOfStep: Set<WorkKind> = [
    .convolutionForward, .convolutionInputGradient, .convolutionFilterGradient, .normalization,
    .pooling, .dense, .elementwise, .loss, .optimizer, .clearing,
  ]

  @Test func `a training step gives time to every kind of work and to no other`() throws {
    let network = try Network(.preset("r18h", size: 16))
    let session = try TrainingSession(
      network: network, optimizer: Adam(), batchSize: 2, engine: TestEngine.make())
    let profile = StepProfile(network)
    session.profile = profile
    let images = [Float](repeating: 0.5, count: 2 * network.architecture.input.count)
    for _ in 0..<2 {
      let clock = ContinuousClock()
      let begin = clock.now
      profile.start()
      _ = try session.step(images: images, targets: [0, 1])
      let whole = (clock.now - begin).inSeconds
      #expect(Set(profile.seconds.keys) == StepProfileTests.kindsOfStep)
      #expect(profile.seconds.values.allSatisfy { $0 > 0 })
      // Every moment belongs to one lap: together they are no longer than the step.
      #expect(profile.seconds.values.reduce(0, +) <= whole)
    }
    session.profile = nil
    profile.start()
    _ = try session.step(images: images, targets: [0, 1])
    #expect(profile.seconds.isEmpty, "a profile that was taken away is left alone")
  }

  @Test func `a convolution's two gradients are apart, and its rectifier's from both`() throws {
    let network = try Network(
      input: Shape(height: 8, width: 8, channels: 3), layers: [Conv2D(filters: 4), ReLU()])
    let session = try TrainingSession(
      network: network, loss: .softmaxCrossEntropy(), optimizer: Adam(), batchSize: 2,
      engine: TestEngine.make(), inputGradient: true)
    let profile = StepProfile(network)
    session.profile = profile
    _ = session.propagate(
      images: [Float](repeating: 1, count: 2 * 192),
      cotangent: [Float](repeating: 1, count: 2 * network.outputs))
    #expect(
      Set(profile.seconds(ofNode: 0).keys) == [
        .convolutionForward, .elementwise, .convolutionFilterGradient, .convolutionInputGradient,
      ])
  }

  @Test func `computing answers takes time for the kinds of inference alone`() throws {
    let preset = try Network(.preset("r18h", size: 16))
    // Nothing in front of it takes this normalization in.
    let layers: [any Layer] = [BatchNorm(), Conv2D(filters: 4), BatchNorm(), MaxPool2D(2)]
    let first = try Network(input: Shape(height: 8, width: 8, channels: 3), layers: layers)
    let cases: [(Network, Set<WorkKind>)] = [
      (preset, [.convolutionForward, .pooling, .dense, .elementwise]),
      // The pooling is done in the pass of the convolution before it.
      (first, [.convolutionForward, .normalization]),
    ]
    for (network, kinds) in cases {
      let session = try InferenceSession(
        network: network, batchSize: 2, engine: TestEngine.make())
      let profile = StepProfile(network)
      session.profile = profile
      _ = try session.logits(for: [Float](repeating: 1, count: network.architecture.input.count))
      #expect(Set(profile.seconds.keys) == kinds)
      #expect(kinds.isSubset(of: WorkKind.inference))
    }
  }
}
