internal import Training

extension Console {
  /// How a command ends that has named the images it could not read among its answers.
  func verdict(_ failures: [SkippedImage], of count: Int, command: CommandName) -> ExitCode {
    guard let first = failures.first else { return .done }
    let folder = failures.first { FileSystem.isFolder($0.path) }
    // Nothing but paths that lead nowhere: the command line is wrong, no image.
    let code: ExitCode =
      failures.count == count && failures.allSatisfy { !FileSystem.exists($0.path) }
      ? .noInput : .conditionFailed
    failure(
      Failure(
        code, "\(failures.count) of \(count) images could not be read",
        found: "\(first.path): \(first.message)",
        advice: folder.map { "cnnctl \(command.rawValue) -r \($0.path)" }))
    return code
  }
}
