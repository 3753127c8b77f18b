import Commands
import Foundation
import Testing

/// What the system does not give: descriptors, room on the disk.
@Suite struct LimitTests {
  private func shell(_ script: String, _ words: [String], in folder: String) throws -> Ended {
    try run(["-c", script, builtProgram] + words, in: folder, program: "/bin/sh")
  }

  @Test func `Too few open files are refused by name, and are no bad images`() throws {
    let data = try TinyDataset()
    for words in [["check", data.path], ["predict", data.path + "/test_set/cats/1000.png"]] {
      let outcome = try shell("ulimit -n 5; exec \"$0\" \"$@\"", words, in: data.folder.path)
      #expect(outcome.code == 69, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("5 (ulimit -n)"))
    }
  }

  @Test func `Answers that do not fit on the disk leave no file that looks whole`() throws {
    let data = try TinyDataset()
    let path = data.folder.file("answers.json")
    let words = [
      "predict", "-r", data.path, "--model", "cats-dogs", "-o", path, "--format", "json",
    ]
    // A file may have 512 bytes; the signal of it is ignored, as a full disk has none.
    let outcome = try shell(
      "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", words, in: data.folder.path)
    #expect(outcome.code == 74, "\(outcome.diagnostics)")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `A report that cannot be written at the very end is an error, and the run is done`()
    throws
  {
    let data = try TinyDataset()
    let folder = data.folder.file("run")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write([1], to: folder + "/plots")
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .io, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("the report of"))
    #expect(outcome.diagnostics.contains("try: cnnctl report"))
    #expect(outcome.output.contains("weights "))
    let record = try object(text(of: folder + "/run.json"))
    #expect(record["status"] as? String == "done")
  }

  @Test func `The kernel's own folders are no datasets`() {
    let outcome = cnnctl("train", "/proc", "--recipe", "seed")
    #expect(outcome.code != .done && outcome.diagnostics.contains("a kernel file system"))
  }

  @Test func `Where the time went names what comes before the epochs and after them`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let record = try object(text(of: run + "/run.json"))
    let parts = try #require(record["part_seconds"] as? [String: Double])
    #expect(
      Set(parts.keys) == ["start", "reading images", "fitting the temperature", "test"]
        || Set(parts.keys) == ["start", "reading images", "test"])
    let total = try #require(record["seconds"] as? Double)
    #expect(parts.values.allSatisfy { $0 >= 0 } && parts.values.reduce(0, +) <= total)
    let page = try text(of: run + "/report.html")
    #expect(["start", "reading images"].allSatisfy { page.contains(">\($0)<") })
  }

  /// Runs a program of the system; false where it fails.
  private func system(_ words: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test func `A full disk is told with what is there and needed, and a refused run leaves nothing`()
    throws
  {
    let data = try TinyDataset()
    let run = try data.trained()
    let disk = data.folder.file("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    // Only the superuser may mount.
    guard system("mount", "-t", "tmpfs", "-o", "size=256k", "cnnctl", disk) else { return }
    defer { _ = system("umount", disk) }
    for out in ["disk/run", "disk/new/run"] {
      let refused = cnnctl(data.training(out: out))
      #expect(refused.code == .unavailable, "\(refused.diagnostics)")
      #expect(refused.diagnostics.contains("found: 0 MB free\nexpected: "))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk).isEmpty)
    try write([UInt8](repeating: 1, count: 256 << 10), to: disk + "/fill")
    let exported = cnnctl("export", run, "-o", disk + "/m.safetensors")
    #expect(exported.code == .io)
    let told = #/no space left on device\nfound: .* free\nexpected: .* for the file/#
    #expect(exported.diagnostics.contains(told), "\(exported.diagnostics)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["fill"])
  }
}
