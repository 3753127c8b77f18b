import Compute
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

@Suite struct NearDuplicateTests {
  /// Hashes of pictures that have nothing to do with each other.
  ///
  /// With `sharing` they all have the same greys.
  private func strangers(_ count: Int, sharing: Bool = false) -> [PerceptualHash] {
    var stream = RandomStream(seed: 5, purpose: .initialization)
    func greys() -> [UInt8] {
      (0..<256).flatMap { _ in
        let word: UInt32 = stream.next()
        return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
      }
    }
    let shared = greys()
    return (0..<count).map { _ in
      PerceptualHash(bits: stream.next() & ~1, greys: sharing ? shared : greys())
    }
  }

  @Test func `Tiny copies that lie in a file are those that were added`() {
    let hashes = strangers(70)
    for most in [0, 1, 64, 70, 71] {
      let copies = TinyCopies(hashes, mostInMemory: most)
      #expect(copies.count == 70 && copies.isInFile == (most < 70))
      #expect((0..<copies.count).map { copies[$0] } == hashes)
    }
  }

  private func search(
    _ hashes: [PerceptualHash], threads: Int = 2, _ tick: NearDuplicates.Tick = { _, _ in false }
  ) throws -> NearDuplicates.Outcome {
    let engine = try TestEngine.make(threads: threads)
    return NearDuplicates(hashes, workers: engine.workers, kernels: engine.kernels).search(tick)
  }

  private func pairs(_ hashes: [PerceptualHash]) throws -> [[Int]] {
    try search(hashes).pairs.map { [$0.0, $0.1] }
  }

  @Test("Among 40,000 pictures every planted pair of up to 11 bits is found, and no other")
  func scale() throws {
    var hashes = strangers(40_000)
    var expected: [[Int]] = []
    for bits in 0...12 {
      // Spread over the parts of the hash in different ways.
      var twin = hashes[1000 * bits]
      for flip in 0..<bits { twin.bits ^= 1 << UInt64(1 + (flip * (bits + 6)) % 63) }
      let distance = (twin.bits ^ hashes[1000 * bits].bits).nonzeroBitCount
      if distance <= 11 { expected.append([1000 * bits, hashes.count]) }
      hashes.append(twin)
    }
    #expect(expected.count >= 11)
    #expect(try pairs(hashes) == expected)
  }

  @Test("A mirrored picture is found, one with other greys is not")
  func mirrored() throws {
    var hashes = strangers(2000)
    var twin = hashes[10]
    twin.bits ^= PerceptualHash.oddFrequencies
    twin.greys = (0..<1024).map { hashes[10].greys[$0 / 32 * 32 + 31 - $0 % 32] }
    hashes.append(twin)
    var stranger = hashes[20]
    stranger.greys = hashes[21].greys
    hashes.append(stranger)
    #expect(try pairs(hashes) == [[10, 2000]])
  }

  @Test("Sets of pictures that all have one hash end soon", .timeLimit(.minutes(5)))
  func degenerate() throws {
    let strangers = strangers(10_000)
    // As many films of one scene, and as many strangers that hash alike.
    let same = [PerceptualHash](repeating: strangers[0], count: strangers.count)
    #expect(try pairs(same).count >= same.count - 1)
    let alike = strangers.map { PerceptualHash(bits: 2, greys: $0.greys) }
    #expect(try pairs(alike) == [])
  }

  @Test("Among 100,000 pictures of one hash each looks at a few", .timeLimit(.minutes(5)))
  func oneHash() throws {
    let same = [PerceptualHash](repeating: strangers(1)[0], count: 100_000)
    let found = try search(same)
    #expect(found.pairs.count >= same.count - 1)
    #expect(found.lookups <= 17 * same.count)
    #expect(found.cutShort == 0)
    // Each is as far from all others in its greys as strangers are.
    let alike = strangers(40_000).map { PerceptualHash(bits: 2, greys: $0.greys) }
    let cut = try search(alike)
    #expect(cut.pairs.isEmpty)
    // A crop of one in a hundred looks at a part of the hashes, too.
    #expect(cut.lookups <= 4_000 * alike.count)
    #expect(cut.cutShort >= alike.count - 500)
  }

  @Test("A search that meets more hashes than its part of them is cut short and counted")
  func cutShort() throws {
    // A quarter of the hash is the same; the rest keeps the pictures apart.
    let hashes = strangers(30_000).map {
      PerceptualHash(bits: $0.bits & ~0xFFFF, greys: $0.greys)
    }
    let found = try search(hashes)
    #expect(found.pairs.isEmpty)
    // Each but those with fewer than 20,000 before them, and chance meetings elsewhere.
    #expect((9_900...12_000).contains(found.cutShort))
    #expect(found.lookups <= 20_000 * hashes.count)
    let few = try search(Array(hashes.prefix(10_000)))
    #expect(few.cutShort == 0)
  }

  @Test("The part that may be looked at grows with the number of pictures")
  func naturalSets() throws {
    // Of 300,000 pictures 25,000 share a quarter of the hash: more than a small set may look at.
    let hashes = strangers(300_000, sharing: true).enumerated().map { index, hash in
      index % 12 == 0 ? PerceptualHash(bits: hash.bits & ~0xFFFF, greys: hash.greys) : hash
    }
    let found = try search(hashes)
    #expect(found.cutShort == 0)
  }

  @Test func `The groups are those of comparing each hash with each`() throws {
    // Families of up to five around hashes of their own, some members near the border of 11 bits.
    var stream = RandomStream(seed: 8, purpose: .initialization)
    let hashes = strangers(400, sharing: true).enumerated().flatMap { family, hash in
      (0...(family % 5)).map { member -> PerceptualHash in
        var relative = hash
        for _ in 0..<(member * (family % 8)) {
          let word: UInt32 = stream.next()
          relative.bits ^= 1 << UInt64(1 + word % 63)
        }
        return relative
      }
    }.shuffled(using: &stream)
    var groups = hashes.indices.map { [$0] }
    var places = Array(hashes.indices)
    for (a, first) in hashes.enumerated() {
      for b in 0..<a
      where (first.bits ^ hashes[b].bits).nonzeroBitCount <= 11 && places[a] != places[b] {
        let (kept, left) = (min(places[a], places[b]), max(places[a], places[b]))
        for member in groups[left] { places[member] = kept }
        groups[kept] += groups[left]
        groups[left] = []
      }
    }
    let expected = groups.map { $0.sorted() }.filter { $0.count > 1 }
    #expect(expected.count > 200 && expected.contains { $0.count > 3 })
    for threads in TestEngine.threadCounts {
      // Just enough to connect a group: a tree.
      var found = Set(hashes.indices.map { [$0] })
      for (a, b) in try search(hashes, threads: threads).pairs {
        let (of, other) = (
          try #require(found.first { $0.contains(a) }), try #require(found.first { $0.contains(b) })
        )
        #expect(of != other)
        found.subtract([of, other])
        found.insert((of + other).sorted())
      }
      #expect(Set(expected) == found.filter { $0.count > 1 })
    }
  }

  @Test func `A search says how far it is, and ends where it is told to`() throws {
    let hashes = strangers(20_000, sharing: true)
    var seen: [Int] = []
    let whole = try search(hashes) { done, total in
      #expect(total == hashes.count)
      seen.append(done)
      return false
    }
    #expect(!whole.isStopped && seen == seen.sorted() && seen.last == hashes.count)
    for moment in [0, 1, 15_000] {
      var asked = 0
      let stopped = try search(hashes, threads: 1) { done, _ in
        asked += 1
        return moment < 2 ? asked > moment : done >= moment
      }
      #expect(stopped.isStopped)
      // Nothing but a few images that were under way is done after the stop.
      if moment < 2 { #expect(asked <= moment + 2) }
    }
  }

  @Test func `Pictures that look about like all others are given up, and said to be`() throws {
    // One coarse hash, and details that share half of what there is: worth a look, but not the same.
    var stream = RandomStream(seed: 3, purpose: .initialization)
    func texture() -> [Double] { (0..<1024).map { _ in 60 * (Double(stream.uniform()) - 0.5) } }
    let shared = texture()
    let hashes = (0..<300).map { _ in
      let own = texture()
      return PerceptualHash(
        bits: 2, greys: zip(shared, own).map { UInt8(128 + $0 + 0.8 * $1) })
    }
    let found = try search(hashes)
    #expect(found.pairs.isEmpty)
    // Each but the first ones, which have few before them.
    #expect((150...290).contains(found.cutShort), "\(found.cutShort)")
  }

  @Test("Mirroring a picture turns the bits of odd horizontal frequency")
  func mirroring() throws {
    let engine = try TestEngine.make()
    func hash(_ pattern: Pattern) throws -> PerceptualHash {
      let image = try ImageReader.decode(bytes: pattern.png)
      let shrunk = PerceptualHash.shrunk(
        image, by: PerceptualHash.resizer(engine.kernels))
      return try #require(
        PerceptualHash(shrunk: shrunk, width: image.width, height: image.height))
    }
    for number in 0..<20 {
      // Six squares would have no part in the sixth frequency.
      let plain = try hash(Pattern(number: number, cells: 9))
      let mirrored = try hash(Pattern(number: number, isMirrored: true, cells: 9))
      let turned = plain.bits ^ mirrored.bits ^ PerceptualHash.oddFrequencies
      // Coefficients next to zero may fall to either side.
      #expect(turned.nonzeroBitCount <= 2)
    }
  }

  @Test("The bits are the signs of the cosine transform, written out in double precision")
  func transform() throws {
    let engine = try TestEngine.make()
    let image = try ImageReader.decode(bytes: Pattern(number: 3, width: 32, height: 32).png)
    let shrunk = PerceptualHash.shrunk(
      image, by: PerceptualHash.resizer(engine.kernels))
    let hash = try #require(PerceptualHash(shrunk: shrunk, width: 32, height: 32))
    let bits = hash.bits
    for bit in 1..<64 {
      var sum = 0.0
      for y in 0..<32 {
        for x in 0..<32 {
          sum += Double(hash.greys[32 * y + x]) * cosine(x, bit % 8) * cosine(y, bit / 8)
        }
      }
      if abs(sum) > 0.1 { #expect((bits >> UInt64(bit) & 1 == 1) == (sum > 0), "bit \(bit)") }
    }
    #expect(bits & 1 == 0)
  }

  private func cosine(_ position: Int, _ frequency: Int) -> Double {
    cos(Double.pi * Double((2 * position + 1) * frequency) / 64)
  }
}
