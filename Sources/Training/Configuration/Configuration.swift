/// Everything that decides what a run computes, resolved; `config.json`.
package struct Configuration: Codable, Sendable, Hashable {
  /// The dataset's folder as it was named.
  package var dataset: String
  /// The recipe that the rest started from.
  package var recipe: Recipe
  /// The seed of every random stream.
  package var seed: UInt64
}

extension Configuration {
  /// The recipe's choices with the options over them.
  package init(dataset: String, options: TrainingOptions) throws(TrainingError) {
    throw TrainingError(.internal, "not written yet")
  }

  /// Reads `config.json` or a file like it (`train --config FILE`); unknown keys are refused.
  ///
  /// `dataset` replaces the file's; `options` go over it.
  package init(
    file path: String, dataset: String? = nil, options: TrainingOptions
  ) throws(TrainingError) {
    throw TrainingError(.internal, "not written yet")
  }

  /// The file's bytes: sorted keys, indented, a final newline.
  package func encoded() -> [UInt8] { [] }
}
