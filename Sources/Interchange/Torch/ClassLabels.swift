package import Primitives

/// The names of a network's classes.
package enum ClassLabels {
  /// Bytes that a file of names may have.
  private static let sizeLimit = 1 << 24

  /// Reads a file with one name per line.
  ///
  /// Errors: no such file, no UTF-8, an empty line but at the end, a name twice.
  package static func read(_ path: String) throws(TrainingError) -> [String] {
    let file = try InputFile(path, limit: sizeLimit)
    guard let text = String(validating: try file.bytes(0..<file.size), as: UTF8.self) else {
      throw wrong(path, "it is not UTF-8 text")
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map(String.init)
    if lines.last == "" { lines.removeLast() }
    var known: [String: Int] = [:]
    for (index, name) in lines.enumerated() {
      if name.allSatisfy(\.isWhitespace) { throw wrong(path, "line \(index + 1) holds no name") }
      if let problem = ForeignText.problem(inName: name) {
        throw wrong(path, "line \(index + 1) holds \(problem)")
      }
      if let first = known.updateValue(index, forKey: name) {
        throw wrong(path, "lines \(first + 1) and \(index + 1) have the same name, \(name)")
      }
    }
    return lines
  }

  private static func wrong(_ path: String, _ cause: String) -> TrainingError {
    TrainingError(
      .badData, "\(path) does not name classes: \(cause)",
      expected: "one name per class and line, all different")
  }

  /// Names by number, `class-000` to `class-999` for a thousand: their byte order is the classes'.
  static func numbered(_ count: Int) -> [String] {
    let width = String(count - 1).count
    return (0..<count).map { "class-" + zeroPadded($0, width) }
  }
}
