internal import Glibc
internal import Primitives
internal import Synchronization

/// The place of images' pixels, while they are read and afterwards.
enum PixelPlace {
  /// In memory, each once it has been decoded.
  case memory(ImageSlots)
  case file(ImageCacheFile)
  /// In a file that this process is making for its machine.
  case unfinished(ImageCacheFile.Writer)
  /// In the file that another process of the machine makes or has found.
  case awaited(CacheEntry)
  /// Nowhere: they are decoded whenever they are wanted.
  case nowhere
}

/// The source of the pixels of a store's images.
struct PixelSource: Sendable {
  /// A source's knowledge about an image.
  struct Image {
    var index: Int
    /// The SHA-256 of the file as it was first read.
    var digest: FileDigest
    var isTraining: Bool
  }

  /// Kernels may read so many bytes past the last pixel.
  static let slack = 64

  let place: PixelPlace
  let files: ImageList
  let readers: ImageStorePlan.Readers
  let slotBytes: Int
  /// Whether files may first have been read by another process, perhaps from another folder.
  let isShared: Bool

  var placeName: ImageCache.Place {
    switch place {
    case .memory: .ram
    case .file: .disk
    case .unfinished, .awaited, .nowhere: .off
    }
  }

  /// Gives `body` the pixels of an image; `slack` bytes past the last can be read.
  func withPixels(
    _ image: Image, _ body: (UnsafePointer<UInt8>) -> Void
  ) throws(ImageStoreError) {
    switch place {
    case .memory(let slots):
      if let pixels = slots[image.index] { return body(pixels) }
      let pixels = try decode(image)
      slots.keep(pixels, image.index)
      PixelSource.withSlack(pixels, body)
    case .file(let file):
      let bytes = UnsafeMutableRawPointer.allocate(
        byteCount: slotBytes + PixelSource.slack, alignment: 64)
      defer { bytes.deallocate() }
      let slot = UnsafeMutableRawBufferPointer(start: bytes, count: slotBytes)
      // Those that have gone bad in it are decoded again.
      if !file.read(image.index, into: slot) { slot.copyBytes(from: try decode(image)) }
      body(UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)))
    case .unfinished, .awaited, .nowhere:
      PixelSource.withSlack(try decode(image), body)
    }
  }

  /// The same from the file, as images have them that are not trained on.
  func withFreshPixels(
    _ image: Image, _ body: (UnsafePointer<UInt8>) -> Void
  ) throws(ImageStoreError) {
    var image = image
    image.isTraining = false
    PixelSource.withSlack(try decode(image), body)
  }

  private static func withSlack(
    _ pixels: consuming [UInt8], _ body: (UnsafePointer<UInt8>) -> Void
  ) {
    pixels.append(contentsOf: repeatElement(0, count: slack))
    pixels.withUnsafeBufferPointer {
      if let base = $0.baseAddress { body(base) }
    }
  }

  private func decode(_ image: Image) throws(ImageStoreError) -> [UInt8] {
    // A path is made where it is needed: most images are in memory.
    let path = files.path(of: image.index)
    do throws(ImageFailure) {
      let bytes = try FileBytes.read(path)
      if FileDigest(SHA256.digest(bytes)) == image.digest {
        return try (image.isTraining ? readers.training : readers.other).read(bytes: bytes).pixels
      }
    } catch {
      throw .vanished(path: path, reason: error.message)
    }
    throw isShared ? .otherCopy(path: path) : .changed(path: path)
  }
}

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
