import Commands
import Foundation
import Testing

/// Outputs never take the place of what a command reads, and never lie in a dataset.
@Suite struct OutputGuardTests {
  /// Photos outside of any dataset, and a run.
  private func photos() throws -> (data: TinyDataset, run: String, photos: [String]) {
    let data = try TinyDataset()
    let photos = try (0..<3).map { number in
      let path = data.folder.file("own/\(number).png")
      try write(tinyPicture(red: 190, green: 90, blue: 60, number: number), to: path)
      return path
    }
    return (data, try data.trained(), photos)
  }

  @Test func `Answers are not written over what predict reads, whatever it is called`() throws {
    let (data, run, photos) = try photos()
    let (soft, hard) = (data.folder.file("soft.csv"), data.folder.file("hard.csv"))
    try FileManager.default.createSymbolicLink(atPath: soft, withDestinationPath: photos[0])
    try FileManager.default.linkItem(atPath: photos[0], toPath: hard)
    let weights = run + "/weights/best.safetensors"
    let broken = data.folder.file("broken.bmp")
    try write([1, 2, 3], to: broken)
    let cases: [(output: String, words: [String])] = [
      (photos[0], photos), (photos[0], Array(photos.dropFirst())), (soft, photos), (hard, photos),
      (photos[1], ["-r", data.folder.file("own")]), (broken, [broken]),
      (weights, photos), (photos[2], ["-"]),
    ]
    for (output, words) in cases {
      let before = try bytes(of: output)
      let outcome = cnnctl(
        ["predict", "--model", run, "-o", output] + words, input: photos.joined(separator: "\n"))
      #expect(outcome.code == .cannotCreate, "\(output) \(words): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("is not overwritten"))
      #expect(try bytes(of: output) == before, "\(output) \(words)")
    }
    // The list on standard input is a file that is read, too.
    let list = data.folder.file("list.txt")
    try write(Array(photos.joined(separator: "\n").utf8), to: list)
    let before = try bytes(of: list)
    let shell = "exec '\(builtProgram)' predict - --model '\(run)' -o list.txt < list.txt"
    let ended = try CommandsTests.run(
      ["-c", shell], in: data.folder.path, program: "/bin/sh")
    #expect(ended.code == ExitCode.cannotCreate.rawValue, "\(ended.diagnostics)")
    #expect(try bytes(of: list) == before)
  }

  @Test func `Answers may lie beside photos, over older answers, and in no picture's place`() throws
  {
    let (data, run, photos) = try photos()
    let own = data.folder.file("own")
    for _ in 0..<2 {
      let outcome = cnnctl(
        "predict", "--model", run, "-r", own, "--format", "csv", "-o", own + "/answers.csv")
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      #expect(try text(of: own + "/answers.csv").split(separator: "\n").count == 1 + photos.count)
    }
    let outcome = cnnctl("predict", "--model", run, "-r", own, "-o", own + "/new.png")
    #expect(outcome.code == .usage && !isThere(own + "/new.png"), "\(outcome.diagnostics)")
  }

  @Test func `No file is written into a split's folder, whether or not its images are read`() throws
  {
    let (data, run, photos) = try photos()
    defer { withExtendedLifetime(data) {} }
    let inside = data.path + "/training_set/cats/"
    for words in [
      ["explain", photos[0], "--model", run, "-o", inside + "new.png"],
      ["inspect", run, "-o", inside + "new.png"],
      ["predict", photos[0], "--model", run, "-o", inside + "new.csv"],
    ] {
      let outcome = cnnctl(words)
      #expect(outcome.code == .cannotCreate, "\(words): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("lies in the dataset"))
      #expect(!isThere(words.last ?? ""))
    }
  }

  @Test func `Nothing takes the place of a run's own files, or of another run's report`() throws {
    let (data, run, photos) = try photos()
    let other = try TinyDataset()
    // Their folders go with them.
    defer { withExtendedLifetime((data, other)) {} }
    let second = try other.trained("--seed", "5")
    for (file, words) in [
      ("config.json", ["predict", photos[0], "--model", run, "-o", run + "/config.json"]),
      ("metrics.csv", ["predict", photos[0], "--model", run, "-o", run + "/metrics.csv"]),
      ("test/predictions.csv", ["compare", run, second, other.path, "--out", run + "/test"]),
      ("config.json", ["report", second, "--out", run]),
    ] {
      let before = try bytes(of: run + "/" + file)
      let outcome = cnnctl(words)
      #expect(outcome.code == .cannotCreate, "\(words): \(outcome.diagnostics)")
      #expect(try bytes(of: run + "/" + file) == before)
    }
    #expect(cnnctl("report", run, "--out", run).code == .done)
    // A file of another name may lie in a run's folder.
    let outcome = cnnctl("predict", photos[0], "--model", run, "-o", run + "/mine.csv")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
  }

  @Test func `Pictures are drawn over this program's own, not over photos`() throws {
    let (data, run, photos) = try photos()
    let file = data.folder.file("where.png")
    for _ in 0..<2 {
      let outcome = cnnctl("explain", photos[0], "--model", run, "-o", file)
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
    }
    let before = try bytes(of: photos[0])
    for words in [
      ["explain", "--model", run, "-o", photos[0], photos[1], photos[2]],
      ["explain", "--model", run, "-o", photos[0], photos[0]],
      ["inspect", run, "-o", photos[0]],
    ] {
      let outcome = cnnctl(words)
      #expect(outcome.code == .cannotCreate, "\(words): \(outcome.diagnostics)")
      #expect(try bytes(of: photos[0]) == before, "\(words)")
    }
    let inside = data.folder.file("own/where.png")
    let outcome = cnnctl("explain", "--model", run, "-r", data.folder.file("own"), "-o", inside)
    #expect(outcome.code == .usage && !isThere(inside), "\(outcome.diagnostics)")
  }

  @Test func `No command puts anything into the dataset that it reads`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let files = FileManager.default
    // A class whose folder lies elsewhere is a part of the dataset, and so is the dataset by another name.
    let elsewhere = data.folder.file("elsewhere")
    try files.moveItem(atPath: data.path + "/training_set/dogs", toPath: elsewhere)
    try files.createSymbolicLink(
      atPath: data.path + "/training_set/dogs", withDestinationPath: elsewhere)
    let link = data.folder.file("link")
    try files.createSymbolicLink(atPath: link, withDestinationPath: data.path)
    let before = try files.subpathsOfDirectory(atPath: data.path)
    for place in [data.path, data.path + "/test_set/new/run", link + "/run", elsewhere + "/run"] {
      for words in [
        ["train", data.path, "--out", place],
        ["evaluate", data.path, "--model", run, "--out", place],
        ["evaluate", "--model", run, "--out", place],
        ["compare", run, "cats-dogs", data.path, "--out", place],
        ["report", run, "--out", place],
      ] {
        let outcome = cnnctl(words)
        #expect(outcome.code == .usage, "\(words): \(outcome.diagnostics)")
        #expect(outcome.diagnostics.contains("lies in the dataset"), "\(outcome.diagnostics)")
      }
    }
    let verified = cnnctl("verify", run, variables: ["TMPDIR": data.path])
    #expect(verified.code == .usage, "\(verified.diagnostics)")
    // A run's own folder may be what is read: RUN/test is here.
    try files.createSymbolicLink(atPath: data.folder.file("test"), withDestinationPath: data.path)
    let outcome = cnnctl("train", data.folder.file("test"), "--out", data.folder.path)
    #expect(outcome.code == .usage, "\(outcome.diagnostics)")
    #expect(try files.subpathsOfDirectory(atPath: data.path) == before)
  }

  @Test func `Training in the dataset's own folder makes no run there, and says what does`() throws
  {
    let data = try TinyDataset()
    let files = FileManager.default
    let before = try files.subpathsOfDirectory(atPath: data.path)
    for folder in [data.path, data.path + "/training_set/cats"] {
      let ended = try CommandsTests.run(["train", data.path], in: folder)
      #expect(ended.code == ExitCode.usage.rawValue, "\(ended.diagnostics)")
      let advice = ended.diagnostics.split(separator: "\n").first { $0.hasPrefix("try: ") }
      #expect(advice?.contains("--out \(data.path)-run") == true, "\(ended.diagnostics)")
      #expect(advice?.contains("cd \(data.folder.path) && cnnctl train photos") == true)
    }
    #expect(try files.subpathsOfDirectory(atPath: data.path) == before)
    // The command as it was said, but for what shortens it.
    let words = Array(data.training("--no-plots").dropFirst(2).dropLast(3))
    let ended = try CommandsTests.run(
      ["train", "."] + words + ["--no-plots", "--out", data.path + "-run"], in: data.path)
    #expect(ended.code == 0, "\(ended.diagnostics)")
    #expect(try files.subpathsOfDirectory(atPath: data.path) == before)
  }
}
