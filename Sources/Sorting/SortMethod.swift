/// The way photos get into their folders.
package enum SortMethod: String, Sendable, CaseIterable {
  /// A copy of its own; the photo stays where it is.
  case copy
  /// A second name of the same file.
  case link
  /// The photo itself.
  case move
}

/// The folder that a photo belongs into.
package enum SortFolder: Hashable, Sendable {
  /// That of a class.
  case label(String)
  /// That of photos whose class is too uncertain.
  case unsure
  /// That of photos that belong to none of the classes.
  case rejected

  package var name: String {
    switch self {
    case .label(let name): name
    case .unsure: SortFolder.unsureName
    case .rejected: SortFolder.rejectedName
    }
  }

  package static let unsureName = "unsure"
  /// The name of the folder of photos of no class.
  package static let rejectedName = "none-of-these"
}

/// A photo to be put into a folder.
package struct SortedPhoto: Sendable, Hashable {
  /// The file as it was named.
  package var path: String
  package var folder: SortFolder

  package init(path: String, folder: SortFolder) {
    self.path = path
    self.folder = folder
  }
}

/// The result for a photo, or the planned one.
package enum SortOutcome: Sendable, Hashable {
  /// It was put at this path by this method; across file systems a link is a copy.
  case placed(String, SortMethod)
  /// A file of the same bytes lies at this path.
  case alreadyThere(String)
  /// It stays where it is, for this reason.
  case left(String)

  /// The path in the folder, where there is one.
  package var path: String? {
    switch self {
    case .placed(let path, _), .alreadyThere(let path): path
    case .left: nil
    }
  }
}
