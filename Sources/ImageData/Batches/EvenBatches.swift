/// An epoch's images dealt into as few batches as can be, whose sizes differ by one at most.
///
/// A last batch of the few that are left over would make a step of full length on the statistics of
/// a handful of images.
package struct EvenBatches: Sendable, Hashable {
  /// The images of an epoch.
  package let pictures: Int
  /// Batches of an epoch.
  package let count: Int

  /// Batches of at most `size` images, above 0.
  package init(of pictures: Int, atMost size: Int) {
    self.pictures = pictures
    count = (pictures + size - 1) / size
  }

  /// The places of a batch in the order of the epoch.
  package subscript(index: Int) -> Range<Int> {
    (index * pictures / count)..<((index + 1) * pictures / count)
  }

  /// The images of the largest batch.
  package var largest: Int { count == 0 ? 0 : (pictures + count - 1) / count }
}
