internal import Ranks

/// Sums the gradients of all processes while the backward pass continues.
///
/// Parameters lie in the order of the layers, so what the pass has come past is a stretch at the
/// end; it goes off as soon as it is large enough to be worth a message.
struct GradientSums {
  private let group: Group
  private let gradients: UnsafeMutablePointer<Float>
  private let isPresent: Bool
  /// The start and the end of the range not sent yet.
  private var first: Int
  private var end: Int

  /// Floats of a stretch: some messages a step, each longer than its latency.
  private static let stretch = 1 << 19

  init(_ share: BatchShare, _ gradients: FloatMemory) {
    group = share.group
    self.gradients = gradients.base
    isPresent = share.isPresent
    (first, end) = (gradients.count, gradients.count)
  }

  /// Takes note that all gradients from `start` on are computed.
  mutating func advance(to start: Int) {
    first = min(first, start)
    if end - first >= GradientSums.stretch { send() }
  }

  /// Sends what is left of what was computed.
  mutating func finish() { send() }

  private mutating func send() {
    guard first < end else { return }
    // What a blank image came to counts for nothing.
    if !isPresent { (gradients + first).update(repeating: 0, count: end - first) }
    group.sum(gradients + first, end - first)
    end = first
  }
}
