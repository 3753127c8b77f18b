/// The processes that this one exchanges signs of life with: the first one with all others, those
/// with the first.
///
/// A process that computes for long, or waits for a disk, answers all the same: the thread that
/// communicates does nothing else.
struct Partners {
  private let transport: any Transport
  private var all: [Partner]
  private var told = ContinuousClock.now
  private var looked = ContinuousClock.now
  private let patience: Duration

  /// Between two signs of life, and between two looks for them.
  private static let beat = Duration.seconds(1)
  private static let glance = Duration.milliseconds(5)

  private struct Partner {
    let rank: Int
    let incoming: UnsafeMutableRawBufferPointer
    let outgoing: UnsafeMutableRawBufferPointer
    var receiving: TransferID?
    var sending: TransferID?
    var heard: ContinuousClock.Instant
    var isToldFarewell = false
    var hasLeft = false
  }

  init(
    _ transport: any Transport, rank: Int, size: Int, patience: Double
  ) throws(CommunicationError) {
    self.transport = transport
    self.patience = .seconds(patience)
    all = (rank == 0 ? Array(1..<max(1, size)) : [0]).map { other in
      Partner(
        rank: other, incoming: .allocate(byteCount: ControlMessage.size, alignment: 64),
        outgoing: .allocate(byteCount: ControlMessage.size, alignment: 64), heard: .now)
    }
    for index in all.indices { try listen(index) }
  }

  private mutating func listen(_ index: Int) throws(CommunicationError) {
    guard let base = all[index].incoming.baseAddress else { return }
    all[index].receiving = try transport.receive(
      .control, base, ControlMessage.size, from: all[index].rank)
  }

  /// Whether all have sent farewell and received ours.
  var haveLeft: Bool {
    all.allSatisfy { $0.hasLeft && $0.isToldFarewell && $0.sending == nil }
  }

  /// Tells all partners something as soon as what was told them before is on its way.
  mutating func tell(_ message: ControlMessage) throws(CommunicationError) {
    for index in all.indices { try send(message, to: index) }
  }

  private mutating func send(
    _ message: ControlMessage, to index: Int
  ) throws(CommunicationError) {
    while let sending = all[index].sending {
      if try transport.isDone(sending) { all[index].sending = nil }
    }
    guard let base = all[index].outgoing.baseAddress else { return }
    message.write(to: all[index].outgoing)
    all[index].sending = try transport.send(
      .control, base, ControlMessage.size, to: all[index].rank)
  }

  /// Takes what has come and says that this process lives; whether anything has come.
  ///
  /// Errors: a partner that gives up, or has been silent for too long.
  mutating func look(isLeaving: Bool) throws(CommunicationError) -> Bool {
    let now = ContinuousClock.now
    guard isLeaving || now - looked >= Partners.glance else { return false }
    looked = now
    let isTime = now - told >= Partners.beat
    if isTime { told = now }
    var hasCome = false
    for index in all.indices {
      if let sending = all[index].sending, try transport.isDone(sending) {
        all[index].sending = nil
      }
      if try take(index, now) { hasCome = true }
      if isLeaving, !all[index].isToldFarewell {
        try send(ControlMessage(.farewell), to: index)
        all[index].isToldFarewell = true
      } else if isTime, all[index].sending == nil, !all[index].isToldFarewell {
        try send(ControlMessage(.alive), to: index)
      }
      let silence = now - all[index].heard
      if !all[index].hasLeft, silence > patience {
        throw CommunicationError(
          .silent, rank: all[index].rank,
          "no message from rank \(all[index].rank) for "
            + "\(Int((silence / .seconds(1)).rounded())) s: its machine or the network has failed")
      }
    }
    return hasCome
  }

  private mutating func take(
    _ index: Int, _ now: ContinuousClock.Instant
  ) throws(CommunicationError) -> Bool {
    guard let receiving = all[index].receiving, try transport.isDone(receiving) else {
      return false
    }
    all[index].receiving = nil
    all[index].heard = now
    guard let message = ControlMessage(UnsafeRawBufferPointer(all[index].incoming)) else {
      throw CommunicationError(
        .failed, rank: all[index].rank, "rank \(all[index].rank) sent an unknown message")
    }
    switch message.kind {
    case .alive: try listen(index)
    case .farewell: all[index].hasLeft = true
    case .failure:
      try listen(index)
      throw CommunicationError(
        .gaveUp(code: message.code), rank: all[index].rank, message.text)
    }
    return true
  }
}
