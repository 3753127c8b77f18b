import CNN
import Primitives
import TestSupport
import Testing

private func pool() -> any Layer { AveragePool2D(1) }

/// Blocks one inside the other, each of which keeps its input until what is inside is done.
private func nested(_ depth: Int) -> [any Layer] {
  (0..<depth).reduce([pool()]) { inner, _ in [pool(), Residual(body: inner)] }
}

/// A network of 17 weights whose `depth` values of `side` x `side` x 4 numbers are all kept.
private func hungry(side: Int, depth: Int) throws -> Network {
  try Network(
    input: Shape(height: side, width: side, channels: 3),
    layers: [Conv2D(filters: 4, kernelSize: 1)] + nested(depth)
      + [GlobalAveragePool2D(), Dense(units: 1)])
}

private func refusal(_ network: Network, batchSize: Int, threads: Int) throws -> ModelError? {
  let engine = try TestEngine.make(threads: threads)
  do throws(ModelError) {
    _ = try InferenceSession(network: network, batchSize: batchSize, engine: engine)
    return nil
  } catch {
    return error
  }
}

@Test("A network of few weights that needs more memory than there is gets none")
func hungryNetworks() throws {
  let available = try #require(AvailableMemory().bytes)
  // A value of 4096 x 4096 x 4 floats takes 256 MB.
  let value = 1 << 28
  // The memory for one image fits, but not that for the images of all threads.
  let depth = max(1, available / value * 2 / 5)
  let network = try hungry(side: 4096, depth: min(depth, 50))
  #expect(try refusal(network, batchSize: 1, threads: 1) == nil)
  let threads = 4 + available / (value * min(depth, 50))
  guard
    case .outOfMemory(let bytes) = try refusal(
      network, batchSize: threads, threads: threads)
  else {
    Issue.record("a session is made")
    return
  }
  #expect(bytes > available)
}

@Test("A stretch larger than the memory that is free is refused, whatever the system promises")
func largeStretches() throws {
  let available = try #require(AvailableMemory().bytes)
  func refuses(_ floats: Int) -> Bool { (try? FloatMemory(count: floats)) == nil }
  #expect(refuses(available / 4 + (1 << 27)))
  #expect(refuses(Int.max / 4) && refuses(Int.max / 2) && refuses(Int.max))
  #expect(!refuses(1 << 20) && !refuses(0))
}

@Test("A network of more operations than can be planned in time is refused")
func manyOperations() {
  let layers = [any Layer](repeating: Dropout(0), count: 5000)
  #expect(throws: ModelError.self) {
    try Network(input: Shape(height: 2, width: 2, channels: 3), layers: layers)
  }
}
