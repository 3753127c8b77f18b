internal import CNN
package import Primitives

extension TrainingError {
  /// Any error in the form of this one; one that nobody expected is a bug of the program.
  package init(_ error: any Error) {
    switch error {
    case let error as TrainingError: self = error
    case ModelError.outOfMemory(let bytes):
      self.init(.noRoom, "not enough memory: \(byteCount(bytes)) needed")
    default:
      self.init(
        .internal, "unexpected error: \(error)", advice: "please report this as a bug")
    }
  }
}
