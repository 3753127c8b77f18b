public import KernelSelection

/// Computes a network's answers.
///
/// A class, because it owns the memory of its activations, taken at the start. An image's answer
/// does not depend on the other images of its batch, to the bit.
public final class InferenceSession {
  /// The network that answers.
  public let network: Network
  /// Images in a batch at most.
  public let batchSize: Int
  private let executor: Executor
  /// Takes the time of every node; nil costs nothing.
  package var profile: StepProfile? {
    get { executor.profile }
    set { executor.profile = newValue }
  }

  /// A session for batches of up to `batchSize` images.
  public init(network: Network, batchSize: Int, engine: Engine) throws(ModelError) {
    self.network = network
    self.batchSize = batchSize
    executor = try Executor(
      network: network, capacity: batchSize, engine: engine, isTraining: false)
  }

  /// Bytes that the session takes beside the network.
  public var memoryBytes: Int { executor.memoryBytes }

  /// The logits of any number of images (height x width x channels each), a row an image.
  public func logits(for images: [Float]) throws(ModelError) -> [Float] {
    let sample = network.architecture.input.count
    guard images.count % sample == 0 else {
      throw .length(
        of: "images", expected: (images.count / sample + 1) * sample, found: images.count)
    }
    return images.withUnsafeBufferPointer { pixels in
      var logits: [Float] = []
      for first in stride(from: 0, to: images.count / sample, by: batchSize) {
        let count = min(batchSize, images.count / sample - first)
        let range = (first * sample)..<((first + count) * sample)
        logits += run(pixels: UnsafeBufferPointer(rebasing: pixels[range]), count: count)
      }
      return logits
    }
  }

  /// The logits of one batch that is already in place.
  package func run(pixels: UnsafeBufferPointer<Float>, count: Int) -> [Float] {
    precondition(pixels.count >= count * network.architecture.input.count, "a batch too short")
    guard let images = pixels.baseAddress, count > 0 else { return [] }
    executor.forward(images: images, batch: count, mode: .inference)
    return Array(UnsafeBufferPointer(start: executor.logits, count: count * network.outputs))
  }
}
