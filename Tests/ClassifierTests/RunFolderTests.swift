import Classifier
import FoundationEssentials
import Glibc
import Primitives
import Synchronization
import TestSupport
import Testing

@Test("Runs get the next free number, and the link leads to the newest")
func numbering() throws {
  try withTemporaryFolder { folder in
    let home = folder + "/runs"
    for number in ["001", "002"] {
      let run = try RunFolder.create(out: nil, configuration: [1], home: home)
      #expect(run.path == "\(home)/train-\(number)")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: home + "/latest")
          == "train-\(number)")
    }
    try FileManager.default.createDirectory(
      atPath: home + "/train-1234", withIntermediateDirectories: true)
    let run = try RunFolder.create(out: nil, configuration: [1], home: home)
    #expect(run.path.hasSuffix("/train-1235"))
    #expect(try bytes(of: run.file("config.json")) == [1])
  }
}

@Test("Without a name the newest run that has weights is found, and which was passed over")
func newestWithWeights() throws {
  try withTemporaryFolder { folder in
    let home = folder + "/runs"
    let runs = try (0..<3).map { _ in
      try RunFolder.create(out: nil, configuration: [1], home: home)
    }
    func located() throws -> ModelLocation {
      try ClassifierModel.locate(nil, latest: home + "/latest", shelf: nil)
    }
    #expect(throws: TrainingError.self) { try located() }
    try runs[0].write("weights", to: RunFolder.bestName)
    #expect(try located().run == runs[0].path)
    try runs[1].write("weights", to: RunFolder.bestName)
    #expect(try located().run == runs[1].path)
    #expect(try located().passedOver == home + "/latest")
    try runs[2].write("weights", to: RunFolder.bestName)
    #expect(try located().run == home + "/latest")
    #expect(try located().passedOver == nil)
  }
}

@Test("Runs that begin at once get folders of their own")
func numberingRace() async throws {
  try await withThrowingTaskGroup(of: String.self) { group in
    let folder = "/tmp/cnnctl-tests-race-\(UInt64.random(in: 0...UInt64.max))"
    let home = folder + "/runs"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for _ in 0..<16 {
      group.addTask { try RunFolder.create(out: nil, configuration: [], home: home).path }
    }
    var paths: Set<String> = []
    for try await path in group { paths.insert(path) }
    #expect(paths.count == 16)
  }
}

@Test("A folder that holds a run is refused, and the way out named")
func folderTaken() throws {
  try withTemporaryFolder { folder in
    let out = folder + "/a/b"
    let run = try RunFolder.create(out: out + "/", configuration: [1])
    #expect(run.path == out)
    do throws(TrainingError) {
      _ = try RunFolder.create(out: out, configuration: [2])
      Issue.record("accepted")
    } catch {
      #expect(error.kind == .cannotCreate)
      #expect(error.advice?.contains("--resume=\(out)") == true)
    }
    #expect(try bytes(of: run.file("config.json")) == [1])
    #expect(try contents(of: out) == ["config.json", "test", "weights"])
  }
}

@Test("A folder below a file cannot be created")
func folderBelowFile() throws {
  try withTemporaryFolder { folder in
    try write([1], to: folder + "/file")
    do throws(TrainingError) {
      _ = try RunFolder.create(out: folder + "/file/run", configuration: [])
      Issue.record("created")
    } catch {
      #expect(error.kind == .cannotCreate)
      #expect(error.problem.contains(folder + "/file"))
    }
  }
}

@Test("A file is replaced as a whole, and nothing is left beside it")
func replacing() throws {
  try withTemporaryFolder { folder in
    let run = RunFolder(existing: folder)
    try run.write("first, longer\n", to: "a.txt")
    try run.write("second\n", to: "a.txt")
    #expect(try text(of: folder + "/a.txt") == "second\n")
    try run.append("third\n", to: "a.txt")
    #expect(try text(of: folder + "/a.txt") == "second\nthird\n")
    #expect(try contents(of: folder) == ["a.txt"])
    do throws(TrainingError) {
      try run.write("x", to: "no/a.txt")
      Issue.record("written")
    } catch {
      #expect(error.kind == .inputOutput)
      #expect(error.problem.contains("no/a.txt"))
    }
    // A folder of the file's name: the new bytes are not left lying about.
    try FileManager.default.createDirectory(
      atPath: folder + "/dir/x", withIntermediateDirectories: true)
    #expect(throws: TrainingError.self) { try run.write("x", to: "dir") }
    #expect(try contents(of: folder) == ["a.txt", "dir"])
  }
}

@Test("What a full disk says is the error")
func fullDisk() {
  do throws(TrainingError) {
    try OutputFile(open("/dev/full", O_WRONLY)).write(Array("text".utf8), sync: false)
    Issue.record("written")
  } catch {
    #expect(error.kind == .inputOutput)
    #expect(error.problem == "no space left on device")
  }
}
