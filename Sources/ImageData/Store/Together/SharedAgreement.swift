internal import Compute

/// The agreement between processes that load images together, made before any of them opens a file.
struct SharedAgreement {
  /// The place of images, common to all of them.
  let place: PictureCache.Place
  /// The lowest rank that is the first of its machine: whose word on the files holds where each of
  /// these reads them all.
  let speaker: Int

  /// The statement of one process.
  private struct Statement {
    var options: String
    var place: PictureCache.Place
    var isFirstOfNode: Bool
    var files: Int
    var blocks: [[UInt8]]
  }

  /// Exchanges what every process sees.
  ///
  /// Errors: `disagreement`, with the lowest rank that differs from rank 0; what any of them fails
  /// with.
  init(
    _ plan: ImageStorePlan, _ workers: WorkerPool, _ cache: PictureCache, _ share: LoadingShare,
    _ exchange: LoadingExchange, isStopped: () -> Bool
  ) throws(ImageStoreError) {
    var listing: SharedListing?
    let statements = try exchange.gather(.listing) { () throws(ImageStoreError) -> [UInt8] in
      if isStopped() { throw .stopped }
      let place = try cache.place(
        bytes: plan.byteCount, root: plan.root, copies: share.ranksOnNode)
      let seen = SharedListing(plan, workers)
      listing = seen
      var writer = MessageWriter()
      writer.write("\(plan.optionsText); \(share.filesPerExchange)")
      writer.write(place.rawValue)
      writer.write(share.isFirstOfNode)
      writer.write(seen.files.count)
      for digest in seen.blockDigests { writer.write(plain: digest) }
      return writer.bytes
    } read: { reader, _ throws(MessageReader.Unexpected) in
      try SharedAgreement.statement(&reader)
    }
    try SharedAgreement.check(statements, listing, share, exchange)
    guard let speaker = statements.firstIndex(where: \.isFirstOfNode) else {
      throw .connection(reason: "no rank is the first of its machine")
    }
    self.speaker = speaker
    // The most frugal: numbers do not depend on it, but what is exchanged does.
    let places = Set(statements.map(\.place))
    place = places.contains(.off) ? .off : places.contains(.disk) ? .disk : .ram
  }

  private static func statement(
    _ reader: inout MessageReader
  ) throws(MessageReader.Unexpected) -> Statement {
    let options = try reader.text()
    guard let place = PictureCache.Place(rawValue: try reader.text()) else {
      throw MessageReader.Unexpected()
    }
    let isFirst = try reader.flag()
    let files = try reader.number(0...Int(Int32.max))
    var blocks: [[UInt8]] = []
    for _ in stride(from: 0, to: files, by: SharedListing.blockFiles) {
      blocks.append(try reader.plain(SharedListing.digestBytes))
    }
    return Statement(
      options: options, place: place, isFirstOfNode: isFirst, files: files, blocks: blocks)
  }

  /// Throws where a process sees or wants something else than rank 0, on all processes alike.
  private static func check(
    _ statements: [Statement], _ listing: SharedListing?, _ share: LoadingShare,
    _ exchange: LoadingExchange
  ) throws(ImageStoreError) {
    let first = statements[0]
    if let rank = statements.firstIndex(where: { $0.options != first.options }) {
      throw .disagreement(
        rank: rank, reason: "has different image options than rank 0")
    }
    guard let rank = statements.firstIndex(where: { $0.blocks != first.blocks }) else { return }
    let other = statements[rank]
    let block = zip(other.blocks, first.blocks).prefix { $0 == $1 }.count
    let files = try exchange.gather(.difference) {
      var writer = MessageWriter()
      if [0, rank].contains(share.rank) { listing?.write(block: block, to: &writer) }
      return writer.bytes
    } read: { reader, _ throws(MessageReader.Unexpected) in
      try SharedListing.readBlock(&reader)
    }
    throw .disagreement(
      rank: rank,
      reason: SharedListing.difference(
        files[rank], files[0], counts: (other.files, first.files)))
  }
}
