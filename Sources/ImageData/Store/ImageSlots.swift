internal import Glibc
internal import Synchronization

/// Memory for images of which each comes when it is first wanted, from any thread.
///
/// A class, because it owns the memory. Pages of images that nobody wants cost nothing.
final class ImageSlots: @unchecked Sendable {
  /// The most bytes of an image.
  let slotBytes: Int
  private let memory: UnsafeMutableRawPointer
  private let states: UnsafeMutableBufferPointer<Atomic<UInt8>>

  private static let empty: UInt8 = 0
  private static let filling: UInt8 = 1
  private static let present: UInt8 = 2

  /// Room for `count` images; nil if the system gives none.
  init?(count: Int, slotBytes: Int) {
    guard let memory = malloc(max(1, count * (slotBytes + PixelSource.slack))) else { return nil }
    self.memory = memory
    self.slotBytes = slotBytes
    states = .allocate(capacity: count)
    for index in 0..<count {
      states.initializeElement(at: index, to: Atomic(ImageSlots.empty))
    }
  }

  deinit {
    states.deinitialize()
    states.deallocate()
    free(memory)
  }

  /// The bytes of an image that is here; `PixelSource.slack` bytes past the last can be read.
  subscript(index: Int) -> UnsafePointer<UInt8>? {
    guard states[index].load(ordering: .acquiring) == ImageSlots.present else { return nil }
    return UnsafePointer(slot(index).assumingMemoryBound(to: UInt8.self))
  }

  /// Keeps an image, unless it is here or another thread is just bringing it.
  func keep(_ pixels: [UInt8], _ index: Int) {
    precondition(pixels.count <= slotBytes, "an image larger than its slot")
    let (isOurs, _) = states[index].compareExchange(
      expected: ImageSlots.empty, desired: ImageSlots.filling, ordering: .relaxed)
    guard isOurs else { return }
    UnsafeMutableRawBufferPointer(start: slot(index), count: slotBytes).copyBytes(from: pixels)
    states[index].store(ImageSlots.present, ordering: .releasing)
  }

  /// Keeps an image in the place of another one, before anybody has wanted any.
  func replace(_ pixels: [UInt8], _ index: Int) {
    states[index].store(ImageSlots.empty, ordering: .relaxed)
    keep(pixels, index)
  }

  /// Each has its own bytes to read past the end: those of the next may be changing.
  private func slot(_ index: Int) -> UnsafeMutableRawPointer {
    memory + index * (slotBytes + PixelSource.slack)
  }
}
