internal import Ranks

/// The part of a batch that one of several processes trains on.
package struct BatchPlace: Sendable, Hashable {
  /// The index of its first image in the whole batch.
  package var offset: Int
  /// The images of the whole batch.
  package var whole: Int

  package init(offset: Int, whole: Int) {
    self.offset = offset
    self.whole = whole
  }
}

/// What a pass needs if other processes work on other parts of the same batch.
struct BatchShare {
  let group: Group
  let place: BatchPlace
  /// Whether this process has an image of the batch; one without passes a blank image with no
  /// weight, so that all processes request the same sums.
  let isPresent: Bool
  /// Whether batch normalization uses the whole batch.
  let sharesStatistics: Bool
}
