import Glibc
internal import Primitives

/// The hashes of many images, and their tiny copies: those of many in a file, as they are seldom
/// looked at once all have come.
package struct TinyCopies: Sendable {
  /// The image of each copy, ascending.
  private(set) var images: [Int32] = []
  private(set) var bits: [UInt64] = []
  /// The tiny copies, one after the other, as long as they are few.
  private var greys: [UInt8] = []
  private var file: NamelessFile?

  private let mostInMemory: Int

  /// Of so many images copies are kept in memory.
  package static let mostInMemory = 1 << 16

  /// No copies.
  init() { mostInMemory = TinyCopies.mostInMemory }

  /// The copies of hashes, each of an image of its own.
  package init(_ hashes: [PerceptualHash], mostInMemory: Int = TinyCopies.mostInMemory) {
    self.mostInMemory = mostInMemory
    for (image, hash) in hashes.enumerated() { add(hash, of: image) }
  }

  package var count: Int { bits.count }

  /// Whether the copies lie in a file.
  package var isInFile: Bool { file != nil }

  /// Adds the copy of an image; of one before the last there is one already.
  mutating func add(_ hash: PerceptualHash, of image: Int) {
    if let last = images.last, image <= Int(last) { return }
    if count == mostInMemory { moveToFile() }
    if let file {
      if !file.write(hash.greys, at: count * PerceptualHash.count) {
        moveToMemory(file)
        greys += hash.greys
      }
    } else {
      greys += hash.greys
    }
    images.append(Int32(image))
    bits.append(hash.bits)
  }

  private mutating func moveToFile() {
    guard let new = NamelessFile(), new.write(greys, at: 0) else { return }
    file = new
    greys = []
  }

  /// Where the disk is full.
  private mutating func moveToMemory(_ old: NamelessFile) {
    greys = old.read(count * PerceptualHash.count, at: 0)
    file = nil
  }

  /// A hash with its copy; one that can no longer be read is of one grey, and like no other.
  package subscript(copy: Int) -> PerceptualHash {
    let start = copy * PerceptualHash.count
    let own =
      file?.read(PerceptualHash.count, at: start)
      ?? Array(greys[start..<(start + PerceptualHash.count)])
    return PerceptualHash(bits: bits[copy], greys: own)
  }

  /// The hash of an image; nil where it has none.
  func hash(of image: Int) -> PerceptualHash? {
    let place = (0..<images.count).partitioningIndex { Int(images[$0]) >= image }
    return place < images.count && Int(images[place]) == image ? self[place] : nil
  }
}

/// A file of this process alone, without a name: it is gone with the process, whatever happens.
///
/// A class, because it owns the descriptor.
private final class NamelessFile: Sendable {
  private let descriptor: CInt

  /// A file in TMPDIR or a folder for such files; nil if none can be made.
  init?() {
    let named = getenv("TMPDIR").map { String(systemPath: $0) }
    for folder in [named, "/var/tmp", "/tmp"].compactMap(\.self) {
      var path = systemPath("\(folder)/cnnctl.XXXXXX")
      let descriptor = mkstemp(&path)
      guard descriptor >= 0 else { continue }
      unlink(path)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      self.descriptor = descriptor
      return
    }
    return nil
  }

  deinit { close(descriptor) }

  /// Writes bytes at a place; false where the system does not take all of them.
  func write(_ bytes: [UInt8], at offset: Int) -> Bool {
    FileSystem.writeAll(bytes, to: descriptor, at: offset)
  }

  /// The bytes at a place; zeros where they cannot be read.
  func read(_ count: Int, at offset: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
      bytes.initialize(repeating: 0)
      initialized = count
      _ = FileSystem.read(
        into: UnsafeMutableRawBufferPointer(bytes), from: descriptor, at: offset)
    }
  }
}
