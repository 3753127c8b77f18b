import Classifier
import Foundation
import Primitives
import TestSupport
import Testing

/// Each opening by itself, without the look at the whole folder that commands begin with.
@Suite struct FilePlaceTests {
  /// A run's folder whose `test` and `a.txt` lead out of it.
  private func withLinks(_ body: (RunFolder, _ outside: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let (path, outside) = (folder + "/run", folder + "/outside")
      for name in [path, outside] {
        try FileManager.default.createDirectory(
          atPath: name, withIntermediateDirectories: true)
      }
      try TestSupport.write([1, 2, 3], to: outside + "/a.txt")
      try FileManager.default.createSymbolicLink(
        atPath: path + "/test", withDestinationPath: outside)
      try FileManager.default.createSymbolicLink(
        atPath: path + "/a.txt", withDestinationPath: outside + "/a.txt")
      try body(RunFolder(existing: path), outside)
    }
  }

  @Test func `A link is refused by name in whatever way it would be followed`() throws {
    try withLinks { run, outside in
      let ways: [(String, () throws -> Void)] = [
        ("a.txt", { try run.append("x", to: "a.txt") }),
        ("a.txt", { _ = try run.place("a.txt").bytes(limit: 100) }),
        ("test", { try run.append("x", to: "test/a.txt") }),
        ("test", { try run.write("x", to: "test/a.txt") }),
        ("test", { try run.write("x", to: "test/new.txt") }),
        ("test", { try run.createFolder("test") }),
        ("test", { try run.createFolder("test/inner") }),
        ("test", { _ = try run.place("test/a.txt").bytes(limit: 100) }),
      ]
      for (name, way) in ways {
        let error = refusal(way)
        #expect(error?.kind == .badData)
        #expect(error?.problem.contains(run.file(name) + " is a link") == true, "\(error as Any)")
      }
      run.remove("test/a.txt")
      #expect(try bytes(of: outside + "/a.txt") == [1, 2, 3])
      #expect(try contents(of: outside) == ["a.txt"])
      // A file that takes a link's name takes its place.
      try run.write("new", to: "a.txt")
      #expect(try bytes(of: outside + "/a.txt") == [1, 2, 3])
      #expect(try text(of: run.file("a.txt")) == "new")
    }
  }

  @Test func `Only a regular file of one name is added to`() throws {
    try withLinks { run, outside in
      try FileManager.default.linkItem(
        atPath: outside + "/a.txt", toPath: run.file("second.txt"))
      #expect(mkfifo(run.file("pipe.txt"), 0o600) == 0)
      for (name, says) in [
        ("second.txt", "has another hard link"), ("pipe.txt", "is not a regular file"),
      ] {
        let error = refusal { try run.append("x", to: name) }
        #expect(error?.kind == .badData && error?.problem.contains(says) == true, "\(name)")
      }
      #expect(refusal { try RunFolder(existing: "/dev").append("x", to: "null") }?.kind == .badData)
      #expect(try bytes(of: outside + "/a.txt") == [1, 2, 3])
    }
  }
}
