internal import Compute
internal import FoundationEssentials
internal import KernelTypes
internal import Primitives
internal import Ranks
internal import Synchronization

/// Loading by one process or by several.
///
/// All load the same dataset with the same options, from one folder or from copies; every process
/// reads the files whose index leaves its rank when divided by their number, or one of each machine
/// all of them into a file. The processes exchange, in this order: the listings (loading ends if they
/// differ), whether each has its memory or file, the content ranks if there is a fraction, the
/// outcomes of the files in blocks, whether images have been compared, and the end. Each step depends
/// only on values that all processes have, and a failure of one is sent in the next exchange: so none
/// waits for another in vain. A process alone exchanges nothing.
struct ImageStoreLoading {
  private var plan: ImageStorePlan
  private let readers: ImageStorePlan.Readers
  private let workers: WorkerPool
  private let kernels: KernelTable
  private let exchange: LoadingExchange
  private let filesPerExchange: Int
  private let keeper: PixelKeeper
  /// The rank that reports all files if each machine has them all read.
  private let leader: Int
  /// The outcomes that all agree on.
  private var outcomes: OutcomeTable
  /// Those of this machine's file, which may not all be the leader's.
  private var own: OutcomeTable
  private var doubt: ImageStoreError?

  /// Takes note of how much is done, on the caller's thread, and says whether to stop.
  typealias Tick = (_ done: Int, _ total: Int) -> Bool

  private var group: Group { exchange.group }
  private var all: [Int] { Array(plan.candidates.indices) }
  private var isFirstOfNode: Bool { group.neighbours.place == 0 }

  /// Agrees with the other processes on what is read and where it is kept.
  ///
  /// The errors here and in `load` are the same on all processes, but for one of the connection.
  init(
    _ plan: ImageStorePlan, _ workers: WorkerPool, _ kernels: KernelTable, _ cache: ImageCache,
    _ group: Group, filesPerExchange: Int, isStopped: () -> Bool
  ) throws(ImageStoreError) {
    (self.plan, self.workers, self.kernels) = (plan, workers, kernels)
    readers = plan.readers(kernels)
    self.filesPerExchange = filesPerExchange
    exchange = LoadingExchange(group: group)
    let agreement = try LoadingAgreement(
      plan, options: "\(plan.optionsText); \(filesPerExchange)", workers, cache, exchange,
      isStopped: isStopped)
    leader = agreement.leader
    keeper = try PixelKeeper(plan, cache, agreement.place, exchange, workers)
    outcomes = OutcomeTable(plan)
    own = group.isAlone ? OutcomeTable() : OutcomeTable(plan)
  }

  /// Reads this process's part and learns the rest.
  ///
  /// `comparing` takes note of how many images have been compared.
  mutating func load(_ tick: Tick, comparing: Tick) throws(ImageStoreError) -> ImageStore {
    let total = try readUsed(tick)
    if plan.content.comparesImages {
      // Each has all tiny copies; but one alone may be asked to stop meanwhile.
      _ = try exchange.gather(.compared) { () throws(ImageStoreError) -> Bool in
        try plan.compare(outcomes, workers, kernels, tick: comparing)
        return true
      }
    }
    if !keeper.isFound || !group.isAlone {
      // All processes have the same digests, and so the same files to read again.
      let again = plan.settle(&outcomes)
      let digests = again.map { outcomes.digest(of: $0) }
      try read(again) { _ in tick(total, total) }
      for (index, digest) in zip(again, digests) where outcomes.digest(of: index) != digest {
        doubt = .changed(path: plan.candidates.path(of: index))
      }
    }
    var made: ImageCacheFile?
    _ = try exchange.gather(.end) { () throws(ImageStoreError) -> Bool in
      if let doubt { throw doubt }
      if tick(total, total) { throw .stopped }
      if keeper.isMaking {
        if group.rank == leader {
          own = outcomes
        } else {
          // Where another machine had its file already, more may have to be read again on this one.
          for (index, outcome) in try meet(
            plan.settle(&own)[...], { _ in tick(total, total) })
          {
            own[index] = outcome
          }
        }
        made = try keeper.finish(own)
      }
      return true
    }
    let source = PixelSource(
      place: keeper.settled(made), files: plan.candidates, readers: readers,
      slotBytes: plan.slotBytes, isShared: !group.isAlone)
    return ImageStore(source, plan: plan, outcomes: outcomes.withoutCopies())
  }

  /// Reads the files that the fraction does not leave out, and gives their number.
  private mutating func readUsed(_ tick: Tick) throws(ImageStoreError) -> Int {
    let used = try usedFiles { tick(0, plan.candidates.count) }
    plan.expect(used)
    try read(used, isAtOnce: keeper.isFound) { tick($0, used.count) }
    return used.count
  }

  /// Reads this process's part of some files and learns of the others.
  private mutating func read(
    _ files: [Int], isAtOnce: Bool = false, _ tick: (_ done: Int) -> Bool
  ) throws(ImageStoreError) {
    if group.isAlone, let known = keeper.known {
      if tick(files.count) { throw .stopped }
      outcomes = known
      return
    }
    for range in ranges(files.count, isAtOnce: isAtOnce) {
      let block = files[range]
      var met: [(Int, ImageStoreOutcome)] = []
      let reported = try exchange.gather(.images) { () throws(ImageStoreError) -> Data in
        if let doubt { throw doubt }
        met = try meet(block) { tick(range.lowerBound + $0) }
        if group.isAlone { return Data() }
        var bytes = OutcomeBytes()
        for (index, outcome) in met where reports(group.rank, index) { bytes.write(outcome) }
        return Data(bytes.bytes)
      }
      if group.isAlone {
        for (index, outcome) in met { outcomes[index] = outcome }
        continue
      }
      var found: [(Int, ImageStoreOutcome)] = []
      for (rank, data) in reported.enumerated() {
        let indices = block.filter { reports(rank, $0) }
        guard let outcomes = plan.outcomes(of: indices, Array(data)) else {
          throw exchange.unreadable(rank)
        }
        found += zip(indices, outcomes)
      }
      for (index, outcome) in found.sorted(by: { $0.0 < $1.0 }) { outcomes[index] = outcome }
      guard keeper.isInFile else { continue }
      for (index, outcome) in met { own[index] = outcome }
      if isFirstOfNode { doubt = doubt ?? difference(block) }
    }
  }

  /// The files between two exchanges, as ranges of all there are.
  private func ranges(_ count: Int, isAtOnce: Bool = false) -> [Range<Int>] {
    let step =
      group.isAlone
      ? ImageStorePlan.filesAtOnce : isAtOnce ? max(1, count) : filesPerExchange * group.count
    return (0..<count).parts(of: step)
  }

  private func isPart(of rank: Int, _ index: Int) -> Bool { index % group.count == rank }

  /// Whether a rank reports the outcome of a file to the others.
  private func reports(_ rank: Int, _ index: Int) -> Bool {
    keeper.isInFile ? rank == leader : isPart(of: rank, index)
  }

  /// The files that the fraction does not leave out; all where nobody has to read any.
  private func usedFiles(_ isStopped: () -> Bool) throws(ImageStoreError) -> [Int] {
    guard plan.content.fraction < 1, !keeper.isFound else { return all }
    var contentRanks = [Double?](repeating: nil, count: plan.candidates.count)
    for range in ranges(contentRanks.count) {
      let found = try exchange.gather(.content) { () throws(ImageStoreError) in
        try map(range.filter { isPart(of: group.rank, $0) }, nil, isStopped) {
          plan.contentRank(of: $0)
        }
      }
      for (rank, values) in found.enumerated() {
        let indices = range.filter { isPart(of: rank, $0) }
        guard values.count == indices.count else { throw exchange.unreadable(rank) }
        for (index, value) in zip(indices, values) { contentRanks[index] = value }
      }
    }
    let left = plan.leftOut(contentRanks)
    return all.filter { !left.contains($0) }
  }

  /// The outcomes of the files of a block that this process reads, with their indices.
  ///
  /// `tick` gets the number of files done by all processes, estimated from this one's.
  private func meet(
    _ block: ArraySlice<Int>, _ tick: (_ done: Int) -> Bool
  ) throws(ImageStoreError) -> [(Int, ImageStoreOutcome)] {
    if let known = keeper.known {
      if tick(block.count) { throw .stopped }
      return block.map { index in
        var outcome = known[index]
        outcome.hash = known.copies.hash(of: index)
        return (index, outcome)
      }
    }
    let indices = block.filter {
      keeper.isInFile ? isFirstOfNode : isPart(of: group.rank, $0)
    }
    let done = Atomic(0)
    func isStopped() -> Bool {
      let done = done.load(ordering: .relaxed)
      return tick(indices.isEmpty ? block.count : block.count * done / indices.count)
    }
    let found = try map(indices, ImageStoreOutcome(), isStopped) { index in
      if keeper.hasFailed { return ImageStoreOutcome() }
      defer { done.add(1, ordering: .relaxed) }
      return plan.outcome(of: index, readers) { keeper.keep(index, $0) }
    }
    try keeper.check()
    return Array(zip(indices, found))
  }

  /// The results of `body` for each index, computed on all threads, unless it is to be stopped.
  private func map<Value>(
    _ indices: [Int], _ blank: Value, _ isStopped: () -> Bool, _ body: (_ index: Int) -> Value
  ) throws(ImageStoreError) -> [Value] {
    let values = workers.map(indices.indices, blank: blank, isStopped: isStopped) {
      body(indices[$0])
    }
    guard let values else { throw .stopped }
    return values
  }

  /// The first file of a block of which this process has met something else than the leader.
  private func difference(_ block: ArraySlice<Int>) -> ImageStoreError? {
    for index in block {
      guard let text = own[index].difference(from: outcomes[index], of: leader) else { continue }
      let path = terminalSafe(plan.candidates.relativePath(of: index))
      return .disagreement(rank: group.rank, reason: "sees a different dataset: \(path) \(text)")
    }
    return nil
  }
}
