import TestSupport

/// The tensors that Tests/Scripts/make_goldens.py wrote.
enum Goldens {
  /// One file of the folder Fixtures beside this one.
  static func load(_ name: String) throws -> Fixture {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try Fixture(path: "/\(folder)/Fixtures/\(name).golden")
  }
}
