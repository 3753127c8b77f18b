internal import Primitives

/// The outcome of one candidate.
struct ImageStoreOutcome {
  /// The file's digest in place.
  private(set) var fileDigest = FileDigest()
  var split: Split?
  var failure: ImageFailure?
  var sums = ChannelSums()

  /// The SHA-256 of the file; empty where it could not be read, or was not.
  var digest: [UInt8] {
    get { fileDigest.bytes }
    set { fileDigest = FileDigest(newValue) }
  }
}

extension ImageStoreOutcome {
  /// The kind sent to another process, which decides how it continues.
  private enum Kind {
    /// A fraction leaves the file out: nothing follows.
    static let leftOut: UInt8 = 0
    /// An image of a split that is not asked for: its digest.
    static let unwanted: UInt8 = 1
    /// An image that is kept: its digest, split and sums.
    static let picture: UInt8 = 2
    /// A bad file: its digest, code and message.
    static let bad: UInt8 = 3
    /// One that could not even be read: code and message.
    static let unread: UInt8 = 4
  }

  private static let digestBytes = 32

  /// Writes the outcome for another process that has the same plan.
  func write(to writer: inout MessageWriter) {
    if let failure {
      writer.write(byte: digest.isEmpty ? Kind.unread : Kind.bad)
      writer.write(plain: digest)
      writer.write(failure.code.rawValue)
      writer.write(failure.message)
      return
    }
    guard !digest.isEmpty else { return writer.write(byte: Kind.leftOut) }
    writer.write(byte: split == nil ? Kind.unwanted : Kind.picture)
    writer.write(plain: digest)
    if let split {
      writer.write(split.rawValue)
      for channel in 0..<3 {
        writer.write(sums.values[channel])
        writer.write(sums.squares[channel])
      }
    }
  }

  /// The outcome of a candidate as another process wrote it, if that can be; `settle` then says
  /// whether its split is right.
  init(
    _ reader: inout MessageReader, _ candidate: ImageStorePlan.Candidate, _ plan: ImageStorePlan
  ) throws(MessageReader.Unexpected) {
    let kind = try reader.byte()
    switch kind {
    case Kind.leftOut:
      guard plan.content.fraction < 1, candidate.folder == .train else {
        throw MessageReader.Unexpected()
      }
    case Kind.unread, Kind.bad:
      if kind == Kind.bad { digest = try reader.plain(ImageStoreOutcome.digestBytes) }
      guard let code = ImageFailure.Code(rawValue: try reader.text()) else {
        throw MessageReader.Unexpected()
      }
      failure = ImageFailure(code, try reader.text())
    case Kind.unwanted, Kind.picture:
      digest = try reader.plain(ImageStoreOutcome.digestBytes)
      if kind == Kind.picture {
        // Whether it is the right one is told by the digests of all.
        guard let split = Split(rawValue: try reader.text()), plan.wanted.contains(split),
          candidate.folder == .train || candidate.folder == split
        else { throw MessageReader.Unexpected() }
        self.split = split
        let size = split == .train ? plan.trainingSize : plan.size
        sums.count = size.width * size.height
        for channel in 0..<3 {
          sums.values[channel] = try reader.number(0...(255 * sums.count))
          sums.squares[channel] = try reader.number(0...(255 * 255 * sums.count))
        }
      }
    default: throw MessageReader.Unexpected()
    }
  }

  /// The difference from the outcome on another rank, if there is one.
  func difference(from other: ImageStoreOutcome, of rank: Int) -> String? {
    // The same bytes, though one of both may not have been decoded, or to another size.
    if digest == other.digest, !digest.isEmpty { return nil }
    return switch (failure, other.failure) {
    case (let own?, nil): "cannot be read: \(terminalSafe(own.message))"
    case (nil, _?): "can be read, but not on rank \(rank)"
    default: digest == other.digest ? nil : "differs from the file on rank \(rank)"
    }
  }
}
