/// An epoch's images divided into as few batches as can be, whose sizes differ by one at most.
///
/// A last batch of the few that are left over would make a step of full length on the statistics of
/// a handful of images.
package struct EvenBatches: Sendable, Hashable {
  package let images: Int
  package let count: Int

  /// Batches of at most `size` images, above 0.
  package init(of images: Int, atMost size: Int) {
    self.images = images
    count = (images + size - 1) / size
  }

  /// The places of a batch in the order of the epoch.
  package subscript(index: Int) -> Range<Int> {
    (index * images / count)..<((index + 1) * images / count)
  }

  package var largest: Int { count == 0 ? 0 : (images + count - 1) / count }
}
