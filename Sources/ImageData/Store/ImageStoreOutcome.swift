internal import Primitives

/// The outcome of one candidate.
struct ImageStoreOutcome {
  /// The SHA-256 of the file; none where it could not be read, or was not.
  var fileDigest = FileDigest()
  var split: Split?
  var failure: ImageFailure?
  var sums = ChannelSums()
  /// The image's hash where images are compared.
  var hash: PerceptualHash?

  /// The difference from the outcome on another rank, if there is one.
  func difference(from other: ImageStoreOutcome, of rank: Int) -> String? {
    // The same bytes, though one of both may not have been decoded, or to another size.
    if fileDigest == other.fileDigest, !fileDigest.isEmpty { return nil }
    return switch (failure, other.failure) {
    case (let own?, nil): "cannot be read: \(terminalSafe(own.message))"
    case (nil, _?): "can be read, but not on rank \(rank)"
    default: fileDigest == other.fileDigest ? nil : "differs from the file on rank \(rank)"
    }
  }
}

/// Outcomes as bytes, for a cache's file and for another process with the same plan: numbers of
/// eight bytes, texts after their lengths.
struct OutcomeBytes {
  /// The kind of an outcome, which decides how it continues.
  fileprivate enum Kind: UInt8 {
    /// A fraction leaves the file out: nothing follows.
    case leftOut
    /// An image of a split that is not asked for: its digest and its tiny copy.
    case unwanted
    /// An image that is kept: its digest, split, sums and tiny copy.
    case image
    /// A bad file: its digest, code and message.
    case bad
    /// One that could not even be read: code and message.
    case unread
  }

  private(set) var bytes: [UInt8] = []

  /// Takes the bytes so far out.
  mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  private mutating func write(_ number: Int) { bytes += number.littleEndianBytes }

  mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes += text.utf8
  }

  /// Writes an outcome; with `hasCopy` it is only said whether there is a tiny copy, which is written
  /// elsewhere.
  mutating func write(_ outcome: ImageStoreOutcome, hasCopy: Bool? = nil) {
    let digest = outcome.fileDigest.bytes
    let kind: Kind =
      if outcome.failure != nil {
        digest.isEmpty ? .unread : .bad
      } else if digest.isEmpty {
        .leftOut
      } else {
        outcome.split == nil ? .unwanted : .image
      }
    bytes.append(kind.rawValue)
    bytes += digest
    if let failure = outcome.failure {
      write(failure.code.rawValue)
      write(failure.message)
    } else if kind == .image, let split = outcome.split {
      bytes.append(UInt8(Split.allCases.firstIndex(of: split) ?? 0))
      for channel in 0..<3 {
        write(outcome.sums.values[channel])
        write(outcome.sums.squares[channel])
      }
    }
    if [.unwanted, .image].contains(kind) {
      bytes.append(hasCopy ?? (outcome.hash != nil) ? 1 : 0)
      if hasCopy == nil { bytes += outcome.hash?.greys ?? [] }
    }
  }

  /// Writes a tiny copy with its hash.
  mutating func write(_ hash: PerceptualHash) {
    write(Int(truncatingIfNeeded: hash.bits))
    bytes += hash.greys
  }
}

extension ImageStorePlan {
  /// The outcomes of some candidates as another process wrote them; nil if they are not such.
  ///
  /// Whether each has the right split is then told by `settle`.
  func outcomes(
    of indices: some Collection<Int>, _ bytes: [UInt8]
  ) -> [ImageStoreOutcome]? {
    var reader = OutcomeReader(bytes) { [] }
    var outcomes: [ImageStoreOutcome] = []
    outcomes.reserveCapacity(indices.count)
    do throws(OutcomeReader.Unexpected) {
      for index in indices { outcomes.append(try reader.outcome(index, self).outcome) }
      return try reader.isAtEnd() ? outcomes : nil
    } catch {
      return nil
    }
  }

  /// The outcomes of all candidates as a cache's file has them after a text, piece by piece, none at
  /// the end; nil if they are not such.
  func outcomes(after text: String, more: () -> [UInt8]) -> OutcomeTable? {
    // Otherwise the program holds the length of the path of this file, another in each folder.
    #sourceLocation(file:"ImageStoreOutcome",line:119)
    withoutActuallyEscaping(more) { more -> OutcomeTable? in
      var reader = OutcomeReader([], more: more)
      var table = OutcomeTable(self)
      var copied: [Int32] = []
      do throws(OutcomeReader.Unexpected) {
        guard try reader.text() == text else { return nil }
        for index in candidates.indices {
          let (outcome, hasCopy) = try reader.outcome(index, self, elsewhere: true)
          table[index] = outcome
          if hasCopy { copied.append(Int32(index)) }
        }
        for index in copied { table.keep(try reader.copy(), of: Int(index)) }
        return try reader.isAtEnd() ? table : nil
      } catch {
        return nil
      }
    }
    #sourceLocation()
  }
}

/// A reader of outcomes, whose bytes are not trusted.
private struct OutcomeReader {
  /// Bytes that are not what was expected.
  struct Unexpected: Error {}

  private var rest: ArraySlice<UInt8>
  /// Brings the next bytes, none at the end.
  private let more: () -> [UInt8]

  private static let mostText = 1 << 16

  init(_ bytes: [UInt8], more: @escaping () -> [UInt8]) {
    rest = bytes[...]
    self.more = more
  }

  private mutating func take(_ count: Int) throws(Unexpected) -> ArraySlice<UInt8> {
    while rest.count < count {
      let next = more()
      guard !next.isEmpty else { throw Unexpected() }
      rest = rest.isEmpty ? next[...] : (Array(rest) + next)[...]
    }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// Whether nothing is left.
  mutating func isAtEnd() throws(Unexpected) -> Bool { rest.isEmpty && more().isEmpty }

  private mutating func word() throws(Unexpected) -> UInt64 {
    try take(8).littleEndianNumber
  }

  /// A whole number within bounds.
  private mutating func number(_ bounds: ClosedRange<Int>) throws(Unexpected) -> Int {
    let value = Int(truncatingIfNeeded: try word())
    guard bounds.contains(value) else { throw Unexpected() }
    return value
  }

  mutating func text() throws(Unexpected) -> String {
    let block = try take(try number(0...OutcomeReader.mostText))
    guard let text = String(validating: block, as: UTF8.self) else { throw Unexpected() }
    return text
  }

  /// A tiny copy with its hash.
  mutating func copy() throws(Unexpected) -> PerceptualHash {
    let bits = try word()
    return PerceptualHash(bits: bits, greys: Array(try take(PerceptualHash.count)))
  }

  private mutating func hasCopy(
    _ candidate: Int, _ plan: ImageStorePlan
  ) throws(Unexpected) -> Bool {
    switch try take(1).first {
    case 0: return false
    case 1 where plan.isCompared(candidate): return true
    default: throw Unexpected()
    }
  }

  /// The outcome of a candidate, and whether it has a tiny copy, which may be `elsewhere`.
  mutating func outcome(
    _ candidate: Int, _ plan: ImageStorePlan, elsewhere: Bool = false
  ) throws(Unexpected) -> (outcome: ImageStoreOutcome, hasCopy: Bool) {
    var outcome = ImageStoreOutcome()
    var hasCopy = false
    let folder = plan.candidates.split(of: candidate)
    guard let kind = OutcomeBytes.Kind(rawValue: try take(1).first ?? .max) else {
      throw Unexpected()
    }
    if [.unwanted, .image, .bad].contains(kind) {
      outcome.fileDigest = FileDigest(Array(try take(FileDigest.count)))
    }
    switch kind {
    case .unwanted: hasCopy = try self.hasCopy(candidate, plan)
    case .leftOut:
      guard plan.content.fraction < 1, folder == .train else { throw Unexpected() }
    case .unread, .bad:
      guard let code = ImageFailure.Code(rawValue: try text()) else { throw Unexpected() }
      outcome.failure = ImageFailure(code, try text())
    case .image:
      let number = Int(try take(1).first ?? .max)
      guard Split.allCases.indices.contains(number), plan.wanted.contains(Split.allCases[number]),
        folder == .train || folder == Split.allCases[number]
      else { throw Unexpected() }
      let split = Split.allCases[number]
      outcome.split = split
      let size = split == .train ? plan.trainingSize : plan.size
      outcome.sums.count = size.width * size.height
      for channel in 0..<3 {
        outcome.sums.values[channel] = try self.number(0...(255 * outcome.sums.count))
        outcome.sums.squares[channel] = try self.number(0...(255 * 255 * outcome.sums.count))
      }
      hasCopy = try self.hasCopy(candidate, plan)
    }
    if hasCopy, !elsewhere {
      outcome.hash = PerceptualHash(greys: Array(try take(PerceptualHash.count)))
    }
    return (outcome, hasCopy)
  }
}
