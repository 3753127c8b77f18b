/// Heartbeats between this process and its peers: the first process has all others for peers, these
/// have the first.
///
/// A process that computes for long, or waits for a disk, sends them all the same: the thread that
/// communicates does nothing else.
struct Heartbeats {
  private let transport: any Transport
  private var peers: [Peer]
  private var sent = ContinuousClock.now
  private var polled = ContinuousClock.now
  private let patience: Duration

  /// Between two heartbeats of this process, and between two polls for those of others.
  private static let interval = Duration.seconds(1)
  private static let pollInterval = Duration.milliseconds(5)

  private struct Peer {
    let rank: Int
    let incoming: UnsafeMutableRawBufferPointer
    let outgoing: UnsafeMutableRawBufferPointer
    var receiving: TransferID?
    var sending: TransferID?
    var heard: ContinuousClock.Instant
    var hasSentFarewell = false
    var hasLeft = false
  }

  init(
    _ transport: any Transport, rank: Int, size: Int, patience: Double
  ) throws(CommunicationError) {
    self.transport = transport
    self.patience = .seconds(patience)
    peers = (rank == 0 ? Array(1..<max(1, size)) : [0]).map { other in
      Peer(
        rank: other, incoming: .allocate(byteCount: ControlMessage.size, alignment: 64),
        outgoing: .allocate(byteCount: ControlMessage.size, alignment: 64), heard: .now)
    }
    for index in peers.indices { try listen(index) }
  }

  private mutating func listen(_ index: Int) throws(CommunicationError) {
    guard let base = peers[index].incoming.baseAddress else { return }
    peers[index].receiving = try transport.receive(
      .control, base, ControlMessage.size, from: peers[index].rank)
  }

  /// Whether all have sent farewell and received ours.
  var haveAllLeft: Bool {
    peers.allSatisfy { $0.hasLeft && $0.hasSentFarewell && $0.sending == nil }
  }

  /// Sends all peers a message as soon as the one before is on its way.
  mutating func sendAll(_ message: ControlMessage) throws(CommunicationError) {
    for index in peers.indices { try send(message, to: index) }
  }

  private mutating func send(
    _ message: ControlMessage, to index: Int
  ) throws(CommunicationError) {
    while let sending = peers[index].sending {
      if try transport.isDone(sending) { peers[index].sending = nil }
    }
    guard let base = peers[index].outgoing.baseAddress else { return }
    message.write(to: peers[index].outgoing)
    peers[index].sending = try transport.send(
      .control, base, ControlMessage.size, to: peers[index].rank)
  }

  /// Receives what has arrived and sends this process's heartbeat; whether anything has arrived.
  ///
  /// Errors: a peer that gives up, or has been silent for too long.
  mutating func poll(isLeaving: Bool) throws(CommunicationError) -> Bool {
    let now = ContinuousClock.now
    guard isLeaving || now - polled >= Heartbeats.pollInterval else { return false }
    polled = now
    let isDue = now - sent >= Heartbeats.interval
    if isDue { sent = now }
    var hasReceived = false
    for index in peers.indices {
      if let sending = peers[index].sending, try transport.isDone(sending) {
        peers[index].sending = nil
      }
      if try receive(index, now) { hasReceived = true }
      if isLeaving, !peers[index].hasSentFarewell {
        try send(ControlMessage(.farewell), to: index)
        peers[index].hasSentFarewell = true
      } else if isDue, peers[index].sending == nil, !peers[index].hasSentFarewell {
        try send(ControlMessage(.alive), to: index)
      }
      let silence = now - peers[index].heard
      if !peers[index].hasLeft, silence > patience {
        throw CommunicationError(
          .silent, rank: peers[index].rank,
          "no message from rank \(peers[index].rank) for "
            + "\(Int((silence / .seconds(1)).rounded())) s: its machine or the network has failed")
      }
    }
    return hasReceived
  }

  private mutating func receive(
    _ index: Int, _ now: ContinuousClock.Instant
  ) throws(CommunicationError) -> Bool {
    guard let receiving = peers[index].receiving, try transport.isDone(receiving) else {
      return false
    }
    peers[index].receiving = nil
    peers[index].heard = now
    guard let message = ControlMessage(UnsafeRawBufferPointer(peers[index].incoming)) else {
      throw CommunicationError(
        .failed, rank: peers[index].rank, "rank \(peers[index].rank) sent an unknown message")
    }
    switch message.kind {
    case .alive: try listen(index)
    case .farewell: peers[index].hasLeft = true
    case .failure:
      try listen(index)
      throw CommunicationError(
        .gaveUp(code: message.code), rank: peers[index].rank, message.text)
    }
    return true
  }
}
