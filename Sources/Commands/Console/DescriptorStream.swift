internal import Glibc
internal import Primitives

/// A file descriptor as a stream of text.
final class DescriptorStream: TextStream {
  let isTerminal: Bool
  private let descriptor: Int32
  private let name: String
  private let closes: Bool
  /// Whether this program created the file.
  private let isOwn: Bool

  init(descriptor: Int32, name: String, closes: Bool = false) {
    self.descriptor = descriptor
    self.closes = closes
    self.name = name
    isTerminal = isatty(descriptor) == 1
    var status = stat()
    isOwn = closes && fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Creates the file, or empties the one that is there, unless that is one of the inputs.
  convenience init(creating path: String, beside inputs: OutputGuard) throws {
    try inputs.check(path, as: .text)
    let descriptor = open(systemPath(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw StreamError(number: errno, name: path) }
    self.init(descriptor: descriptor, name: path, closes: true)
    // Another file may have taken the name since it was looked at.
    if let file = FileSystem.identity(of: descriptor), inputs.reads(file) {
      throw OutputGuard.isInput(path)
    }
    // What is no regular file, such as a pipe, has no length.
    ftruncate(descriptor, 0)
  }

  /// The same for the file that `-o` names, with an error that says where it could be.
  convenience init(output path: String, beside inputs: OutputGuard) throws {
    do {
      try self.init(creating: path, beside: inputs)
    } catch let error as StreamError {
      throw Failure(.cannotCreate, "cannot write \(error)", expected: error.place)
    }
  }

  deinit { if closes { close(descriptor) } }

  func write(_ text: String) throws(StreamError) {
    guard !FileSystem.writeAll(Array(text.utf8), to: descriptor) else { return }
    let number = errno
    // Half of the predictions looks like all of them to whoever comes next.
    if isOwn { unlink(systemPath(name)) }
    throw StreamError(number: number, name: name)
  }
}
