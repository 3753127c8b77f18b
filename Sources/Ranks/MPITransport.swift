internal import CMPI

/// Messages by the MPI library of this machine.
///
/// A class, because MPI knows what is under way by where it lies in memory.
package final class MPITransport: Transport, @unchecked Sendable {
  /// The library's own name.
  package let library: String
  private var requests: [Int: UnderWay] = [:]
  private var next = 0

  /// A request, and the lists that MPI reads until it has ended.
  private struct UnderWay {
    let request: UnsafeMutablePointer<cmpi_request>
    let lists: [UnsafeMutablePointer<Int32>]

    func deallocate() {
      request.deallocate()
      for list in lists { list.deallocate() }
    }
  }

  /// Opens the library that fits the launcher.
  package init(_ launcher: Launcher) throws(CommunicationError) {
    var text = [CChar](repeating: 0, count: 8192)
    let code = MPITransport.open(launcher.libraries, &text)
    let said = MPITransport.string(text)
    // Names have tabs in them.
    let line = (said.split(separator: "\n").first ?? "").split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    switch code {
    case 0: library = String(line.prefix { $0 != "," })
    case 1:
      throw CommunicationError(
        .library, "the MPI library cannot be opened: \(line)", advice: launcher.advice)
    case 2:
      throw CommunicationError(
        .library, "the MPI library lacks the function \(line)", advice: launcher.advice)
    default:
      throw CommunicationError(
        .library, "unknown MPI library: \(line)",
        advice: "Open MPI 4 or 5, or MPICH: " + launcher.advice)
    }
  }

  private static func open(_ names: [String], _ message: inout [CChar]) -> Int32 {
    let copies = names.map { Array($0.utf8CString) }
    let total = copies.reduce(0) { $0 + $1.count }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: total) { memory in
      var pointers: [UnsafePointer<CChar>?] = []
      var place = 0
      for copy in copies {
        _ = memory[place...].initialize(fromContentsOf: copy)
        pointers.append(UnsafePointer(memory.baseAddress.map { $0 + place }))
        place += copy.count
      }
      pointers.append(nil)
      return message.withUnsafeMutableBufferPointer {
        cmpi_open(pointers, $0.baseAddress, $0.count)
      }
    }
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package func join() throws(CommunicationError) -> (rank: Int, size: Int) {
    var (rank, size): (Int32, Int32) = (0, 0)
    try check(cmpi_join(&rank, &size))
    return (Int(rank), Int(size))
  }

  private func check(_ code: Int32) throws(CommunicationError) {
    guard code != 0 else { return }
    var text = [CChar](repeating: 0, count: 512)
    cmpi_error_text(code, &text, text.count)
    throw CommunicationError(.failed, "MPI: \(MPITransport.string(text))")
  }

  /// Begins something that reads the lists until it has ended.
  private func begin(
    _ lists: [[Int32]],
    _ body: ([UnsafeMutablePointer<Int32>], UnsafeMutablePointer<cmpi_request>) -> Int32
  ) throws(CommunicationError) -> TransferID {
    let underWay = UnderWay(
      request: .allocate(capacity: 1),
      lists: lists.map { list in
        let copy = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, list.count))
        copy.initialize(from: list, count: list.count)
        return copy
      })
    underWay.request.initialize(to: cmpi_request(handle: 0))
    let code = body(underWay.lists, underWay.request)
    if code != 0 { underWay.deallocate() }
    try check(code)
    next += 1
    requests[next] = underWay
    return TransferID(next)
  }

  package func exchange(
    _ lane: Lane, _ data: UnsafePointer<Float>, _ partition: Partition,
    into received: UnsafeMutablePointer<Float>, _ receivedPartition: Partition
  ) throws(CommunicationError) -> TransferID {
    try begin([
      partition.counts, partition.offsets, receivedPartition.counts, receivedPartition.offsets,
    ]) {
      cmpi_exchange(lane.rawValue, data, $0[0], $0[1], received, $0[2], $0[3], $1)
    }
  }

  package func spread(
    _ lane: Lane, _ data: UnsafeMutablePointer<Float>, _ partition: Partition
  ) throws(CommunicationError) -> TransferID {
    try begin([partition.counts, partition.offsets]) {
      cmpi_spread(lane.rawValue, data, $0[0], $0[1], $1)
    }
  }

  package func gather(
    _ lane: Lane, _ own: UnsafeRawPointer, _ count: Int, into all: UnsafeMutableRawPointer,
    _ partition: Partition
  ) throws(CommunicationError) -> TransferID {
    try begin([partition.counts, partition.offsets]) {
      cmpi_gather(lane.rawValue, own, Int32(count), all, $0[0], $0[1], $1)
    }
  }

  package func send(
    _ lane: Lane, _ bytes: UnsafeRawPointer, _ count: Int, to rank: Int
  ) throws(CommunicationError) -> TransferID {
    try begin([]) { cmpi_send(lane.rawValue, bytes, Int32(count), Int32(rank), $1) }
  }

  package func receive(
    _ lane: Lane, _ bytes: UnsafeMutableRawPointer, _ count: Int, from rank: Int
  ) throws(CommunicationError) -> TransferID {
    try begin([]) { cmpi_receive(lane.rawValue, bytes, Int32(count), Int32(rank), $1) }
  }

  package func isDone(_ transfer: TransferID) throws(CommunicationError) -> Bool {
    guard let underWay = requests[transfer.number] else { return true }
    var isDone = false
    try check(cmpi_test(underWay.request, &isDone))
    guard isDone else { return false }
    requests[transfer.number] = nil
    underWay.deallocate()
    return true
  }

  package func abort(code: Int32) { cmpi_abort(code) }

  package func leave() { _ = cmpi_leave() }
}
