internal import Classifier

extension Environment {
  /// The shelf of models; nil without a home.
  var shelf: ModelShelf? {
    ownFolder("XDG_DATA_HOME", otherwise: ".local/share").map { ModelShelf(folder: $0 + "/models") }
  }

  /// The program's folder in a base directory: that of a variable, by default one below HOME; nil
  /// without either.
  func ownFolder(_ variable: String, otherwise place: String) -> String? {
    // The base directory specification says to ignore empty and relative paths.
    func absolute(_ name: String) -> String? {
      variables[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    return (absolute(variable) ?? absolute("HOME").map { $0 + "/" + place }).map { $0 + "/cnnctl" }
  }
}
