internal import Ranks

/// Sums the gradients of all processes while the backward pass continues.
///
/// Parameters lie in the order of the layers, so the finished gradients are a range at the end; it
/// is sent as soon as it is large enough to be worth a message.
struct GradientSums {
  private let group: Group
  private let gradients: UnsafeMutablePointer<Float>
  private let isPresent: Bool
  /// The start and the end of the range not sent yet.
  private var first: Int
  private var end: Int

  /// Floats per message: a few messages per step, each longer than its latency.
  private static let stretch = 1 << 19

  init(_ share: BatchShare, _ gradients: FloatMemory) {
    group = share.group
    self.gradients = gradients.base
    isPresent = share.isPresent
    (first, end) = (gradients.count, gradients.count)
  }

  /// Records that all gradients from `start` on are complete.
  mutating func advance(to start: Int) {
    first = min(first, start)
    if end - first >= GradientSums.stretch { send() }
  }

  /// Sends the remaining gradients.
  mutating func finish() { send() }

  private mutating func send() {
    guard first < end else { return }
    // A blank image's gradients do not count.
    if !isPresent { (gradients + first).update(repeating: 0, count: end - first) }
    group.sum(gradients + first, end - first)
    end = first
  }
}
