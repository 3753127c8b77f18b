import Glibc

/// A folder of small text files that a test makes up, removed with the tree.
///
/// A class because it owns the folder. For tests without Foundation.
package final class MadeUpTree {
  /// The folder's path.
  package let path: String

  /// An empty folder of its own below /tmp.
  package init() throws {
    var template = Array("/tmp/cnnctl-tree-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TreeError(path: "/tmp", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    // Deepest first, links not followed.
    nftw(path, { entry, _, _, _ in entry.map(remove) ?? 0 }, 16, FTW_DEPTH | FTW_PHYS)
  }

  /// Writes a file, making the folders above it; what was there is gone.
  package func write(_ text: String, to name: String) throws {
    let parts = name.split(separator: "/")
    for count in 1..<max(1, parts.count) {
      mkdir(path + "/" + parts.prefix(count).joined(separator: "/"), 0o755)
    }
    guard let file = fopen(path + "/" + name, "w") else {
      throw TreeError(path: path + "/" + name, code: errno)
    }
    let written = fwrite(text, 1, text.utf8.count, file)
    guard fclose(file) == 0, written == text.utf8.count else {
      throw TreeError(path: path + "/" + name, code: errno)
    }
  }

  /// Why a tree cannot be made.
  private struct TreeError: Error, CustomStringConvertible {
    var path: String
    var code: Int32
    var description: String { "\(path): \(String(cString: strerror(code)))" }
  }
}
