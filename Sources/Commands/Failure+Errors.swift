extension Failure {
  /// What a command gives up with when `error` reaches it.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure:
      self = failure
    case let error as StreamError:
      self = Failure(.io, "\(error)")
    default:
      self = Failure(.bug, "unexpected error: \(error)", advice: "please report this as a bug")
    }
  }
}
