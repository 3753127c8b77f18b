internal import FoundationEssentials
internal import Ranks

/// The messages between processes that load images together.
struct LoadingExchange {
  enum Topic: String, Codable {
    /// The dataset as each process sees it, and its place for images.
    case listing
    /// The files of two processes that see different ones.
    case difference
    /// Whether each process has its memory or file.
    case place
    /// Numbers that decide which files a fraction takes.
    case content
    /// The outcomes of files.
    case images
    /// That images have been compared.
    case compared
    /// That all is done.
    case end
  }

  /// What one process made, or why it could not.
  private struct Message<Value: Codable>: Codable {
    /// Another version of what is exchanged has another number.
    var version = 6
    var topic: Topic
    var value: Value?
    var error: ImageStoreError?
  }

  let group: Group

  /// What every process made, in the order of their ranks.
  ///
  /// Where `make` fails on any process all of them get the same error: that of the lowest rank, but
  /// for stops, which come last.
  func gather<Value: Codable>(
    _ topic: Topic, _ make: () throws(ImageStoreError) -> Value
  ) throws(ImageStoreError) -> [Value] {
    if group.isAlone { return [try make()] }
    var own = Message<Value>(topic: topic)
    do throws(ImageStoreError) { own.value = try make() } catch { own.error = error }
    // Nothing in a message can fail to be encoded; no bytes would be an error at the other end.
    let bytes = (try? JSONEncoder().encode(own)).map { Array($0) } ?? []
    let all: [[UInt8]]
    do throws(CommunicationError) { all = try group.gather(bytes) } catch {
      throw .connection(reason: error.problem)
    }
    guard all.count == group.count else {
      throw .connection(reason: "\(all.count) messages of \(group.count) ranks")
    }
    var values: [Value] = []
    var failures: [ImageStoreError] = []
    for (rank, bytes) in all.enumerated() {
      let message = try? JSONDecoder().decode(Message<Value>.self, from: Data(bytes))
      guard let message, message.version == own.version, message.topic == topic else {
        throw unreadable(rank)
      }
      switch (message.value, message.error) {
      case (let value?, nil): values.append(value)
      case (nil, let error?): failures.append(LoadingExchange.named(error, rank))
      default: throw unreadable(rank)
      }
    }
    if let failure = failures.first(where: { $0 != .stopped }) ?? failures.first { throw failure }
    return values
  }

  /// The error for a message that makes no sense: that of all, as all read the same bytes.
  func unreadable(_ rank: Int) -> ImageStoreError {
    .connection(reason: "rank \(rank) sent a message that rank \(group.rank) cannot read")
  }

  /// The error that a rank reported, with its rank.
  private static func named(_ error: ImageStoreError, _ rank: Int) -> ImageStoreError {
    switch error {
    case .stopped, .disagreement: error
    default: .onRank(rank, error.cause)
    }
  }
}
