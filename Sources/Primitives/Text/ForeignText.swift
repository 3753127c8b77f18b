/// The rule for names and texts read from files, the same for classes, networks, recipes and
/// versions.
///
/// Files come from strangers, and what they say is shown, logged and written into other files.
package enum ForeignText {
  /// Characters that a name may have; the names of files have no more.
  package static let longestName = 255
  /// Characters that a text of sentences may have.
  package static let longestText = 10_000

  /// The problem with a name; nil if there is none.
  ///
  /// An empty one is for its reader to judge.
  package static func problem(inName name: String) -> String? {
    problem(name, longest: longestName) { steersTerminal($0) }
  }

  /// The problem with a text, which may have several lines; nil if there is none.
  package static func problem(inText text: String) -> String? {
    problem(text, longest: longestText) { $0 != "\n" && $0 != "\t" && steersTerminal($0) }
  }

  private static func problem(
    _ text: String, longest: Int, isWrong: (Unicode.Scalar) -> Bool
  ) -> String? {
    let scalars = text.unicodeScalars
    guard scalars.count <= longest else {
      return "\(scalars.count) characters, at most \(longest) are allowed"
    }
    return scalars.first(where: isWrong).map {
      "the character \(terminalSafe(String($0))), which is not allowed"
    }
  }
}
