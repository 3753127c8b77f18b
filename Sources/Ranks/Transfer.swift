internal import Primitives
internal import Synchronization

/// A request of a process to the others, on which the process can wait.
///
/// A class, because the thread that communicates finishes what another one waits for.
final class Transfer: @unchecked Sendable {
  enum Work {
    /// Bytes of all, in the order of their ranks; this one's are `own`.
    case gather(UnsafeRawPointer, Int, into: UnsafeMutableRawPointer, Partition)
    /// Sums over all processes, in place.
    case sum(UnsafeMutablePointer<Float>, Int)
    /// The end, once everything else has ended.
    case leave
    /// The end of all processes.
    case abort(code: Int32)
    /// Reports to the first process why this one gives up.
    case giveUp(ControlMessage)
  }

  enum Stage {
    /// The ranges that a sum is made of are on their way.
    case exchanging
    /// This process's range of the sum is put together.
    case added
    /// Nothing is left to begin.
    case over
  }

  let work: Work
  let lane: Lane
  /// The message in progress; only for the thread that communicates.
  var part: TransferID?
  /// The stage reached; only for the thread that communicates.
  var stage = Stage.over
  /// The buffer that receives a sum; only for the thread that communicates.
  var buffer: UnsafeMutableBufferPointer<Float>?
  private let word = Futex.allocate(capacity: 1)

  init(_ work: Work, _ lane: Lane) {
    (self.work, self.lane) = (work, lane)
    word.initialize(to: Atomic(0))
  }

  deinit {
    word.deinitialize(count: 1)
    word.deallocate()
  }

  var isOver: Bool { word.pointee.load(ordering: .acquiring) != 0 }

  func finish() {
    word.pointee.store(1, ordering: .releasing)
    word.wake(.max)
  }

  /// Sleeps until it has ended, or for so long at most.
  func wait(nanoseconds: Int64? = nil) {
    while !isOver {
      word.sleep(while: 0, nanoseconds: nanoseconds)
      if nanoseconds != nil { return }
    }
  }
}

/// A heartbeat, a farewell, or why a process gives up: one message of fixed size.
struct ControlMessage: Hashable {
  enum Kind: UInt8 {
    case alive = 1
    case farewell = 2
    case failure = 3
  }

  /// Bytes of a message.
  static let size = 4096

  var kind: Kind
  var code: Int32 = 0
  var text = ""

  init(_ kind: Kind, code: Int32 = 0, text: String = "") {
    (self.kind, self.code, self.text) = (kind, code, text)
  }

  /// Reads a message; nil if it is none.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == ControlMessage.size, let kind = Kind(rawValue: bytes[0]) else {
      return nil
    }
    self.kind = kind
    code = bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    let length = Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard length <= ControlMessage.size - 12 else { return nil }
    text = String(decoding: bytes[12..<(12 + length)], as: UTF8.self)
  }

  /// Writes the message; what is too long of its text is omitted.
  func write(to bytes: UnsafeMutableRawBufferPointer) {
    let letters = Array(text.utf8.prefix(ControlMessage.size - 12))
    bytes[0] = kind.rawValue
    bytes.storeBytes(of: code, toByteOffset: 4, as: Int32.self)
    bytes.storeBytes(of: UInt32(letters.count), toByteOffset: 8, as: UInt32.self)
    UnsafeMutableRawBufferPointer(rebasing: bytes[12...]).copyBytes(from: letters)
  }
}
