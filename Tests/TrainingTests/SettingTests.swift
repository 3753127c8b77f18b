import CNN
import Foundation
import ImageData
import Primitives
import TestSupport
import Testing
import Training

/// A value's leaves: its text by its path.
private func leaves(_ value: Any, _ path: String = "") -> [String: String] {
  if let list = value as? [Any] {
    let elements = list.map { leaves($0).sorted { $0.key < $1.key }.map { "\($0)" } }
    return [path: "\(elements)"]
  }
  guard let object = value as? [String: Any] else { return [path: "\(value)"] }
  return object.reduce(into: [:]) { all, member in
    let name = path.isEmpty ? member.key : path + "." + member.key
    all.merge(leaves(member.value, name)) { $1 }
  }
}

private func leaves(_ configuration: Configuration) throws -> [String: String] {
  leaves(try JSONSerialization.jsonObject(with: Data(configuration.encoded())))
}

@Suite struct SettingTests {
  /// What of a configuration is no setting: the dataset is an operand, and a plan changes while a run
  /// is made.
  static let exceptions: Set = ["dataset", "training.changes"]

  /// A configuration in which every value is there that may be absent.
  private func full() throws -> Configuration {
    var configuration = try Configuration(dataset: "d", settings: Settings())
    (configuration.data.folds, configuration.data.fold) = (5, 1)
    configuration.network.dropout = 0.5
    configuration.network.layers = "[]"
    configuration.transfer.from = "a"
    configuration.transfer.sha256 = "b"
    configuration.training.onNaN = .stop
    configuration.training.syncBN = true
    configuration.training.changes = [PlanChange(step: 1, epochs: 2, reason: .request)]
    return configuration
  }

  @Test func `Every field of a configuration has a row, but for those that are no settings`() throws
  {
    let standard = try full()
    let all = Set(try leaves(standard).keys)
    var reached: Set<String> = []
    for row in Setting.all {
      for other in row.others(than: standard) {
        reached.formUnion(
          try leaves(other).filter { try leaves(standard)[$0.key] != $0.value }.keys)
      }
    }
    #expect(all.subtracting(reached).subtracting(Self.exceptions).sorted() == [])
    #expect(Self.exceptions.isSubset(of: all))
    #expect(Self.exceptions.isDisjoint(with: reached))
  }

  @Test func `A row reaches one field, or a group by one name`() throws {
    let standard = try full()
    for row in Setting.all {
      let changed = Set(
        try row.others(than: standard).flatMap { other in
          try leaves(other).filter { try leaves(standard)[$0.key] != $0.value }.keys
        })
      #expect(!changed.isEmpty, "\(row.description.name) reaches nothing")
      let groups = Set(changed.map { $0.split(separator: ".").prefix(2).joined(separator: ".") })
      #expect(groups.count == 1 || row.description.name == "augment", "\(row.description.name)")
    }
  }

  @Test func `A row of a file alone has the name of its key`() throws {
    let standard = try full()
    for row in Setting.all where row.isInFileAlone {
      let changed = try row.others(than: standard).flatMap { other in
        try leaves(other).filter { try leaves(standard)[$0.key] != $0.value }.keys
      }
      #expect(changed.allSatisfy { ($0 + ".").hasPrefix(row.description.name + ".") })
    }
  }

  @Test func `Names are unique, and every option says what it does`() {
    let names = Setting.all.flatMap { [$0.description.name] + $0.description.also }
    #expect(Set(names).count == names.count)
    for row in Setting.options { #expect(!row.description.help.isEmpty) }
  }

  @Test func `A name that no setting has is refused`() {
    var settings = Settings()
    settings.given["epoch"] = .text("3")
    #expect(throws: TrainingError.self) { try Configuration(dataset: "d", settings: settings) }
  }
}

extension Setting {
  /// Configurations in which this value alone is another one.
  fileprivate func others(than standard: Configuration) -> [Configuration] {
    func all<Value>(_ type: Value.Type, _ values: [Value]) -> [Configuration] {
      guard let path = path as? WritableKeyPath<Configuration, Value> else { return [] }
      return values.map { value in
        var configuration = standard
        configuration[keyPath: path] = value
        return configuration
      }
    }
    func words<Word: CaseIterable>(_: Word.Type) -> [Configuration] {
      all(Word.self, Array(Word.allCases)) + all(Word?.self, Array(Word.allCases))
    }
    return all(Double.self, [0.123]) + all(Double?.self, [0.123]) + all(Int.self, [11])
      + all(Int?.self, [11])
      + all(UInt64.self, [11]) + all(String.self, ["x"]) + all(String?.self, ["x"])
      + all(Bool.self, [true, false]) + all(Bool?.self, [true, false])
      + all(Interval.self, [Interval(0.2, 0.3)])
      + all(
        Augmentation.self, [Augmentation.strong, .none, .seed])
      + words(Recipe.self) + words(ClassWeights.self) + words(ResizeMode.self)
      + words(ResizeFilter.self) + words(ExifPolicy.self) + words(Normalization.self)
      + words(BadImagePolicy.self) + words(SplitRule.self) + words(Freeze.self)
      + words(NearDuplicatePolicy.self)
      + words(OptimizerKind.self) + words(ScheduleKind.self) + words(Monitor.self)
      + words(Keep.self) + words(NonFinitePolicy.self) + words(FlipMode.self)
      + words(BorderFill.self)
  }
}
