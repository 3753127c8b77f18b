import Glibc

/// A folder of small text files that a test makes up, removed with the tree.
///
/// A class because it owns the folder. For tests without Foundation.
package final class MadeUpTree {
  /// The folder's path.
  package let path: String
  /// What was made, folders before what lies in them.
  private var made: [String]

  /// An empty folder of its own below /tmp.
  package init() throws {
    var template = Array("/tmp/cnnctl-tree-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TreeError(path: "/tmp", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    made = [path]
  }

  deinit {
    for entry in made.reversed() { remove(entry) }
  }

  /// Writes a file, making the folders above it; what was there is gone.
  package func write(_ text: String, to name: String) throws {
    let parts = name.split(separator: "/")
    for count in 1..<max(1, parts.count) {
      let folder = path + "/" + parts.prefix(count).joined(separator: "/")
      if mkdir(folder, 0o755) == 0 { made.append(folder) }
    }
    let target = path + "/" + name
    guard let file = fopen(target, "w") else { throw TreeError(path: target, code: errno) }
    made.append(target)
    let written = fwrite(text, 1, text.utf8.count, file)
    guard fclose(file) == 0, written == text.utf8.count else {
      throw TreeError(path: target, code: errno)
    }
  }

  /// Why a tree cannot be made.
  private struct TreeError: Error, CustomStringConvertible {
    var path: String
    var code: Int32
    var description: String { "\(path): \(String(cString: strerror(code)))" }
  }
}
