internal import Primitives

/// One photo's way, as the journal tells it before it is gone.
struct Placement: Hashable {
  /// The means, each undone in its own way.
  enum Means: String {
    case copy
    case link
    /// A new name in the same file system.
    case move
    /// A move across file systems: a copy, then the photo is removed.
    case carry

    /// The method that somebody asked for.
    var method: SortMethod {
      switch self {
      case .copy: .copy
      case .link: .link
      case .move, .carry: .move
      }
    }

    /// Whether the photo's bytes are written anew.
    var copies: Bool {
      switch self {
      case .copy, .carry: true
      case .link, .move: false
      }
    }
  }

  var means: Means
  /// The photo, from the root, links in its folder resolved.
  var source: String
  /// Below the target: the folder's name and the file's.
  var name: String
  /// Facts of the photo as it was.
  var size: Int
  var nanoseconds: Int
  var node: UInt64
  /// The SHA-256 of its bytes where they are written anew; else empty.
  var digest: String

  /// What tells a photo from a later one of its name.
  struct Key: Hashable {
    var source: String
    var size: Int
    var nanoseconds: Int
  }

  var key: Key { Key(source: source, size: size, nanoseconds: nanoseconds) }

  var place: FilePlace { FilePlace(named: source) }

  func target(in folder: String) -> FilePlace { FilePlace(name, in: folder) }

  /// Whether a file is as this placement wrote it, by size and bytes.
  func isWritten(at place: FilePlace) throws(TrainingError) -> Bool {
    guard let facts = try FileFacts.own(place), facts.size == size else { return false }
    return try facts.digest(of: place) == digest
  }

  /// Its progress.
  enum State {
    /// Nothing of it is there.
    case absent
    case done
    /// The photo is at its new place, and still at its old one, where it should be gone.
    case half
  }

  /// Its progress according to the disk.
  func state(in folder: String) throws(TrainingError) -> State {
    let target = target(in: folder)
    guard let new = try FileFacts.own(target) else { return .absent }
    switch means {
    case .copy:
      return try isWritten(at: target) ? .done : .absent
    case .link:
      guard let old = FileFacts.followed(source) else { return new.node == node ? .done : .absent }
      return new.isSameFile(as: old) ? .done : .absent
    case .move:
      // Not every file system has lasting numbers of files.
      let isSame = new.node == node || (new.size == size && new.nanoseconds == nanoseconds)
      guard isSame else { return .absent }
      guard let old = try FileFacts.own(place) else { return .done }
      return new.isSameFile(as: old) ? .half : .done
    case .carry:
      guard try isWritten(at: target) else { return .absent }
      return try isWritten(at: place) ? .half : .done
    }
  }
}
