internal import Classifier
internal import Compute
internal import ImageData
internal import Primitives
internal import Training

extension Failure {
  /// The failure of `command` because of `error`.
  init(_ error: any Error, of command: CommandDescription? = nil) {
    switch error {
    case let failure as Failure:
      self = failure
    case let error as DatasetError:
      self = Failure(error.kind.exitCode, error.summary)
      found = error.found
      expected = error.expected
      advice = error.suggestion(command: command?.name ?? "train")
    case let error as EngineError:
      self = Failure(.usage, "\(error)", helpPage: command?.helpPage)
    case let error as ImageStoreError:
      self = Failure(error.exitCode, "\(error)", advice: error.advice)
    case let error as StreamError:
      self = Failure(.io, "\(error)")
    default:
      let error = TrainingError(error)
      self = Failure(
        error.kind.exitCode, error.problem, found: error.found, expected: error.expected,
        advice: error.advice, helpPage: error.kind == .usage ? command?.helpPage : nil)
    }
  }
}

extension TrainingError.Kind {
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
  /// The exit code for this kind of error.
  fileprivate var exitCode: ExitCode {
    switch cause {
    case .noRoom, .outOfMemory: .unavailable
    case .disagreement: .badData
    default: .io
    }
  }
}

extension DatasetError.Kind {
  var exitCode: ExitCode {
    switch self {
    case .missing: .noInput
    case .unreadable: .io
    case .badData: .badData
    }
  }
}
