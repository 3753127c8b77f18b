internal import Primitives

/// Images that are to be divided, by what decides where each goes.
package struct DividedImages: Sendable {
  /// The digests of files, among them those of the images.
  private let digests: [FileDigest]
  /// The places of the images in `digests`; nil if they are all.
  private let places: [Int32]?
  /// The class of each image.
  package let classes: [Int32]
  /// The groups of all that have digests here.
  private let groups: GroupNames
  /// What stands for each image, where that is not its file alone.
  private var joined: [FileDigest]?

  /// The images at some places, ascending, of those that have digests and groups.
  init(
    _ digests: [FileDigest], at places: [Int32], classes: [Int32], groups: GroupNames
  ) {
    (self.digests, self.classes, self.groups) = (digests, classes, groups)
    // Most often no image is missing, and a million places are worth saving.
    self.places = places.count == digests.count ? nil : places
  }

  /// Images with the SHA-256 of their files, their groups where they have one, and their classes.
  package init(_ images: [(digest: [UInt8], group: String?, classIndex: Int)]) {
    digests = images.map { FileDigest($0.digest) }
    places = nil
    classes = images.map { Int32($0.classIndex) }
    var groups = GroupNames()
    for image in images { groups.add(image.group) }
    self.groups = groups
  }

  package var indices: Range<Int> { classes.indices }

  private func place(of index: Int) -> Int { places.map { Int($0[index]) } ?? index }

  /// The digest of an image's file.
  func digest(of index: Int) -> FileDigest { digests[place(of: index)] }

  /// The digest that stands for an image and all that must stay together with it; see `joining`.
  func unit(of index: Int) -> FileDigest { joined?[index] ?? digest(of: index) }

  /// For each image the digest that stands for all that must stay together with it; see `joining`.
  package func units(alike: [(Int, Int)] = []) -> [FileDigest] {
    let images = joining(alike)
    return indices.map { images.unit(of: $0) }
  }

  /// The same images, each with a digest that stands for all that must stay together with it.
  ///
  /// It is its own, or that of its group's name, the least where equal files connect several groups. Of
  /// images that are the same picture it is the digest of the least: the least alone would be held out
  /// more often.
  ///
  /// - alike: pairs of images that are the same picture.
  func joining(_ alike: [(Int, Int)]) -> DividedImages {
    // Equal files are together by their digests.
    let pairs = alike.filter { digest(of: $0.0) != digest(of: $0.1) }
    if pairs.isEmpty, groups.isEmpty { return self }
    var together = Groups(count: indices.count)
    let copies = EqualImages(indices) { digest(of: $0) }.several
    let grouped = groups.members(of: indices.lazy.map { place(of: $0) })
    for members in copies + grouped.map({ $0[...] }) {
      for (a, b) in zip(members, members.dropFirst()) { together.join(Int(a), Int(b)) }
    }
    for (a, b) in pairs { together.join(a, b) }
    // A leader is the first of its images: it has the least of all in the end.
    var least = indices.map { groups.digest(of: place(of: $0)) ?? digest(of: $0) }
    for index in indices {
      let leader = together.leader(index)
      least[leader] = min(least[leader], least[index])
    }
    for leader in Set(pairs.map { together.leader($0.0) }) {
      least[leader] = FileDigest(SHA256.digest(least[leader].bytes))
    }
    for index in indices { least[index] = least[together.leader(index)] }
    var images = self
    images.joined = least
    return images
  }
}

/// The groups of images by name, each name once.
struct GroupNames: Sendable {
  /// The group of each image, -1 for none; empty where no image has one.
  private var numbers: [Int32] = []
  /// Images so far.
  private var count = 0
  private var known: [String: Int32] = [:]
  /// SHA-256 of each name, which stands for the group.
  private var digests: [FileDigest] = []

  /// Whether no image has a group.
  var isEmpty: Bool { digests.isEmpty }

  /// Adds an image with its group; nil for none.
  mutating func add(_ name: String?) {
    defer { count += 1 }
    guard let name else {
      if !isEmpty { numbers.append(-1) }
      return
    }
    if isEmpty { numbers = [Int32](repeating: -1, count: count) }
    let number = known[name] ?? Int32(digests.count)
    if Int(number) == digests.count {
      known[name] = number
      digests.append(FileDigest(SHA256.digest(name.utf8)))
    }
    numbers.append(number)
  }

  /// What stands for an image's group; nil where it has none.
  func digest(of index: Int) -> FileDigest? {
    isEmpty || numbers[index] < 0 ? nil : digests[Int(numbers[index])]
  }

  /// The places of each group's images among some images.
  func members(of images: some Sequence<Int>) -> [[Int32]] {
    var members = [[Int32]](repeating: [], count: digests.count)
    for (place, image) in images.enumerated() where !isEmpty && numbers[image] >= 0 {
      members[Int(numbers[image])].append(Int32(place))
    }
    return members
  }
}

/// Images sorted by a key, such as their digests, so that equal ones are neighbours.
struct EqualImages {
  /// The images, by key and where these are equal by index.
  private let order: [Int32]
  /// The start in `order` of each group of equal ones, and the end of the last.
  private let starts: [Int32]

  init<Key: Comparable>(_ images: some Sequence<Int>, by key: (Int) -> Key) {
    order = images.map { Int32($0) }.sorted { a, b in
      let (first, second) = (key(Int(a)), key(Int(b)))
      return first != second ? first < second : a < b
    }
    var starts: [Int32] = []
    for (place, image) in order.enumerated()
    where place == 0 || key(Int(image)) != key(Int(order[place - 1])) {
      starts.append(Int32(place))
    }
    starts.append(Int32(order.count))
    self.starts = starts
  }

  /// The number of different keys.
  var count: Int { starts.count - 1 }

  /// The images with one of the keys, in order.
  subscript(group: Int) -> ArraySlice<Int32> { order[Int(starts[group])..<Int(starts[group + 1])] }

  /// The groups of more than one image, in the order of their first ones.
  var several: [ArraySlice<Int32>] {
    (0..<count).filter { starts[$0 + 1] - starts[$0] > 1 }.map { self[$0] }
      .sorted { $0.first ?? 0 < $1.first ?? 0 }
  }
}

/// What is divided: images that stay together, numbered in the order of what stands for them.
struct DivisionUnits {
  private let images: DividedImages
  private let equal: EqualImages
  private let ofImages: [Int32]
  /// Different files of each unit.
  private let files: [Int32]
  /// The units of each class, classes in order; one of several classes counts for the first.
  let ofClasses: [[Int32]]
  /// The split of each unit; nil while it may be trained on.
  var splits: [Split?]
  /// Images of each class that stay in training.
  private var trained: [Int] = []

  init(_ images: DividedImages) {
    self.images = images
    let equal = EqualImages(images.indices) { images.unit(of: $0) }
    self.equal = equal
    var ofImages = [Int32](repeating: 0, count: images.indices.count)
    var ofClasses = [[Int32]](repeating: [], count: Int(images.classes.max() ?? -1) + 1)
    var files: [Int32] = []
    files.reserveCapacity(equal.count)
    for unit in 0..<equal.count {
      let members = equal[unit]
      for image in members { ofImages[Int(image)] = Int32(unit) }
      // Equal files count once.
      files.append(
        members.count == 1 ? 1 : Int32(Set(members.map { images.digest(of: Int($0)) }).count))
      let owner = members.map { images.classes[Int($0)] }.min() ?? 0
      ofClasses[Int(owner)].append(Int32(unit))
    }
    (self.ofImages, self.files) = (ofImages, files)
    self.ofClasses = ofClasses.filter { !$0.isEmpty }
    splits = [Split?](repeating: nil, count: equal.count)
  }

  func unit(of image: Int) -> Int { Int(ofImages[image]) }

  func files(of unit: Int32) -> Int { Int(files[Int(unit)]) }

  /// The digest that stands for a unit.
  func name(of unit: Int32) -> FileDigest {
    equal[Int(unit)].first.map { images.unit(of: Int($0)) } ?? FileDigest()
  }

  /// Different files of some units that may be trained on.
  func filesLeft(of units: [Int32]) -> Int {
    units.reduce(0) { $0 + (splits[Int($1)] == nil ? files(of: $1) : 0) }
  }

  /// Counts the images that may be trained on, before the first unit is held.
  mutating func countTrained() {
    trained = [Int](repeating: 0, count: Int(images.classes.max() ?? -1) + 1)
    for index in images.indices where splits[unit(of: index)] == nil {
      trained[Int(images.classes[index])] += 1
    }
  }

  /// Holds a unit out, unless it has all that one of its classes is trained on: those of other
  /// classes that go with a unit may be.
  mutating func hold(_ unit: Int32, _ split: Split) {
    var counts: [Int: Int] = [:]
    for image in equal[Int(unit)] { counts[Int(images.classes[Int(image)]), default: 0] += 1 }
    guard counts.allSatisfy({ $0.value < trained[$0.key] }) else { return }
    for (label, count) in counts { trained[label] -= count }
    splits[Int(unit)] = split
  }
}
