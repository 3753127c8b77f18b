internal import Classifier
internal import Drawing
internal import ImageData
internal import Primitives
internal import Training

/// The inputs of a command, none of which it may overwrite.
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

  /// The kind of content written.
  enum Content {
    case text
    case picture
  }

  func reads(_ file: FileSystem.Identity) -> Bool { inputs[file] != nil }

  /// The refusal to write over an input.
  static func isInput(_ path: String, known name: String? = nil) -> Failure {
    let same = name.map { $0 == path ? "" : ", which is \($0)," } ?? ""
    return Failure(
      .cannotCreate, "\(path)\(same) is an input of this command and is not overwritten",
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
        "\(path) is an image not made by this program and is not overwritten",
        expected: "-o with the name of a file to write",
        advice: "give -o a file name of its own, before the names of the images")
    }
    if FileSystem.exists(path), RunFolder.owns(path) {
      throw Failure(
        .cannotCreate, "\(path) is a run's own file, and is not written over",
        expected: "-o with a name outside of the run's files")
    }
    if let dataset = Dataset.dataset(around: path) {
      throw Failure(
        .cannotCreate, "\(path) lies in the dataset \(dataset)",
        expected: "-o with a name outside of it: what is in a dataset is taken for a part of it")
    }
    if Dataset.isCandidate(path), let folder = folders.first(where: { Dataset.lies(path, in: $0) })
    {
      throw Failure(
        .usage,
        "\(path) lies in \(folder), whose images are inputs: the next command would read it too",
        expected: "-o with a name outside of that folder")
    }
  }

  private func isForeignPicture(_ path: String, _ content: Content) -> Bool {
    // What is no regular file, a terminal or a pipe, is not read.
    guard FileSystem.exists(path), !FileSystem.isFolder(path),
      let start = try? FileBytes.read(path, first: 256)
    else { return false }
    return RGBImage.isOwn(start)
      ? content == .text : Dataset.isCandidate(path) || FileKind(start) != nil
  }
}
