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
  func gather(_ own: [Double]) -> [Double] { communicator.gatherNumbers(own) }
}
