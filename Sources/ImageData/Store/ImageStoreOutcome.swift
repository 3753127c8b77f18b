internal import Primitives

/// The outcome of one candidate.
struct ImageStoreOutcome {
  /// The file's digest in place.
  private(set) var fileDigest = FileDigest()
  var split: Split?
  var failure: ImageFailure?
  var sums = ChannelSums()
  /// The image's hash where images are compared.
  var hash: PerceptualHash?

  /// The SHA-256 of the file; empty where it could not be read, or was not.
  var digest: [UInt8] {
    get { fileDigest.bytes }
    set { fileDigest = FileDigest(newValue) }
  }

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
    /// An image of a split that is not asked for: its digest and tiny copy.
    case unwanted
    /// An image that is kept: its digest, split, sums and tiny copy.
    case image
    /// A bad file: its digest, code and message.
    case bad
    /// One that could not even be read: code and message.
    case unread
  }

  private(set) var bytes: [UInt8] = []

  private mutating func write(_ number: Int) {
    for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
  }

  mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes += text.utf8
  }

  mutating func write(_ outcome: ImageStoreOutcome) {
    let digest = outcome.digest
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
      write(split.rawValue)
      for channel in 0..<3 {
        write(outcome.sums.values[channel])
        write(outcome.sums.squares[channel])
      }
    }
    if [.unwanted, .image].contains(kind) {
      bytes.append(outcome.hash == nil ? 0 : 1)
      bytes += outcome.hash?.greys ?? []
    }
  }
}

extension ImageStorePlan {
  /// The outcomes of some candidates as they were written, after a text; nil if they are not such.
  ///
  /// Whether each has the right split is then told by `settle`.
  func outcomes(
    of indices: some Collection<Int>, _ bytes: [UInt8], after text: String? = nil
  ) -> [ImageStoreOutcome]? {
    var reader = OutcomeReader(rest: bytes[...])
    var outcomes: [ImageStoreOutcome] = []
    outcomes.reserveCapacity(indices.count)
    do throws(OutcomeReader.Unexpected) {
      if let text, try reader.text() != text { return nil }
      for index in indices { outcomes.append(try reader.outcome(candidates[index], self)) }
    } catch {
      return nil
    }
    return reader.rest.isEmpty ? outcomes : nil
  }
}

/// A reader of outcomes, whose bytes are not trusted.
private struct OutcomeReader {
  /// Bytes that are not what was expected.
  struct Unexpected: Error {}

  var rest: ArraySlice<UInt8>

  private mutating func take(_ count: Int) throws(Unexpected) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw Unexpected() }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// A whole number within bounds.
  private mutating func number(_ bounds: ClosedRange<Int>) throws(Unexpected) -> Int {
    let bits = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let value = Int(truncatingIfNeeded: bits)
    guard bounds.contains(value) else { throw Unexpected() }
    return value
  }

  mutating func text() throws(Unexpected) -> String {
    let block = try take(try number(0...rest.count))
    guard let text = String(validating: block, as: UTF8.self) else { throw Unexpected() }
    return text
  }

  private mutating func hash(
    _ candidate: ImageStorePlan.Candidate, _ plan: ImageStorePlan
  ) throws(Unexpected) -> PerceptualHash? {
    switch try take(1).first {
    case 0: return nil
    case 1 where plan.isCompared(candidate):
      return PerceptualHash(greys: Array(try take(PerceptualHash.count)))
    default: throw Unexpected()
    }
  }

  mutating func outcome(
    _ candidate: ImageStorePlan.Candidate, _ plan: ImageStorePlan
  ) throws(Unexpected) -> ImageStoreOutcome {
    var outcome = ImageStoreOutcome()
    guard let kind = OutcomeBytes.Kind(rawValue: try take(1).first ?? .max) else {
      throw Unexpected()
    }
    if [.unwanted, .image, .bad].contains(kind) {
      outcome.digest = Array(try take(FileDigest.count))
    }
    switch kind {
    case .unwanted: outcome.hash = try hash(candidate, plan)
    case .leftOut:
      guard plan.content.fraction < 1, candidate.folder == .train else { throw Unexpected() }
    case .unread, .bad:
      guard let code = ImageFailure.Code(rawValue: try text()) else { throw Unexpected() }
      outcome.failure = ImageFailure(code, try text())
    case .image:
      guard let split = Split(rawValue: try text()), plan.wanted.contains(split),
        candidate.folder == .train || candidate.folder == split
      else { throw Unexpected() }
      outcome.split = split
      let size = split == .train ? plan.trainingSize : plan.size
      outcome.sums.count = size.width * size.height
      for channel in 0..<3 {
        outcome.sums.values[channel] = try number(0...(255 * outcome.sums.count))
        outcome.sums.squares[channel] = try number(0...(255 * 255 * outcome.sums.count))
      }
      outcome.hash = try hash(candidate, plan)
    }
    return outcome
  }
}
