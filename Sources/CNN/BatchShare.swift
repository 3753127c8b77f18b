internal import Ranks

/// The part of a batch that one of several processes makes a step on.
package struct BatchPlace: Sendable, Hashable {
  /// The place of its first image in the whole batch.
  package var offset: Int
  /// The images of the whole batch.
  package var whole: Int

  /// A part of a batch.
  package init(offset: Int, whole: Int) {
    self.offset = offset
    self.whole = whole
  }
}

/// What a pass has to know where others make the same step on other images of the batch.
struct BatchShare {
  let communicator: Communicator
  let place: BatchPlace
  /// Whether this process has an image of the batch; one that has none passes a blank one, which
  /// counts nowhere, so that all ask for the same sums.
  let isPresent: Bool
  /// Whether batch normalization is by the whole batch.
  let sharesStatistics: Bool

  /// The numbers of all processes, one after the other, in the order of their ranks.
  func gather(_ own: [Double]) -> [Double] {
    var all = [Double](repeating: 0, count: own.count * communicator.size)
    all.withUnsafeMutableBytes { all in
      own.withUnsafeBytes { own in
        if let from = own.baseAddress, let to = all.baseAddress {
          communicator.gather(from, own.count, into: to)
        }
      }
    }
    return all
  }
}

/// Sums the gradients of all processes while the backward pass goes on.
///
/// Parameters lie in the order of the layers, so what the pass has come past is a stretch at the
/// end; it goes off as soon as it is large enough to be worth a message.
struct GradientSums {
  private let communicator: Communicator
  private let gradients: UnsafeMutablePointer<Float>
  private let isPresent: Bool
  /// Where what is not sent begins and ends.
  private var first: Int
  private var end: Int

  /// Floats of a stretch: some messages a step, each longer than its latency.
  private static let stretch = 1 << 19

  init(_ share: BatchShare, _ gradients: FloatMemory) {
    communicator = share.communicator
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
    communicator.sum(gradients + first, end - first)
    end = first
  }
}
