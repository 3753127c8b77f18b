internal import Classifier
internal import Primitives
internal import Training

extension Arguments {
  /// The run that an operand names, or the newest one.
  ///
  /// Error: neither exists; `operand` is the operand's name in the usage of `command`.
  func run(
    operand: String = "RUN", at index: Int = 0, of command: CommandDescription
  ) throws(Failure) -> String {
    if index < operands.count { return operands[index] }
    guard FileSystem.isFolder(RunFolder.latest) else {
      throw command.usageError(
        "\(operand) is missing, and there is no run yet: \(RunFolder.latest) does not exist",
        expected: command.usage)
    }
    return RunFolder.latest
  }
}
