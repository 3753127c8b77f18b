internal import FoundationEssentials

/// The messages between processes that load images together.
struct LoadingExchange {
  /// The topic of an exchange.
  enum Topic: UInt8 {
    /// The dataset as each process sees it, and its place for images.
    case listing = 1
    /// The part of it in which two processes differ.
    case difference
    /// Whether each process has its memory or file.
    case place
    /// Numbers that decide which files a fraction takes.
    case content
    /// The outcomes of files.
    case pictures
    /// That all is done.
    case end
  }

  private let share: LoadingShare
  /// Another version of what is exchanged has another number.
  private static let version: UInt8 = 2

  /// The exchanges of a share.
  init(_ share: LoadingShare) { self.share = share }

  /// Gives what every process made of its own, as `read` understands it.
  ///
  /// Where `make` fails on any process all of them get the same error: that of the lowest rank, but
  /// for stops, which come last. `read` is given the rank; its failure, too, is that of all, as all
  /// read the same bytes.
  func gather<Value>(
    _ topic: Topic, _ make: () throws(ImageStoreError) -> [UInt8],
    read: (inout MessageReader, _ rank: Int) throws(MessageReader.Unexpected) -> Value
  ) throws(ImageStoreError) -> [Value] {
    let head = [LoadingExchange.version, topic.rawValue]
    let own: [UInt8]
    do throws(ImageStoreError) { own = try head + [0] + make() } catch {
      own = head + [1] + LoadingExchange.bytes(of: error)
    }
    let all = try share.gather(own)
    guard all.count == share.count else {
      throw .connection(reason: "\(all.count) messages of \(share.count) ranks")
    }
    var values: [Value] = []
    var failures: [ImageStoreError] = []
    for (rank, bytes) in all.enumerated() {
      var reader = MessageReader(bytes)
      do throws(MessageReader.Unexpected) {
        guard try reader.byte() == head[0], try reader.byte() == head[1] else {
          throw MessageReader.Unexpected()
        }
        switch try reader.byte() {
        case 0 where failures.isEmpty: values.append(try read(&reader, rank))
        case 0: _ = reader.remainder()
        case 1: failures.append(try LoadingExchange.error(&reader, rank))
        default: throw MessageReader.Unexpected()
        }
        try reader.finish()
      } catch {
        throw .connection(
          reason: "rank \(rank) sent a message that rank \(share.rank) cannot read")
      }
    }
    if let failure = failures.first(where: { $0 != .stopped }) ?? failures.first { throw failure }
    return values
  }

  private static func bytes(of error: ImageStoreError) -> [UInt8] {
    // Nothing in an error can fail to be encoded; no bytes would be an error at the other end.
    (try? JSONEncoder().encode(error)).map { Array($0) } ?? []
  }

  /// The error that a rank told, with its rank.
  private static func error(
    _ reader: inout MessageReader, _ rank: Int
  ) throws(MessageReader.Unexpected) -> ImageStoreError {
    let data = Data(reader.remainder())
    guard let error = try? JSONDecoder().decode(ImageStoreError.self, from: data) else {
      throw MessageReader.Unexpected()
    }
    switch error {
    case .stopped, .disagreement: return error
    default: return .onRank(rank, error.cause)
    }
  }
}
