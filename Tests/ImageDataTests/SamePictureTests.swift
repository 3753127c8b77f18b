import Compute
import FoundationEssentials
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

/// Photos that are the same picture: found, and kept in one split.
@Suite struct SamePictureTests {
  /// What may be done to a photo before it is saved again.
  struct Change: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// Parts cut off at the left, right, top and bottom.
    var crop = [0.0, 0, 0, 0]
    var scale = 1.0
    /// Steps of colour values: as coarse compression leaves them.
    var step = 1

    func image(_ photo: RGBImage, by resizer: Resizer) -> RGBImage {
      let (width, height) = (Double(photo.width), Double(photo.height))
      let across = Int((crop[0] * width).rounded())..<Int(((1 - crop[1]) * width).rounded())
      let down = Int((crop[2] * height).rounded())..<Int(((1 - crop[3]) * height).rounded())
      var pixels: [UInt8] = []
      for y in down {
        let start = 3 * (y * photo.width)
        pixels += photo.pixels[(start + 3 * across.lowerBound)..<(start + 3 * across.upperBound)]
      }
      let part = RGBImage(width: across.count, height: down.count, pixels: pixels)
      var scaled = resizer.stretch(
        part, width: Int(scale * Double(part.width)), height: Int(scale * Double(part.height)))
      scaled.pixels = scaled.pixels.map { UInt8(min(255, (Int($0) + step / 2) / step * step)) }
      return scaled
    }
  }

  static let changes = [
    Change(testDescription: "coarse", step: 24), Change(testDescription: "smaller", scale: 0.55),
    Change(testDescription: "larger", scale: 1.7),
    Change(testDescription: "cut by 4 % at each side", crop: [0.04, 0.04, 0.04, 0.04], step: 8),
    Change(testDescription: "cut by 4 % at a side", crop: [0, 0.04, 0, 0], step: 8),
    Change(testDescription: "cut at a corner", crop: [0.04, 0, 0, 0.04], step: 8),
    Change(
      testDescription: "cut and smaller", crop: [0.03, 0.01, 0.02, 0.04], scale: 0.6, step: 8),
  ]

  /// Drawn photos of the repository, and where there are some real ones, in the order of their names.
  static let photos: [String] = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let real = realData.map { [$0 + "/cats-dogs/training_set/cats", $0 + "/trash/glass"] } ?? []
    return (["cats", "dogs"].map { repository + "/dataset/training_set/" + $0 } + real).flatMap {
      folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        .filter(Dataset.isCandidate).prefix(60).map { folder + "/" + $0 }
    }
  }()

  private func file(_ image: RGBImage) -> [UInt8] {
    var raw: [UInt8] = []
    for y in 0..<image.height {
      raw.append(0)
      raw += image.pixels[(3 * y * image.width)..<(3 * (y + 1) * image.width)]
    }
    return png(width: image.width, height: image.height, depth: 8, colour: 2, raw: raw)
  }

  /// Photos, each changed in one of the ways, and others: which split each falls to.
  private func splits(
    _ policy: NearDuplicatePolicy, threads: Int = 2, cache: ImageCache = ImageCache(),
    in folder: TemporaryFolder
  ) throws -> [String: Split] {
    let engine = try TestEngine.make(threads: threads)
    let store = try ImageStore.load(
      Dataset.open(folder.path), splits: [.train, .val, .test],
      content: ContentSplit(validation: 0.3, test: 0.2, nearDuplicates: policy),
      preprocessing: Preprocessing(width: 16, height: 16), cache: cache, workers: engine.workers,
      kernels: engine.kernels)
    var splits: [String: Split] = [:]
    for (index, sample) in store.samples.enumerated() {
      splits[sample.relativePath] = store.split(of: index)
    }
    return splits
  }

  private func plant() throws -> (folder: TemporaryFolder, planted: [(String, String)]) {
    let engine = try TestEngine.make()
    let resizer = Resizer(.bilinear, kernels: engine.kernels)
    let folder = try TemporaryFolder()
    var planted: [(String, String)] = []
    for (number, path) in Self.photos.enumerated() {
      let bytes = try FileBytes.read(path)
      let kind = FileKind(bytes) == .png ? "png" : "jpg"
      let name = "\(number % 2 == 0 ? "a" : "b")/\(number).\(kind)"
      try folder.write(name, bytes)
      guard number % 2 == 0 else { continue }
      let change = Self.changes[number / 2 % Self.changes.count]
      let image = change.image(try ImageReader.decode(bytes: bytes), by: resizer)
      // Some in the other class, where they have the wrong label.
      let copy = "\(number % 5 == 0 ? "b" : "a")/\(number)-copy.png"
      try folder.write(copy, file(image))
      planted.append((name, copy))
    }
    return (folder, planted)
  }

  @Test func `No photo is divided from itself saved again, scaled or cropped`() throws {
    let (folder, planted) = try plant()
    let together = try splits(.together, in: folder)
    let divided = planted.filter { together[$0.0] != together[$0.1] }
    #expect(divided.isEmpty, "\(divided)")
    // What is looked for does happen.
    let ignoring = try splits(.ignore, in: folder)
    #expect(planted.count { ignoring[$0.0] != ignoring[$0.1] } > planted.count / 4)
    // The parts are as large as they would be.
    for split in Split.allCases {
      let count = together.values.count { $0 == split }
      #expect(abs(count - ignoring.values.count { $0 == split }) <= 2)
    }
    // On any number of threads, and from a file that remembers.
    let caches = try TemporaryFolder()
    let disk = ImageCache(.disk, folder: caches.path)
    #expect(try splits(.together, threads: 1, in: folder) == together)
    #expect(try splits(.together, cache: disk, in: folder) == together)
    #expect(try splits(.together, cache: disk, in: folder) == together)
  }

  @Test func `Photos without near-duplicates are divided as if nobody had looked`() throws {
    let folder = try TemporaryFolder()
    for (number, path) in Self.photos.enumerated() {
      let bytes = try FileBytes.read(path)
      let kind = FileKind(bytes) == .png ? "png" : "jpg"
      try folder.write("\(number % 2 == 0 ? "a" : "b")/\(number).\(kind)", bytes)
    }
    let engine = try TestEngine.make()
    let report = try DatasetCheck.run(
      folder.path, workers: engine.workers, kernels: engine.kernels)
    let near = report.findings.filter { [.nearDuplicate, .nearTwoClasses].contains($0.kind) }
    try #require(near.isEmpty, "\(near.map(\.paths))")
    #expect(try splits(.together, in: folder) == splits(.ignore, in: folder))
  }

  @Test func `Comparing is reported to its end where images are divided, and only there`() throws {
    let folder = try TemporaryFolder()
    for number in 0..<12 {
      try folder.write("\(number % 2)/\(number).png", Pattern(number: number).png)
    }
    let engine = try TestEngine.make()
    func load(
      _ policy: NearDuplicatePolicy, shouldStop: () -> Bool = { false },
      comparing: (Int, Int) -> Void
    ) throws -> ImageStore {
      try ImageStore.load(
        Dataset.open(folder.path), splits: [.train, .val],
        content: ContentSplit(validation: 0.3, nearDuplicates: policy),
        preprocessing: Preprocessing(width: 16, height: 16), workers: engine.workers,
        kernels: engine.kernels, shouldStop: shouldStop, comparing: comparing)
    }
    var steps: [[Int]] = []
    let store = try load(.together) { steps.append([$0, $1]) }
    #expect(steps.last == [12, 12] && store.searchesCutShort == 0)
    _ = try load(.ignore) { _, _ in Issue.record("nothing is to be compared") }
    // A stop meanwhile ends it.
    var isComparing = false
    do {
      _ = try load(.together, shouldStop: { isComparing }) { _, _ in isComparing = true }
      Issue.record("it went on")
    } catch ImageStoreError.stopped {}
  }

  @Test func `Comparing a million images is estimated at 128 bytes of each at most`() {
    let content = ContentSplit(validation: 0.1, nearDuplicates: .together)
    let kept = TinyCopies.mostInMemory * PerceptualHash.side * PerceptualHash.side
    #expect(content.comparingBytes(images: 1_000_000) <= 128 * 1_000_000 + kept)
    // Not less than what is held for certain: the hash, its place and four entries of the index.
    #expect(content.comparingBytes(images: 1_000_000) >= 60 * 1_000_000 + kept)
    #expect(ContentSplit(validation: 0.1).comparingBytes(images: 1_000_000) == 0)
  }

  @Test func `Pictures of one kind, alike but for what is fine, are not the same`() throws {
    let engine = try TestEngine.make()
    // As X-rays of chests: one coarse shape, and in each another texture of points of 2 x 2.
    let hashes = (0..<40).map { number -> PerceptualHash in
      var stream = RandomStream(seed: UInt64(number), purpose: .initialization)
      let texture = (0..<256).map { _ in 30 * (Double(stream.uniform()) - 0.5) }
      let greys = (0..<1024).map { at -> UInt8 in
        let (x, y) = (Double(at % 32) - 15.5, Double(at / 32) - 15.5)
        var coarse = 100 + 8 * abs(abs(x + 2) - 8) + 0.1 * (y + 4) * (y + 4)
        coarse += 1.5 * x - 1.2 * y + 0.06 * x * y
        coarse += 20 * sin(0.4 * x + 0.3 * y + 1) + 14 * sin(0.55 * x - 0.45 * y + 2)
        let fine = texture[at / 64 * 16 + at % 32 / 2]
        return UInt8(min(255, max(0, coarse + fine)))
      }
      return PerceptualHash(greys: greys)
    }
    // By the hash alone many would be.
    let bits = hashes.map(\.bits)
    #expect(bits.dropFirst().count { ($0 ^ bits[0]).nonzeroBitCount <= 11 } >= 15)
    #expect(
      NearDuplicates(hashes, workers: engine.workers, kernels: engine.kernels).search().pairs
        .isEmpty)
  }
}
