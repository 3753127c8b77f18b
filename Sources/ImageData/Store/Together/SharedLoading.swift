internal import Primitives

/// Loading by one of several processes.
///
/// What is exchanged, in this order on every process: the listings (and the block in which they
/// differ, which ends it), whether each has its memory or file, the content ranks where there is a
/// fraction, what became of the files, some after some, and the end. Which of them follow depends
/// only on what all have learnt before.
struct SharedLoading {
  private var reading: FileReading
  private let share: LoadingShare
  private let exchange: LoadingExchange
  private let keeper: SharedKeeper
  /// The rank that reports all files if each machine has them all read.
  private let speaker: Int

  private var plan: ImageStorePlan { reading.plan }
  private var all: [Int] { Array(plan.candidates.indices) }

  /// Agrees with the other processes on what is read and where it is kept.
  ///
  /// The errors here and in `load` are the same on all processes, but for one of the connection.
  init(
    _ reading: FileReading, _ cache: PictureCache, _ share: LoadingShare, isStopped: () -> Bool
  ) throws(ImageStoreError) {
    self.reading = reading
    self.share = share
    exchange = LoadingExchange(share)
    let agreement = try SharedAgreement(
      reading.plan, reading.workers, cache, share, exchange, isStopped: isStopped)
    speaker = agreement.speaker
    keeper = try SharedKeeper(reading.plan, cache, share, agreement.place, exchange)
  }

  /// Reads this process's part and learns the rest.
  func load(_ tick: FileReading.Tick) throws(ImageStoreError) -> ImageStore {
    var loading = self
    return try loading.loadAll(tick)
  }

  private mutating func loadAll(_ tick: FileReading.Tick) throws(ImageStoreError) -> ImageStore {
    let used = try usedFiles { tick(0, plan.candidates.count) }
    reading.plan.expect(used)
    var state = State(count: plan.candidates.count)
    try read(used, into: &state, isAtOnce: keeper.isFound) { tick($0, used.count) }
    // All processes have the same digests, and so the same files to read again.
    let again = reading.plan.settle(&state.outcomes)
    let digests = again.map { state.outcomes[$0].digest }
    try read(again, into: &state) { _ in tick(used.count, used.count) }
    for (index, digest) in zip(again, digests) where state.outcomes[index].digest != digest {
      state.doubt = .changed(path: plan.candidates[index].sample.path)
    }
    let (outcomes, doubt) = (state.outcomes, state.doubt)
    var made: PictureCacheFile?
    _ = try exchange.gather(.end) { () throws(ImageStoreError) -> [UInt8] in
      if let doubt { throw doubt }
      if tick(used.count, used.count) { throw .stopped }
      if keeper.isMaking {
        // Where another machine had its file already, more may have to be read again on this one.
        let own = reading.plan.settle(&state.met)
        for (index, outcome) in try meet(own[...], { _ in tick(used.count, used.count) }) {
          state.met[index] = outcome
        }
        made = try keeper.finish(state.met)
      }
      return []
    } read: { _, _ in
    }
    let source = keeper.source(made, reading.readers, slotBytes: plan.slotBytes)
    return ImageStore(source, plan: plan, outcomes: outcomes)
  }

  /// The results so far.
  private struct State {
    var outcomes: [ImageStoreOutcome]
    /// The outcomes of this process itself, where they differ from the agreed ones.
    var met: [ImageStoreOutcome]
    var doubt: ImageStoreError?

    init(count: Int) {
      outcomes = [ImageStoreOutcome](repeating: ImageStoreOutcome(), count: count)
      met = outcomes
    }
  }

  /// Reads this process's part of some files and learns of the others.
  private func read(
    _ files: [Int], into state: inout State, isAtOnce: Bool = false, _ tick: (_ done: Int) -> Bool
  ) throws(ImageStoreError) {
    for range in ranges(files.count, isAtOnce: isAtOnce) {
      let block = files[range]
      let doubt = state.doubt
      var met: [(Int, ImageStoreOutcome)] = []
      let told = try exchange.gather(.pictures) { () throws(ImageStoreError) -> [UInt8] in
        if let doubt { throw doubt }
        met = try meet(block) { tick(range.lowerBound + $0) }
        var writer = MessageWriter()
        for (index, outcome) in met where tells(share.rank, index) { outcome.write(to: &writer) }
        return writer.bytes
      } read: { reader, rank throws(MessageReader.Unexpected) -> [(Int, ImageStoreOutcome)] in
        var told: [(Int, ImageStoreOutcome)] = []
        for index in block where tells(rank, index) {
          told.append((index, try ImageStoreOutcome(&reader, plan.candidates[index], plan)))
        }
        return told
      }
      for (index, outcome) in told.joined() { state.outcomes[index] = outcome }
      guard keeper.isInFile else { continue }
      for (index, outcome) in met { state.met[index] = outcome }
      if share.isFirstOfNode {
        state.doubt = state.doubt ?? difference(block, state.met, from: state.outcomes)
      }
    }
  }

  /// The files between two exchanges, as ranges of all there are.
  private func ranges(_ count: Int, isAtOnce: Bool = false) -> [Range<Int>] {
    let step = isAtOnce ? max(1, count) : share.filesPerExchange * share.count
    return stride(from: 0, to: count, by: step).map { $0..<min(count, $0 + step) }
  }

  private func isPart(of rank: Int, _ index: Int) -> Bool { index % share.count == rank }

  /// Whether a rank reports the outcome of a file to the others.
  private func tells(_ rank: Int, _ index: Int) -> Bool {
    keeper.isInFile ? rank == speaker : isPart(of: rank, index)
  }

  /// The files that the fraction does not leave out; all where nobody has to read any.
  private func usedFiles(_ isStopped: () -> Bool) throws(ImageStoreError) -> [Int] {
    guard plan.content.fraction < 1, !keeper.isFound else { return all }
    var ranks = [Double?](repeating: nil, count: plan.candidates.count)
    for range in ranges(ranks.count) {
      let told = try exchange.gather(.content) { () throws(ImageStoreError) -> [UInt8] in
        let own = try reading.contentRanks(range.filter { isPart(of: share.rank, $0) }, isStopped)
        var writer = MessageWriter()
        for rank in own {
          writer.write(rank != nil)
          if let rank { writer.write(rank) }
        }
        return writer.bytes
      } read: { reader, rank throws(MessageReader.Unexpected) -> [(Int, Double)] in
        var told: [(Int, Double)] = []
        for index in range where isPart(of: rank, index) {
          if try reader.flag() { told.append((index, try reader.fraction())) }
        }
        return told
      }
      for (index, rank) in told.joined() { ranks[index] = rank }
    }
    let left = plan.leftOut(ranks)
    return all.filter { !left.contains($0) }
  }

  /// The outcomes of the files of a block that this process reads, with their indices.
  ///
  /// `tick` is told how many of all processes' are done, guessed from this one's.
  private func meet(
    _ block: ArraySlice<Int>, _ tick: (_ done: Int) -> Bool
  ) throws(ImageStoreError) -> [(Int, ImageStoreOutcome)] {
    if let known = keeper.known {
      if tick(block.count) { throw .stopped }
      return block.map { ($0, known[$0]) }
    }
    let keeper = keeper
    let indices = block.filter {
      keeper.isInFile ? share.isFirstOfNode : isPart(of: share.rank, $0)
    }
    let outcomes = try reading.outcomes(
      indices, { tick(indices.isEmpty ? block.count : block.count * $0 / indices.count) },
      hasFailed: { keeper.hasFailed }, keep: { keeper.keep($0, $1) })
    try keeper.check()
    return Array(zip(indices, outcomes))
  }

  /// The first file of a block of which this process has met something else than it was told.
  private func difference(
    _ block: ArraySlice<Int>, _ met: [ImageStoreOutcome], from told: [ImageStoreOutcome]
  ) -> ImageStoreError? {
    for index in block {
      guard let text = met[index].difference(from: told[index], of: speaker) else { continue }
      let path = terminalSafe(plan.candidates[index].sample.relativePath)
      return .disagreement(rank: share.rank, reason: "sees a different dataset: \(path) \(text)")
    }
    return nil
  }
}
