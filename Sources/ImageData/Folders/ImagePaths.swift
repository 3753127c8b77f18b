/// Paths of images in folders, in the order in which they were found.
///
/// They take the bytes of their names and two or so more: texts are made when they are asked for.
package struct ImagePaths: Sendable, RandomAccessCollection {
  private var names = FileNameTable()

  package var startIndex: Int { 0 }
  package var endIndex: Int { names.count }

  package subscript(index: Int) -> String { names.path(of: index) }

  /// Adds a file of a folder, whose path has no slash at its end unless it is the root.
  mutating func add(_ name: String, in folder: String) { names.add(name, in: folder) }
}
