internal import CNN
internal import ImageData
internal import KernelSelection
internal import Training

extension Failure {
  /// What `command` gives up with when `error` reaches it.
  init(_ error: any Error, of command: CommandDescription? = nil) {
    switch error {
    case let failure as Failure:
      self = failure
    case let error as TrainingError:
      self = Failure(error.kind.exitCode, error.problem)
      found = error.found
      expected = error.expected
      advice = error.advice
      if error.kind == .usage { helpPage = command?.helpPage }
    case let error as DatasetError:
      self = Failure(error.kind.exitCode, error.summary)
      found = error.found
      expected = error.expected
      advice = error.suggestion(command: command?.name ?? "train")
    case let error as EngineError:
      self = Failure(.usage, "\(error)", helpPage: command?.helpPage)
    case ModelError.outOfMemory(let bytes):
      self = Failure(.unavailable, "\(byteCount(bytes)) of memory are not to be had")
    case let error as ImageStoreError:
      self = Failure(error.exitCode, "\(error)", advice: error.advice)
    case let error as StreamError:
      self = Failure(.io, "\(error)")
    default:
      self = Failure(.bug, "unexpected error: \(error)", advice: "please report this as a bug")
    }
  }
}

extension TrainingError.Kind {
  /// How a command ends that fails in this way.
  var exitCode: ExitCode {
    switch self {
    case .usage: .usage
    case .badData: .badData
    case .missing: .noInput
    case .cannotCreate: .cannotCreate
    case .noRoom: .unavailable
    case .inputOutput: .io
    case .diverged: .diverged
    case .internal: .bug
    }
  }
}

extension ImageStoreError {
  /// How a command ends that fails in this way.
  fileprivate var exitCode: ExitCode {
    switch cause {
    case .noRoom, .outOfMemory: .unavailable
    case .disagreement: .badData
    default: .io
    }
  }
}

extension DatasetError.Kind {
  /// How a command ends that fails in this way.
  var exitCode: ExitCode {
    switch self {
    case .missing: .noInput
    case .unreadable: .io
    case .badData: .badData
    }
  }
}
