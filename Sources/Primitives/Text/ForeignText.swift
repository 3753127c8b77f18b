/// What a name or a text that a file tells may hold: one rule for classes, networks, recipes and
/// versions, wherever they come from.
///
/// Files come from strangers, and what they say is shown, logged and written into other files.
package enum ForeignText {
  /// Characters that a name may have; the names of files have no more.
  package static let longestName = 255
  /// Characters that a text of sentences may have.
  package static let longestText = 10_000

  /// What is wrong with a name; nil for nothing.
  ///
  /// An empty one is for its reader to judge.
  package static func problem(inName name: String) -> String? {
    problem(name, longest: longestName) { steersTerminal($0) }
  }

  /// What is wrong with a text, which may have several lines; nil for nothing.
  package static func problem(inText text: String) -> String? {
    problem(text, longest: longestText) { $0 != "\n" && $0 != "\t" && steersTerminal($0) }
  }

  private static func problem(
    _ text: String, longest: Int, isWrong: (Unicode.Scalar) -> Bool
  ) -> String? {
    let scalars = text.unicodeScalars
    guard scalars.count <= longest else {
      return "\(scalars.count) characters where \(longest) may be"
    }
    return scalars.first(where: isWrong).map {
      "the character \(terminalSafe(String($0))), which does not belong there"
    }
  }
}
