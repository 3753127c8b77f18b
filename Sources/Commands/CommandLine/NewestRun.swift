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
      throw Failure(
        .noInput,
        "\(operand) is missing, and there is no run yet: \(RunFolder.latest) does not exist",
        expected: command.usage, helpPage: command.helpPage)
    }
    return RunFolder.latest
  }

  /// Refuses a run as the operand of `command` that is a folder of photos.
  ///
  /// `advice` makes of the run, as a shell takes it, the command that is meant.
  func requirePhotos(
    at index: Int = 0, of command: CommandDescription, advice: (_ run: String) -> String
  ) throws(Failure) {
    guard index < operands.count, RunFolder.hasRun(operands[index]) else { return }
    throw Failure(
      .usage, "\(operands[index]) is a run, not a folder of photos", expected: command.usage,
      advice: advice(shellWord(operands[index])), helpPage: command.helpPage)
  }
}
