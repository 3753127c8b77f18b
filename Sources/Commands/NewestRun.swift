internal import Training

extension Arguments {
  /// The run that the first operand names, else the newest one.
  ///
  /// Error: neither is there.
  func run(of command: CommandDescription) throws(Failure) -> String {
    if let named = operands.first { return named }
    guard FileSystem.isFolder(RunFolder.latest) else {
      throw Failure(
        .usage, "RUN is missing, and there is no newest run: \(RunFolder.latest) does not exist",
        expected: command.usage, helpPage: command.helpPage)
    }
    return RunFolder.latest
  }
}
