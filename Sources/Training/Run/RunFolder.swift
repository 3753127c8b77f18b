/// A run's folder: the one place that knows the names in it.
package struct RunFolder: Sendable, Hashable {
  /// The folder.
  package let path: String

  /// Creates `out`, or the next free `runs/train-NNN` and the link `runs/latest` to it.
  package static func create(out: String?) throws(TrainingError) -> RunFolder {
    throw TrainingError(.internal, "not written yet")
  }

  /// Writes a file below the folder in one step: a reader meets the old bytes or the new ones.
  package func write(_ text: String, to name: String) throws(TrainingError) {}
}
