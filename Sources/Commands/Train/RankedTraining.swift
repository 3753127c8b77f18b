internal import Compute
internal import Glibc
internal import ImageData
internal import Primitives
internal import Ranks
internal import Training

/// One of several processes that an MPI launcher has started to train together.
///
/// The first one writes and tells; the others are silent, and hand an error of theirs to it. An
/// error on any of them ends all with one message.
struct RankedTraining {
  private let communicator: Communicator
  let group: Group
  /// The highest instruction set that all have.
  let instructionSet: InstructionSet

  /// Joins the others; nil for a process that was started alone.
  init?(_ environment: Environment) throws {
    guard let launcher = Launcher(environment.variables) else { return nil }
    do throws(CommunicationError) {
      let transport = try MPITransport(launcher)
      communicator = try Communicator(transport)
      guard communicator.size == launcher.size else {
        // Each would train alone, and all into the same folders.
        throw CommunicationError(
          .library,
          "\(transport.library) connected only \(communicator.size) of \(launcher.size) processes: the "
            + "launcher belongs to another MPI", advice: launcher.adviceToMeet)
      }
      group = Group(communicator, try Neighbours(communicator))
      let own = InstructionSet.available.last ?? .baseline
      let all = try group.gather(Array(own.rawValue.utf8)).compactMap {
        InstructionSet(rawValue: String(decoding: $0, as: UTF8.self))
      }
      let order = InstructionSet.allCases
      instructionSet = order.first { all.contains($0) } ?? own
    } catch {
      throw Failure(error, size: launcher.size)
    }
  }

  /// The world of this process: the first one's own, or one where nothing is seen.
  func environment(_ environment: Environment) -> Environment {
    guard !group.isFirst else { return environment }
    var silent = environment
    silent.output = SilentStream()
    silent.diagnostics = SilentStream()
    return silent
  }

  /// The threads of this process, unless it is said how many.
  var threads: Int { group.neighbours.threads(of: Engine.usableProcessors) }

  /// Leaves in good order.
  func leave() throws(CommunicationError) { try communicator.leave() }

  /// Ends all processes for an error of this one, or of another; does not return.
  func end(_ error: any Error, _ console: Console) -> Never {
    var cause = error
    // Loading reports a broken connection as an error of its own; what broke it says more.
    if case .connection? = (error as? ImageStoreError)?.cause, let broken = communicator.failure {
      cause = broken
    }
    let failure =
      (cause as? CommunicationError).map { Failure($0, size: group.count) }
      ?? Failure(cause, of: TrainCommand.description)
    if group.isFirst {
      console.failure(failure)
      communicator.abort(code: failure.code.rawValue)
    } else if case .silent? = communicator.failure?.kind {
      // Nobody else can say it.
      console.failure(failure)
    } else {
      communicator.giveUp(code: failure.code.rawValue, failure.wire)
    }
    _exit(failure.code.rawValue)
  }
}

extension RankedTraining? {
  /// The first process's configuration, for all.
  func configuration(_ make: () throws -> Configuration) throws -> Configuration {
    guard let group = self?.group else { return try make() }
    return try Configuration(decoding: group.broadcast { try make().encoded() })
  }

  /// The first process's record of the run that continues, for all.
  func record(_ own: RunRecord?) throws -> RunRecord? {
    guard let group = self?.group else { return own }
    return try RunRecord(wire: group.broadcast { own?.wire ?? [] })
  }

  /// Whether a condition holds on the first process.
  func isTrue(_ own: Bool) throws -> Bool {
    try self?.group.gather(own)[0] ?? own
  }
}

/// A stream that leads nowhere.
private final class SilentStream: TextStream {
  var isTerminal: Bool { false }
  func write(_ text: String) {}
}

extension Failure {
  private static let separator: Character = "\u{1f}"

  /// The failure as one text for another process.
  var wire: String {
    [message, found ?? "", expected ?? "", advice ?? ""]
      .map { $0.filter { $0 != Failure.separator } }
      .joined(separator: String(Failure.separator))
  }

  /// The failure of processes that can no longer work together; `size` is their number.
  init(_ error: CommunicationError, size: Int) {
    switch error.kind {
    case .library: self.init(.unavailable, error.problem, advice: error.advice)
    case .failed: self.init(.io, error.problem, advice: error.advice)
    case .silent:
      self.init(
        .io, error.problem,
        advice:
          "cnnctl train --resume continues from the last checkpoint, with any number of processes"
      )
    case .gaveUp(let code):
      let parts = error.problem.split(
        separator: Failure.separator, omittingEmptySubsequences: false
      )
      .map(String.init)
      func part(_ index: Int) -> String? {
        parts.indices.contains(index) && !parts[index].isEmpty ? parts[index] : nil
      }
      let place = error.rank.map { "rank \($0) of \(size): " } ?? ""
      self.init(
        ExitCode(rawValue: code) ?? .bug, place + (part(0) ?? "an unknown error"),
        found: part(1), expected: part(2), advice: part(3))
    }
  }
}
