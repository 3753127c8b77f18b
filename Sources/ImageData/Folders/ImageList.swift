internal import Primitives

/// One candidate image of a dataset.
///
/// Nothing but its name has been looked at.
package struct Sample: Sendable, Hashable {
  /// The path to open.
  package var path: String
  /// The path below the dataset's folder, with `/` between the parts.
  package var relativePath: String
  /// The index of its folder's name in the classes.
  package var classIndex: Int
}

/// Candidate images of a dataset in order, in some 15 bytes each: their texts are made when they are
/// asked for.
///
/// Lists that are made of others share their names.
package struct ImageList: Sendable, RandomAccessCollection {
  /// Images that follow one another in one class folder.
  private struct Part {
    var start: Int
    var split: Split
    var classIndex: Int
    var names: FileNameTable
  }

  /// The dataset's folder, as given.
  private let root: String
  private var parts: [Part] = []
  package private(set) var count = 0

  /// Bytes of memory, about, which other lists may share.
  package var byteCount: Int { parts.reduce(0) { $0 + $1.names.byteCount } }

  /// No images below a folder.
  init(root: String) { self.root = root }

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(index: Int) -> Sample {
    let place = place(of: index)
    let relativePath = parts[place].names.path(of: index - parts[place].start)
    return Sample(
      path: ImageData.joined(root, relativePath), relativePath: relativePath,
      classIndex: parts[place].classIndex)
  }

  /// The path of an image below the dataset's folder.
  package func relativePath(of index: Int) -> String {
    let place = place(of: index)
    return parts[place].names.path(of: index - parts[place].start)
  }

  /// The path to open.
  package func path(of index: Int) -> String { ImageData.joined(root, relativePath(of: index)) }

  /// The index of its folder's name in the classes.
  package func classIndex(of index: Int) -> Int { parts[place(of: index)].classIndex }

  /// The split whose folder it lies in.
  package func split(of index: Int) -> Split { parts[place(of: index)].split }

  /// Bytes of its path below the dataset's folder.
  func relativeLength(of index: Int) -> Int {
    let place = place(of: index)
    return parts[place].names.pathLength(of: index - parts[place].start)
  }

  /// The part that holds an image: the last that begins at or before it.
  private func place(of index: Int) -> Int {
    precondition((0..<count).contains(index), "no image has this index")
    return (1..<parts.count).partitioningIndex { parts[$0].start > index } - 1
  }

  /// Adds the images of a class folder.
  mutating func add(_ names: FileNameTable, of split: Split, classIndex: Int) {
    if names.count == 0 { return }
    parts.append(Part(start: count, split: split, classIndex: classIndex, names: names))
    count += names.count
  }

  /// Adds the images of another list of the same dataset.
  mutating func add(_ other: ImageList) {
    for part in other.parts { add(part.names, of: part.split, classIndex: part.classIndex) }
  }

  /// Some of the images, in the given order.
  package func selecting(_ indices: some Sequence<Int>) -> ImageList {
    var list = ImageList(root: root)
    var names = FileNameTable()
    var last: (split: Split, classIndex: Int)?
    func end() {
      if let last { list.add(names, of: last.split, classIndex: last.classIndex) }
    }
    for index in indices {
      let place = place(of: index)
      let next = (parts[place].split, parts[place].classIndex)
      if let known = last, known != next {
        end()
        names = FileNameTable()
      }
      last = next
      names.add(index - parts[place].start, of: parts[place].names)
    }
    end()
    return list
  }

  /// The number of images in a split's folder.
  func count(of split: Split) -> Int {
    parts.reduce(0) { $0 + ($1.split == split ? $1.names.count : 0) }
  }

  /// The number of images of each class.
  func counts(classes: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: classes)
    for part in parts { counts[part.classIndex] += part.names.count }
    return counts
  }
}
