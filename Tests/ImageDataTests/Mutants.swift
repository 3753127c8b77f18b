import ImageData
import Primitives
import TestSupport
import Testing

/// Changed copies of files, the same for the same number.
struct Mutants {
  private let files: [[UInt8]]
  private var stream: RandomStream

  /// Mutants of these files.
  init(of files: [[UInt8]], seed: UInt64) {
    self.files = files
    stream = RandomStream(seed: seed, purpose: .test)
  }

  /// The next: one to four changes; of PNG files most get right checksums, so that what stands
  /// behind a changed chunk is read, too.
  mutating func next() -> [UInt8] {
    var bytes = files[stream.index(below: files.count)]
    let isPNG = bytes.first == 0x89
    for _ in 0...stream.index(below: 4) { change(&bytes) }
    if isPNG, stream.index(below: 4) > 0 { repair(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    // The first bytes tell the kind; without them every file is refused in the same way.
    guard bytes.count > 16 else { return }
    let at = 8 + stream.index(below: bytes.count - 8)
    let length = 1 + stream.index(below: min(64, bytes.count - at))
    switch stream.index(below: 10) {
    case 0: bytes.removeSubrange(at...)
    case 1: bytes.removeSubrange(at..<(at + length))
    case 2: bytes.insert(contentsOf: bytes[at..<(at + length)], at: at)
    case 3:
      // A piece from somewhere else in the file.
      let from = stream.index(below: bytes.count - length)
      bytes.replaceSubrange(at..<(at + length), with: bytes[from..<(from + length)])
    case 4:
      // The rest of another file.
      let other = files[stream.index(below: files.count)]
      bytes = Array(bytes[..<at]) + other[min(other.count, at)...]
    case 5: bytes[at] ^= 1 << UInt8(stream.index(below: 8))
    case 6: bytes[at] = [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF][stream.index(below: 6)]
    case 7:
      // A marker.
      bytes[at] = UInt8(0xC0 + stream.index(below: 64))
      bytes[at - 1] = 0xFF
    case 8:
      // A number of two bytes, small or large.
      let number = stream.index(below: 1 << (1 + stream.index(below: 16)))
      bytes[at - 1] = UInt8(number >> 8)
      bytes[at] = UInt8(number & 0xFF)
    default: for index in at..<(at + length) { bytes[index] = UInt8(stream.index(below: 256)) }
    }
  }

  /// Sets the checksums of a PNG's chunks right, as far as chunks can be told.
  private func repair(_ bytes: inout [UInt8]) {
    var at = 8
    while bytes.count - at >= 12 {
      let length = bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - at - 12 else { return }
      let end = at + 8 + length
      bytes.replaceSubrange(end..<(end + 4), with: big(Int(crc32(bytes[(at + 4)..<end])), 4))
      at = end + 4
    }
  }
}

/// What became of many mutants.
struct MutantFigures {
  /// How many came to each kind of failure, and how many were decoded.
  private(set) var verdicts: [String: Int] = [:]
  /// The most seconds that one took.
  private(set) var slowest = 0.0
  /// Kilobytes that the process has grown by since a fifth of them.
  private(set) var growth = 0

  /// Reads so many mutants; each has one verdict, in words for a terminal, and `check` says more.
  init(
    of mutants: inout Mutants, count: Int, _ reader: ImageReader,
    check: (_ bytes: [UInt8], _ failure: ImageFailure?, _ number: Int) -> Void
  ) throws {
    var before = 0
    for number in 0..<count {
      // What is set up once has been by then.
      if number == count / 5 { before = try Measurement.memory("VmRSS") }
      let bytes = mutants.next()
      let began = Measurement.seconds()
      let failure = MutantFigures.failure(bytes, reader)
      slowest = max(slowest, Measurement.seconds() - began)
      check(bytes, failure, number)
      if let failure {
        #expect(failure.message.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(number)")
        #expect(failure.code != .tooSlow, "mutant \(number)")
      } else {
        let facts = try ImageReader.facts(bytes: bytes)
        #expect(facts.width > 0 && facts.height > 0, "mutant \(number)")
      }
      verdicts[failure?.code.rawValue ?? "decoded", default: 0] += 1
    }
    growth = try Measurement.memory("VmRSS") - before
  }

  var text: String {
    "slowest \(slowest) s, growth \(growth) kB: "
      + verdicts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  static func failure(_ bytes: [UInt8], _ reader: ImageReader) -> ImageFailure? {
    do throws(ImageFailure) {
      let image = try reader.read(bytes: bytes)
      precondition(reader.tensor(image).allSatisfy(\.isFinite), "numbers are finite")
      return nil
    } catch {
      return error
    }
  }
}
