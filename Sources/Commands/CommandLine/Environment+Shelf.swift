internal import Classifier

extension Environment {
  /// The shelf of models: `$XDG_DATA_HOME/cnnctl/models`, by default below `~/.local/share`; nil
  /// without a home.
  var shelf: ModelShelf? {
    // The base directory specification says to ignore empty and relative paths.
    func absolute(_ name: String) -> String? {
      variables[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    let base = absolute("XDG_DATA_HOME") ?? absolute("HOME").map { $0 + "/.local/share" }
    return base.map { ModelShelf(folder: $0 + "/cnnctl/models") }
  }
}
