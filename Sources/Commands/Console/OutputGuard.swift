internal import ImageData
internal import Primitives
internal import Report
internal import Training

/// What a command reads, so that no file that it writes takes the place of any of it.
///
/// Files are told apart by what they are on the disk: other paths, links and hard links to an input
/// are that input.
struct OutputGuard {
  private let inputs: [FileSystem.Identity: String]
  /// The folders whose images are read.
  private let folders: [String]

  /// The words of a command line that name images, lists and folders, and other files that are read.
  ///
  /// `-` and `-0` are the list on standard input, which may be a file.
  init(operands: [String], recursive: Bool, others: [String] = []) {
    let named = operands.map { $0 == "-" || $0 == "-0" ? "/dev/stdin" : $0 } + others
    inputs = Dictionary(
      named.compactMap { path in FileSystem.identity(path).map { ($0, path) } },
      uniquingKeysWith: { first, _ in first })
    folders = recursive ? operands.filter(FileSystem.isFolder) : []
  }

  /// What is written.
  enum Content {
    case text
    case picture
  }

  /// Whether a file is one of the inputs.
  func reads(_ file: FileSystem.Identity) -> Bool { inputs[file] != nil }

  /// The refusal to write over an input.
  static func isInput(_ path: String, known name: String? = nil) -> Failure {
    let same = name.map { $0 == path ? "" : ", which is \($0)," } ?? ""
    return Failure(
      .cannotCreate, "\(path)\(same) is read by this command, and is not written over",
      expected: "-o with another name")
  }

  /// Refuses a file that may not be written.
  ///
  /// That is one that is read, a picture that this program did not draw (a pattern such as
  /// `-o *.png` names the first photo), and in a folder whose images are read one that the next
  /// command would take for an image.
  func check(_ path: String, as content: Content) throws(Failure) {
    if let input = FileSystem.identity(path).flatMap({ inputs[$0] }) {
      throw OutputGuard.isInput(path, known: input)
    }
    if isForeignPicture(path, content) {
      throw Failure(
        .cannotCreate,
        "\(path) is a picture that this program did not make, and is not written over",
        expected: "-o with the name of a file to write",
        advice: "a name behind -o, before the names of the images")
    }
    if Dataset.isCandidate(path), let folder = folders.first(where: { Dataset.lies(path, in: $0) })
    {
      throw Failure(
        .usage,
        "\(path) lies in \(folder), whose images are read: the next command would take it for one",
        expected: "-o with a name outside of that folder")
    }
  }

  private func isForeignPicture(_ path: String, _ content: Content) -> Bool {
    // What is no regular file, a terminal or a pipe, is not read.
    guard FileSystem.exists(path), !FileSystem.isFolder(path),
      let start = try? FileBytes.read(path, first: 256)
    else { return false }
    return ReportPicture.isOwn(start)
      ? content == .text : Dataset.isCandidate(path) || FileKind(start) != nil
  }
}
