internal import Classifier
internal import Primitives
internal import Training

extension Console {
  /// Reports images that could not be read, and returns the exit code for them.
  ///
  /// `areTold`: standard output has said why, so that the message need not.
  func verdict(
    _ failures: [SkippedImage], of count: Int, command: String, areTold: Bool
  ) -> ExitCode {
    guard let first = failures.first else { return .done }
    let folder = failures.first { FileSystem.isFolder($0.path) }
    // Nothing but paths that lead nowhere: the command line is wrong, no image.
    let code: ExitCode =
      failures.count == count && failures.allSatisfy { !FileSystem.exists($0.path) }
      ? .noInput : .conditionFailed
    failure(
      Failure(
        code,
        "\(grouped(failures.count)) of \(counted(count, "image")) could not be read",
        found: areTold ? nil : "\(first.path): \(first.message)",
        advice: folder.map { "cnnctl \(command) -r \($0.path)" }))
    return code
  }
}

extension JSON {
  /// Why an image could not be read; null for one that was.
  static func failure(_ image: SkippedImage?) -> JSON {
    image.map { ["code": .string($0.code), "message": .string($0.message)] } ?? .null
  }
}
