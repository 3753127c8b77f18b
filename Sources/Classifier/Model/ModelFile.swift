internal import CNN
internal import Primitives

/// A model file, on disk or in the program, its header read and checked.
struct ModelFile {
  /// The layout described by the header.
  let layout: TensorFile.Layout
  private let source: ByteSource
  private let path: String
  private let head: [UInt8]
  private let digest: Range<Int>

  /// Opens a file and reads its header strictly.
  init(_ location: ModelLocation) throws(TrainingError) {
    let source = try location.open()
    let path = location.weights
    (self.source, self.path) = (source, path)
    let size = source.count
    let prefix = try source.bytes(0..<min(size, TensorFile.Layout.prefixBytes))
    let end = try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.Layout.headerEnd(prefix: prefix, fileBytes: size)
    }
    let head = try source.bytes(0..<end)
    self.head = head
    (layout, digest) = try ModelFile.naming(path) { () throws(TensorFileError) in
      let layout = try TensorFile.Layout(head: head, fileBytes: size)
      guard let digest = layout.digest else { throw .noDigest }
      return (layout, digest)
    }
  }

  /// The number format of most of the weights.
  var precision: TensorFile.Precision {
    let types = Set(layout.tensors.map(\.type))
    return types.contains(.signedByte) ? .bytes : types.contains(.half) ? .half : .single
  }

  /// Reads all weights to where the network keeps them; every shape must be the network's.
  ///
  /// Floats are read to their place; others are read beside it and decoded, those of a model in the
  /// program from where they lie. The digest is computed meanwhile and beyond, of the same bytes:
  /// the network must not change before it is confirmed. Beside it the images that the model was
  /// trained on and its novelty detector, where the file has them.
  func read(
    into network: Network, classes: Int
  ) throws(TrainingError) -> Content {
    try checkNovelty(network, classes: classes)
    let storage = network.storage
    func target(_ place: TensorFile.Layout.Place) -> UnsafeMutableRawBufferPointer? {
      // The factors of 8-bit weights are floats, too, but have no place in the network.
      place.type == .single
        ? storage[place.name].map { UnsafeMutableRawBufferPointer($0.values) } : nil
    }
    func lasting(_ place: TensorFile.Layout.Place) -> UnsafeRawBufferPointer? {
      // Floats must lie on whole words.
      place.type == .single ? nil : source.lasting(place.bytes)
    }
    let beside = layout.arrays.filter { target($0) == nil && lasting($0) == nil }
    let held: HeldBytes
    do throws(ModelError) {
      held = try HeldBytes(network, for: beside.map(\.bytes.count))
    } catch {
      throw TrainingError(.noRoom, "\(path): \(error)")
    }
    let sum = BackgroundDigest(head: head, owner: held)
    var found: [String: UnsafeRawBufferPointer] = [:]
    for place in layout.arrays {
      let bytes: UnsafeRawBufferPointer
      if let lasting = lasting(place) {
        bytes = lasting
      } else {
        let room = target(place) ?? held.next(place.bytes.count)
        guard room.count == place.bytes.count else { throw misfit(place) }
        try source.read(into: room, at: place.bytes.lowerBound)
        bytes = UnsafeRawBufferPointer(room)
      }
      sum.add(bytes)
      found[place.name] = bytes
      if place.type == .single { try check(bytes, place) }
    }
    for place in layout.tensors where place.type != .single {
      guard let bytes = found[place.name], let target = storage[place.name]?.values,
        target.count * place.type.bytes == bytes.count
      else { throw misfit(place) }
      let scales = place.scales.flatMap { found[$0.name] }.map { $0.bindMemory(to: Float.self) }
      try ModelFile.naming(path) { () throws(TensorFileError) in
        let scales = scales ?? UnsafeBufferPointer(start: nil, count: 0)
        if let factors = place.scales { try TensorFile.checkScales(scales, name: factors.name) }
        try TensorFile.decode(bytes, of: place, scales: scales, into: target)
      }
    }
    let images = try layout.images.map { place throws(TrainingError) in
      guard let bytes = found[place.name], let images = ImageDigests(file: bytes) else {
        throw TrainingError(
          .badData, "\(path): \(place.name) is not valid",
          expected: "sorted rows without duplicates")
      }
      return images
    }
    let novelty = try novelty(classes: classes) { name in
      found[name].map { Array($0.bindMemory(to: Float.self)) } ?? []
    }
    return Content(
      digest: PendingDigest(path: path, sum: sum, expected: try source.bytes(digest)),
      images: images, novelty: novelty)
  }

  /// A file's metadata beside the weights.
  struct Content {
    let digest: PendingDigest
    let images: ImageDigests?
    let novelty: NoveltyDetector?
  }

  /// Refuses arrays of a novelty detector that fit neither the network nor each other, before they
  /// are read.
  private func checkNovelty(_ network: Network, classes: Int) throws(TrainingError) {
    guard !layout.novelty.isEmpty else { return }
    let problem = NoveltyDetector.problem(
      of: layout.novelty, classes: classes, features: network.architecture.featureCount)
    if let problem { throw noNovelty(problem) }
  }

  /// The novelty detector of checked shapes; nil without one.
  private func novelty(
    classes: Int, _ values: (String) -> [Float]
  ) throws(TrainingError) -> NoveltyDetector? {
    guard !layout.novelty.isEmpty else { return nil }
    func array(_ name: NoveltyDetector.ArrayName) -> [Float] { values(name.inFile) }
    let arrays = NoveltyDetector.Arrays(
      means: array(.means), directions: array(.directions), variances: array(.variances),
      distances: array(.distances))
    if let problem = NoveltyDetector.problem(of: arrays) { throw noNovelty(problem) }
    return NoveltyDetector(
      features: arrays.means.count / classes, classes: classes, arrays: arrays)
  }

  private func noNovelty(_ problem: String) -> TrainingError {
    TrainingError(
      .badData, "\(path): the arrays \(TensorFile.noveltyPrefix)* are not valid: \(problem)",
      expected: "distances as cnnctl train writes them")
  }

  private func check(
    _ bytes: UnsafeRawBufferPointer, _ place: TensorFile.Layout.Place
  ) throws(TrainingError) {
    try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.checkFinite(bytes.bindMemory(to: Float.self), name: place.name)
    }
  }

  private func misfit(_ place: TensorFile.Layout.Place) -> TrainingError {
    TrainingError(.internal, "\(path): \(place.name) is not part of the network")
  }

  /// Reads the whole file again, to tell damage from content that is not right.
  func checkDigest() throws(TrainingError) {
    var sum = SHA256()
    for part in (0..<digest.lowerBound).parts(of: 1 << 20) {
      sum.update(try source.bytes(part))
    }
    let found = sum.finalize()
    let expected = try source.bytes(digest)
    try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.check(digest: found, expected: expected)
    }
  }

  /// Runs `body`; what it says of the bytes is said of the file of that name.
  fileprivate static func naming<Value>(
    _ path: String, _ body: () throws(TensorFileError) -> Value
  ) throws(TrainingError) -> Value {
    do throws(TensorFileError) {
      return try body()
    } catch {
      throw TrainingError(
        .badData, "\(path) is not a cnnctl model, or it is damaged: \(error)",
        expected: "a complete file written by cnnctl train, such as RUN/weights/best.safetensors",
        advice: "a fresh copy of the file")
    }
  }
}

/// Bytes that were read to be decoded, kept with the network until their digest is known.
///
/// A class, because it owns memory.
private final class HeldBytes {
  private let network: Network
  private let memory: FloatMemory
  private var used = 0

  /// Room for arrays of so many bytes.
  init(_ network: Network, for sizes: [Int]) throws(ModelError) {
    self.network = network
    memory = try FloatMemory(count: sizes.reduce(0) { $0 + HeldBytes.floats($1) })
  }

  /// Floats of memory for so many bytes; the next ones begin on a cache line.
  private static func floats(_ bytes: Int) -> Int { (bytes + 63) / 64 * 16 }

  /// The room of the next array.
  func next(_ count: Int) -> UnsafeMutableRawBufferPointer {
    let first = used
    used += HeldBytes.floats(count)
    precondition(used <= memory.count, "more arrays than there is room for")
    return UnsafeMutableRawBufferPointer(start: memory.base + first, count: count)
  }
}

/// A digest that is still being computed, and the one that the file holds.
///
/// A class, because it owns the thread that computes.
final class PendingDigest {
  private let path: String
  private let sum: BackgroundDigest
  private let expected: [UInt8]

  fileprivate init(path: String, sum: BackgroundDigest, expected: [UInt8]) {
    self.path = path
    self.sum = sum
    self.expected = expected
  }

  /// Waits for the digest, and throws if the bytes are not those that were written.
  ///
  /// Gives the SHA-256 of the whole file, 64 hexadecimal digits.
  func confirm() throws(TrainingError) -> String {
    let found = sum.finish()
    try ModelFile.naming(path) { () throws(TensorFileError) in
      try TensorFile.check(digest: found, expected: expected)
    }
    // The digest's own bytes are the file's last.
    return hexadecimal(sum.digest(with: expected))
  }
}
