/// The findings of a check of a dataset.
package struct CheckReport: Sendable {
  /// The images of one class or all of them in one split's folder.
  package struct Folder: Sendable {
    package var split: Split
    /// Its name; empty for class folders alone.
    package var name: String
    /// The candidates of each class of `classes`; nil if the folder lacks the class.
    package var counts: [Int?]
  }

  /// The smallest, the middle and the largest of some numbers.
  package struct Spread: Sendable, Equatable {
    package var least: Int
    /// The upper one of the two in the middle.
    package var median: Int
    package var most: Int

    init?(_ values: [Int]) {
      guard !values.isEmpty else { return nil }
      let sorted = values.sorted()
      least = sorted[0]
      median = sorted[sorted.count / 2]
      most = sorted[sorted.count - 1]
    }
  }

  /// The number of images of each shape.
  package struct Shapes: Sendable, Equatable {
    /// Wider than high by more than a tenth.
    package var landscape = 0
    /// About as wide as high.
    package var square = 0
    /// Higher than wide by more than a tenth.
    package var portrait = 0

    mutating func add(_ width: Int, _ height: Int) {
      if 10 * width > 11 * height {
        landscape += 1
      } else if 10 * height > 11 * width {
        portrait += 1
      } else {
        square += 1
      }
    }
  }

  package var root: String
  /// The classes of all folders, in byte order.
  package var classes: [String]
  package var folders: [Folder]
  /// Candidates.
  package var images = 0
  /// Those that can be decoded.
  package var decoded = 0
  /// Bytes of all that could be read.
  package var byteCount = 0
  package var kinds: [FileKind: Int] = [:]
  /// Decoded images by what is special about their files.
  package var traits: [ImageFacts.Trait: Int] = [:]
  /// Decoded images that their EXIF orientation turns or mirrors.
  package var turned = 0
  /// Pixels across, upright; nil without a decoded image.
  package var widths: Spread?
  /// Pixels down, upright.
  package var heights: Spread?
  package var shapes = Shapes()
  /// Decoded images for which the search for similar ones was cut short.
  package var cutShort = 0
  /// Files ignored, by ending.
  package var passedOver = PassedOver()
  /// The findings, in the order of their kinds.
  package var findings: [CheckFinding] = []

  init(_ survey: FolderSurvey) {
    root = survey.root
    classes = survey.allClasses
    passedOver = survey.passedOver
    let names = classes.map { Array($0.utf8) }
    folders = survey.folders.map { folder in
      let counts = Dictionary(
        folder.classes.map { (Array($0.name.utf8), $0.files.count) }, uniquingKeysWith: +)
      return Folder(split: folder.split, name: folder.name, counts: names.map { counts[$0] })
    }
  }

  mutating func add(_ checked: CheckedImages) {
    images = checked.files.count
    byteCount = checked.byteCount
    let readable = checked.readable
    decoded = readable.count
    for image in readable.lazy.compactMap({ checked[$0] }) {
      kinds[image.kind, default: 0] += 1
      for trait in image.traits { traits[trait, default: 0] += 1 }
      if image.isTurned { turned += 1 }
      shapes.add(image.width, image.height)
    }
    widths = Spread(readable.compactMap { checked[$0]?.width })
    heights = Spread(readable.compactMap { checked[$0]?.height })
  }
}
