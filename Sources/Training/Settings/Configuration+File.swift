internal import CNN
internal import Classifier
internal import FoundationEssentials
package import Primitives

extension Configuration {
  /// The maximum size of `config.json`, which contains the JSON of a network from a file, with its
  /// quotation marks escaped.
  private static let sizeLimit = 4 * architectureLimit
  private static let architectureLimit = 1 << 20
  /// The maximum depth of arrays and objects, including a network's nested blocks.
  static let depthLimit = 32

  /// Reads `config.json` or a similar file (`train --config FILE`); it must have every key and no
  /// other.
  ///
  /// `dataset` replaces the file's; `settings` override it.
  package init(
    file path: String, dataset: String? = nil, settings: Settings = Settings()
  ) throws(TrainingError) {
    try self.init(file: FilePlace(named: path), dataset: dataset, settings: settings)
  }

  /// Reads a file like the other initializer, at any path.
  package init(
    file place: FilePlace, dataset: String? = nil, settings: Settings = Settings()
  ) throws(TrainingError) {
    let bytes = try FileSystem.read(place, limit: Configuration.sizeLimit)
    self = try Configuration(bytes: bytes, name: place.path)
    if let dataset { self.dataset = dataset }
    try apply(settings)
  }

  /// Reads the bytes of a configuration; messages call it `name`.
  init(bytes: [UInt8], name: String) throws(TrainingError) {
    let tree: JSON
    do throws(JSONSyntaxError) {
      tree = try JSON.parse(bytes[...], depth: Configuration.depthLimit)
    } catch {
      throw TrainingError(.badData, "\(name) is no JSON: \(error)")
    }
    do {
      self = try JSONDecoder().decode(Configuration.self, from: Data(bytes))
    } catch {
      throw TrainingError(.badData, "\(name): \(JSONText.message(error))")
    }
    let known: JSON
    do throws(JSONSyntaxError) {
      known = try JSON.parse(encoded()[...], depth: Configuration.depthLimit)
    } catch {
      throw TrainingError(.internal, "a configuration that is no JSON: \(error)")
    }
    if let key = Configuration.unknownKey(in: tree, known: known, path: "") {
      throw TrainingError(.badData, "\(name): unknown key \(key)")
    }
  }

  /// The file's bytes: sorted keys, indented, a final newline.
  package func encoded() -> [UInt8] { Array(JSONText.indented(self).utf8) }

  /// Refuses a configuration that could not be read from `config.json` again.
  func checkReadable() throws(TrainingError) {
    let bytes = encoded()
    guard bytes.count <= Configuration.sizeLimit else {
      throw TrainingError(
        .badData, "\(RunFolder.configurationName) of this run could not be read again",
        found: "\(bytes.count) bytes", expected: "at most \(Configuration.sizeLimit)",
        advice: "a smaller network (--arch)")
    }
    _ = try Configuration(bytes: bytes, name: RunFolder.configurationName)
  }

  /// Reads what another process of this program has encoded.
  package init(decoding bytes: [UInt8]) throws(TrainingError) {
    do {
      self = try JSONText.value(Configuration.self, from: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw TrainingError(
        .badData, "the configuration of another process: \(JSONText.message(error))")
    }
  }

  /// Reads a network from a JSON file.
  static func architecture(file path: String) throws(TrainingError) -> Architecture {
    let bytes: [UInt8]
    do throws(TrainingError) {
      bytes = try FileSystem.read(path, limit: architectureLimit)
    } catch {
      guard error.kind == .missing else { throw error }
      throw TrainingError(
        .missing, "--arch \(path) is neither a preset nor a file",
        expected: Architecture.presetNames.joined(separator: ", ") + ", or a JSON file")
    }
    do throws(ModelError) {
      return try Architecture(bytes: bytes)
    } catch {
      throw TrainingError(.badData, "\(path): \(error)")
    }
  }

  /// The first key of `value` that is missing in `known`, which this program has written.
  private static func unknownKey(
    in value: JSON, known: JSON, path: String
  ) -> String? {
    if case .array(let elements) = value, case .array(let others) = known {
      for (index, (element, other)) in zip(elements, others).enumerated() {
        if let key = unknownKey(in: element, known: other, path: "\(path)[\(index)]") { return key }
      }
    }
    guard case .object(let members) = value, case .object(let others) = known else { return nil }
    for member in members {
      let name = path.isEmpty ? member.key : path + "." + member.key
      guard let other = others.first(where: { $0.key == member.key }) else { return name }
      if let key = unknownKey(in: member.value, known: other.value, path: name) { return key }
    }
    return nil
  }
}
