internal import Compute
internal import Ranks

/// Sums the gradients of all processes: those of one machine at the end of the backward pass, in
/// memory that all see, others by messages while it continues.
///
/// Parameters lie in the order of the layers, so the finished gradients are a range at the end; it
/// is sent as soon as it is large enough to be worth a message.
struct GradientSums {
  private let group: Group
  private let gradients: FloatMemory
  private let engine: Engine
  private let isPresent: Bool
  /// The start and the end of the range not sent yet.
  private var first: Int
  private var end: Int

  /// Floats per message: a few messages per step, each longer than its latency.
  private static let stretch = 1 << 19

  init(_ share: BatchShare, _ gradients: FloatMemory, _ engine: Engine) {
    group = share.group
    (self.gradients, self.engine) = (gradients, engine)
    isPresent = share.isPresent
    (first, end) = (gradients.count, gradients.count)
  }

  /// Records that all gradients from `start` on are complete.
  mutating func advance(to start: Int) {
    first = min(first, start)
    if gradients.owner == nil, end - first >= GradientSums.stretch { send() }
  }

  /// Sums the remaining gradients; of those sent, `Group.finishSums` awaits the sums.
  mutating func finish() {
    guard let shared = gradients.owner else { return send() }
    clear()
    shared.sum(from: first) { engine.stretches($0, $1) }
  }

  private mutating func send() {
    guard first < end else { return }
    clear()
    group.sum(gradients.base + first, end - first)
    end = first
  }

  /// Clears gradients of a blank image, which do not count.
  private func clear() {
    if !isPresent { (gradients.base + first).update(repeating: 0, count: end - first) }
  }
}
