/// The reason why the processes of a run can no longer work together.
package struct CommunicationError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    /// The library of MPI cannot be used.
    case library
    /// MPI says that something failed.
    case failed
    /// A process has not been heard of for too long.
    case silent
    /// A process gave up, and has said why in words of its own; its exit code.
    case gaveUp(code: Int32)
  }

  package var kind: Kind
  /// The process that it came from, where that is known.
  package var rank: Int?
  package var problem: String
  package var advice: String?

  package init(_ kind: Kind, rank: Int? = nil, _ problem: String, advice: String? = nil) {
    (self.kind, self.rank, self.problem, self.advice) = (kind, rank, problem, advice)
  }

  package var description: String { problem }
}
