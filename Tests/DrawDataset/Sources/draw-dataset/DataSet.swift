/// One picture file to draw.
struct Order: Sendable {
  let species: Species
  /// Path below the output folder, without the suffix.
  let stem: String
  let width: Int
  let height: Int
  let format: FileFormat
  /// The number that its random streams are keyed by.
  let picture: Int
  let seed: UInt64

  /// Path below the output folder.
  var name: String { "\(stem).\(format.suffix)" }
  /// The names that other seeds may give the same picture.
  var otherNames: [String] {
    ["jpg", "png"].filter { $0 != format.suffix }.map { "\(stem).\($0)" }
  }

  /// The bytes of the file.
  func file() throws(EncodingError) -> [UInt8] {
    try Scene(species: species, seed: seed, picture: picture).draw(width: width, height: height)
      .encoded(as: format)
  }
}

/// All pictures of a data set: folders, names, sizes and formats.
struct DataSet {
  private(set) var folders: [String] = []
  private(set) var orders: [Order] = []

  /// Plans `count` training and `count` / 4 test pictures of each species.
  init(seed: UInt64, count: Int) {
    for (part, (folder, size)) in [("training_set", count), ("test_set", count / 4)].enumerated() {
      for (class_, species) in Species.allCases.enumerated() {
        folders.append("\(folder)/\(species.folder)")
        for number in 1...size {
          // Numbers do not depend on the count, so a short run draws the first pictures of a long.
          let picture = (part * Species.allCases.count + class_) * 1_000_000 + number
          orders.append(
            DataSet.order(species, "\(folder)/\(species.folder)", number, picture, seed))
        }
      }
    }
  }

  private static func order(
    _ species: Species, _ folder: String, _ number: Int, _ picture: Int, _ seed: UInt64
  ) -> Order {
    var random = RandomStream(seed: seed, picture: picture, facet: .format)
    // Losslessly stored pictures are the small ones: they take ten times the space.
    let lossless = random.chance(0.125)
    // Large pictures are rarer, to keep the whole small.
    let share = random.uniform()
    let longer = lossless ? mix(88, 116, share) : mix(104, 240, share * share.squareRoot())
    let aspect = random.between(0.68, 1)
    let shorter = max(80, longer * aspect)
    let upright = random.chance(0.4)
    let format =
      lossless ? FileFormat.png : .jpeg(quality: 70 + random.index(below: 21))
    return Order(
      species: species, stem: "\(folder)/\(species.rawValue).\(number)",
      width: Int(upright ? shorter : longer), height: Int(upright ? longer : shorter),
      format: format, picture: picture, seed: seed)
  }
}
