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

  private func pairs(_ hashes: [PerceptualHash]) throws -> [[Int]] {
    let engine = try TestEngine.make()
    return NearDuplicates(hashes, workers: engine.workers).search().pairs.map { [$0.0, $0.1] }
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

  @Test("Sets of pictures that all have one hash end soon", .timeLimit(.minutes(1)))
  func degenerate() throws {
    let strangers = strangers(10_000)
    // As many films of one scene, and as many strangers that hash alike.
    let same = [PerceptualHash](repeating: strangers[0], count: strangers.count)
    #expect(try pairs(same).count >= same.count - 1)
    let alike = strangers.map { PerceptualHash(bits: 2, greys: $0.greys) }
    #expect(try pairs(alike) == [])
  }

  @Test("Among 100,000 pictures of one hash each looks at a few", .timeLimit(.minutes(1)))
  func oneHash() throws {
    let engine = try TestEngine.make()
    let same = [PerceptualHash](repeating: strangers(1)[0], count: 100_000)
    let found = NearDuplicates(same, workers: engine.workers).search()
    #expect(found.pairs.count >= same.count - 1)
    #expect(found.lookups <= 17 * same.count)
    #expect(found.cutShort == 0)
    // Each is as far from all others in its greys as strangers are.
    let alike = strangers(40_000).map { PerceptualHash(bits: 2, greys: $0.greys) }
    let cut = NearDuplicates(alike, workers: engine.workers).search()
    #expect(cut.pairs.isEmpty)
    // A crop of one in a hundred looks at a part of the hashes, too.
    #expect(cut.lookups <= 4_000 * alike.count)
    #expect(cut.cutShort >= alike.count - 500)
  }

  @Test("A search that meets more hashes than its part of them is cut short and counted")
  func cutShort() throws {
    let engine = try TestEngine.make()
    // A quarter of the hash is the same; the rest keeps the pictures apart.
    let hashes = strangers(30_000).map {
      PerceptualHash(bits: $0.bits & ~0xFFFF, greys: $0.greys)
    }
    let found = NearDuplicates(hashes, workers: engine.workers).search()
    #expect(found.pairs.isEmpty)
    // Each but those with fewer than 20,000 before them, and chance meetings elsewhere.
    #expect((9_900...12_000).contains(found.cutShort))
    #expect(found.lookups <= 20_000 * hashes.count)
    let few = NearDuplicates(Array(hashes.prefix(10_000)), workers: engine.workers).search()
    #expect(few.cutShort == 0)
  }

  @Test("The part that may be looked at grows with the number of pictures")
  func naturalSets() throws {
    let engine = try TestEngine.make()
    // Of 300,000 pictures 25,000 share a quarter of the hash: more than a small set may look at.
    let hashes = strangers(300_000, sharing: true).enumerated().map { index, hash in
      index % 12 == 0 ? PerceptualHash(bits: hash.bits & ~0xFFFF, greys: hash.greys) : hash
    }
    let found = NearDuplicates(hashes, workers: engine.workers).search()
    #expect(found.cutShort == 0)
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
