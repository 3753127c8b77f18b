internal import Glibc
internal import Primitives

/// The source of the pixels of a store's images.
///
/// A class, because it owns memory or a file.
final class PixelSource: @unchecked Sendable {
  /// A source's knowledge about an image.
  struct Picture {
    var index: Int
    var path: String
    /// The SHA-256 of the file as it was first read.
    var digest: FileDigest
    var isTraining: Bool
  }

  /// Kernels may read so many bytes past the last pixel.
  static let slack = 64

  private enum Kind {
    case memory(UnsafeMutableRawPointer)
    case slots(PictureSlots, ImageStorePlan.Readers)
    case file(PictureCacheFile, ImageStorePlan.Readers)
    case files(ImageStorePlan.Readers)
  }

  private let kind: Kind
  private let slotBytes: Int
  /// Whether files may first have been read by another process, perhaps from another folder.
  private let isShared: Bool

  /// Images in memory, which the source frees; they stand `slotBytes` apart.
  init(memory: UnsafeMutableRawPointer, slotBytes: Int) {
    kind = .memory(memory)
    self.slotBytes = slotBytes
    isShared = false
  }

  /// Images in memory once they have been wanted, for one of several processes.
  init(_ slots: PictureSlots, _ readers: ImageStorePlan.Readers) {
    kind = .slots(slots, readers)
    slotBytes = slots.slotBytes
    isShared = true
  }

  /// Images in a file; those that have gone bad in it are decoded again.
  init(
    _ file: PictureCacheFile, _ readers: ImageStorePlan.Readers, slotBytes: Int,
    isShared: Bool = false
  ) {
    kind = .file(file, readers)
    self.slotBytes = slotBytes
    self.isShared = isShared
  }

  /// Images that are decoded whenever they are wanted.
  init(_ readers: ImageStorePlan.Readers, slotBytes: Int, isShared: Bool = false) {
    kind = .files(readers)
    self.slotBytes = slotBytes
    self.isShared = isShared
  }

  deinit {
    if case .memory(let memory) = kind { free(memory) }
  }

  var place: PictureCache.Place {
    switch kind {
    case .memory, .slots: .ram
    case .file: .disk
    case .files: .off
    }
  }

  /// Whether every image is available without reading or decoding.
  var isComplete: Bool {
    if case .memory = kind { true } else { false }
  }

  /// Gives `body` the pixels of an image; `slack` bytes past the last can be read.
  func withPixels(
    _ picture: Picture, _ body: (UnsafePointer<UInt8>) -> Void
  ) throws(ImageStoreError) {
    switch kind {
    case .memory(let memory):
      body(UnsafePointer((memory + picture.index * slotBytes).assumingMemoryBound(to: UInt8.self)))
    case .slots(let slots, let readers):
      if let pixels = slots[picture.index] { return body(pixels) }
      let pixels = try decode(picture, readers)
      slots.keep(pixels, picture.index)
      PixelSource.withSlack(pixels, body)
    case .file(let file, let readers):
      let bytes = UnsafeMutableRawPointer.allocate(
        byteCount: slotBytes + PixelSource.slack, alignment: 64)
      defer { bytes.deallocate() }
      let slot = UnsafeMutableRawBufferPointer(start: bytes, count: slotBytes)
      if !file.read(picture.index, into: slot) {
        slot.copyBytes(from: try decode(picture, readers))
      }
      body(UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)))
    case .files(let readers):
      PixelSource.withSlack(try decode(picture, readers), body)
    }
  }

  private static func withSlack(
    _ pixels: consuming [UInt8], _ body: (UnsafePointer<UInt8>) -> Void
  ) {
    pixels.append(contentsOf: repeatElement(0, count: slack))
    pixels.withUnsafeBufferPointer {
      if let base = $0.baseAddress { body(base) }
    }
  }

  private func decode(
    _ picture: Picture, _ readers: ImageStorePlan.Readers
  ) throws(ImageStoreError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(ImageFailure) { bytes = try FileBytes.read(picture.path) } catch {
      throw .vanished(path: picture.path, reason: error.message)
    }
    guard FileDigest(SHA256.digest(bytes)) == picture.digest else {
      throw isShared ? .otherCopy(path: picture.path) : .changed(path: picture.path)
    }
    do throws(ImageFailure) {
      return try (picture.isTraining ? readers.training : readers.other).read(bytes: bytes).pixels
    } catch {
      throw .vanished(path: picture.path, reason: error.message)
    }
  }
}
