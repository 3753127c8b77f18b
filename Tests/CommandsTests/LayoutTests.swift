import Commands
import Foundation
import Primitives
import Testing

/// A layout of folders, and what becomes of it.
struct LayoutCase: Sendable, CustomTestStringConvertible {
  var name: String
  /// Files, with the class of each; the rest of the name decides nothing.
  var files: [String]
  /// The classes once everything that is proposed has been done; nil where nothing is to be done by
  /// a command.
  var classes: [String]
  /// Training and test images then.
  var counts: [String: Int]
  /// How many commands have to be typed.
  var steps: Int
  /// Other files with their text.
  var texts: [String: String] = [:]
  var testDescription: String { name }

  init(
    _ name: String, _ files: [String], _ classes: [String], _ counts: [String: Int],
    steps: Int = 0, texts: [String: String] = [:]
  ) {
    self.name = name
    self.files = files
    self.classes = classes
    self.counts = counts
    self.steps = steps
    self.texts = texts
  }
}

/// `count` names below each of the folders.
private func images(_ count: Int, _ folders: String...) -> [String] {
  folders.flatMap { folder in (0..<count).map { "\(folder)/\($0).png" } }
}

private let layouts: [LayoutCase] = [
  LayoutCase(
    "capitals", images(3, "Training/cats", "Training/dogs", "Testing/cats", "Testing/dogs"),
    ["cats", "dogs"], ["train": 6, "test": 6]),
  LayoutCase(
    "a prefix and doubled folders",
    images(3, "seg_train/seg_train/cats", "seg_train/seg_train/dogs")
      + images(2, "seg_test/seg_test/cats", "seg_test/seg_test/dogs")
      + images(4, "seg_pred/seg_pred"),
    ["cats", "dogs"], ["train": 6, "test": 4]),
  LayoutCase(
    "images inside the splits' folders",
    images(3, "train/images/cats", "train/images/dogs", "val/images/cats"),
    ["cats", "dogs"], ["train": 6, "val": 3]),
  LayoutCase(
    "the vehicle", images(3, "bus", "car", "train"), ["bus", "car", "train"], ["train": 9]),
  LayoutCase("two words", images(3, "valid", "invalid"), ["invalid", "valid"], ["train": 6]),
  LayoutCase(
    "trains of two kinds", images(3, "freight_train", "bullet_train"),
    ["bullet_train", "freight_train"], ["train": 6]),
  LayoutCase(
    "the vehicle in splits", images(3, "train/train", "train/car", "test/train", "test/car"),
    ["car", "train"], ["train": 6, "test": 6]),
  LayoutCase(
    "class folders beside a test folder", images(3, "cats", "dogs", "test/cats", "test/dogs"),
    ["cats", "dogs"], ["train": 6, "test": 6], steps: 1),
  LayoutCase(
    "names that begin with the class",
    ["cat.0.png", "cat.1.png", "cat (2).png", "dog_0.png", "dog-1.png", "0001_dog3.png"]
      .map { "train/" + $0 },
    ["cat", "dog"], ["train": 6], steps: 1),
  LayoutCase(
    "names that begin with the class, and signs of the shell",
    ["it's a $cat", "dog;rm", "ünder"].flatMap { ["\($0) 1.png", "\($0) 2.png"] },
    ["dog;rm", "it's a $cat", "ünder"], ["train": 6], steps: 1),
  LayoutCase(
    "folders around", images(3, "photos/my animals/cats", "photos/my animals/dogs"),
    ["cats", "dogs"], ["train": 6], steps: 1),
  LayoutCase(
    "splits in the classes", images(3, "cats/Train", "cats/test", "my dogs/Train", "my dogs/test"),
    ["cats", "my dogs"], ["train": 6, "test": 6], steps: 1),
  LayoutCase(
    "a split for each class",
    images(3, "cats_train", "cats_test", "dogs_train", "dogs_test"), ["cats", "dogs"],
    ["train": 6, "test": 6], steps: 1),
  LayoutCase(
    "two training folders", images(3, "Training/a", "Training/b", "train/a", "train/b"),
    ["a", "b"], ["train": 6], steps: 1),
  LayoutCase(
    "an evaluation folder", images(3, "train/a", "train/b", "eval/a", "eval/b"), ["a", "b"],
    ["train": 6, "test": 6], steps: 1),
  LayoutCase(
    "another spelling", images(3, "train/Cats", "train/dogs", "test/cats", "test/Dogs"),
    ["Cats", "dogs"], ["train": 6, "test": 6], steps: 1),
  LayoutCase(
    "a table beside the images", images(6, "images"), ["cat", "the dog"], ["train": 6], steps: 1,
    texts: [
      "labels.csv":
        "id,split,label\r\n"
        + (0..<6).map { "\($0),train,\($0 < 4 ? "\"cat\"" : "the dog")\r\n" }.joined()
    ]),
  LayoutCase(
    "a table without a heading", images(6, "train"), ["a", "b"], ["train": 6], steps: 1,
    texts: ["train.tsv": (0..<6).map { "\($0).png\t\($0 < 3 ? "a" : "b")\n" }.joined()]),
]

/// Layouts of datasets as they are met: what is taken, what is refused, and the way out.
@Suite struct LayoutTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("my photos") }

  init() throws { folder = try TemporaryFolder() }

  private func make(_ layout: LayoutCase) throws {
    for (number, file) in layout.files.enumerated() {
      try write(
        tinyPicture(red: UInt8(number * 9), green: 90, blue: 60, number: number),
        to: "\(path)/\(file)")
    }
    for (name, text) in layout.texts { try write(Array(text.utf8), to: "\(path)/\(name)") }
  }

  /// Runs a line in a shell where `cnnctl` only notes its last word, and gives that.
  private func shell(_ line: String) throws -> String? {
    let stub = folder.file("bin/cnnctl")
    let note = folder.file("note")
    try write(Array("#!/bin/sh\nprintf %s \"$2\" > '\(note)'\n".utf8), to: stub)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stub)
    try? FileManager.default.removeItem(atPath: note)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = [
      "PATH": folder.file("bin") + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8",
      "HOME": folder.file("home"),
    ]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(line)")
    return try? text(of: note)
  }

  /// The errors of a check's layout, and the dataset's images by split.
  private func check(_ dataset: String) throws -> (errors: [String], json: [String: Any]) {
    let json = try object(cnnctl("check", dataset, "--json").output)
    let errors = (json["errors"] as? [[String: Any]]) ?? []
    return (errors.compactMap { $0["message"] as? String }.filter { $0.contains("; try: ") }, json)
  }

  private func train(_ dataset: String, out: String) -> Outcome {
    cnnctl(
      "train", dataset, "--recipe", "seed-bn", "--size", "16", "--epochs", "1", "--val-split",
      "0", "--no-plots", "--threads", "1", "--json", "--out", folder.file(out))
  }

  @Test(
    "check and train find the same, and what they propose leads to a dataset", arguments: layouts)
  func followed(layout: LayoutCase) throws {
    try make(layout)
    var dataset = path
    var steps = 0
    while steps < 4 {
      let errors = try check(dataset).errors
      guard let error = errors.first else { break }
      // Training says the same, and proposes the same.
      let outcome = train(dataset, out: "refused")
      #expect(outcome.code == .badData)
      let parts = error.components(separatedBy: "; try: ")
      let command = parts.dropFirst().joined(separator: "; try: ")
      let lines = outcome.diagnostics.split(separator: "\n")
      #expect(
        lines.contains { $0.hasPrefix("error: ") && $0.contains(parts[0]) },
        "\(outcome.diagnostics)")
      #expect(
        lines.contains("try: " + command.replacing("cnnctl check ", with: "cnnctl train ")),
        "\(command)\n\(outcome.diagnostics)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("refused")))
      dataset = try shell(command) ?? dataset
      steps += 1
    }
    #expect(steps == layout.steps)

    let found = try check(dataset).json
    #expect(found["classes"] as? [String] == layout.classes)
    var counts: [String: Int] = [:]
    for split in (found["splits"] as? [[String: Any]]) ?? [] {
      let classes = split["per_class"] as? [String: Int] ?? [:]
      counts[split["split"] as? String ?? "", default: 0] += classes.values.reduce(0, +)
    }
    #expect(counts == layout.counts)

    let outcome = train(dataset, out: "run")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let event = try #require(outcome.lines.first { $0.contains("\"event\":\"dataset\"") })
    let trained = try object(event)
    #expect(trained["classes"] as? [String] == layout.classes)
    var images: [String: Int] = [:]
    for split in (trained["splits"] as? [[String: Any]]) ?? [] {
      images[split["split"] as? String ?? ""] = split["images"] as? Int
    }
    #expect(images.filter { $0.key != "val" || counts["val"] != nil } == layout.counts)
    // Every note of the layout is a warning of training.
    for note in (found["notes"] as? [[String: Any]]) ?? [] {
      let kind = note["kind"] as? String ?? ""
      guard ["other-folder", "split-name", "unlabelled", "skipped-folder"].contains(kind) else {
        continue
      }
      let message = note["message"] as? String ?? "-"
      let warnings = outcome.lines.filter { $0.contains("\"warning\"") }
      #expect(warnings.contains { $0.contains(message) }, "\(message)")
    }
  }

  @Test func `Files, addresses and a quoted ~ are refused with what to type`() throws {
    try make(LayoutCase("", images(3, "cats", "dogs"), [], [:]))
    let archive = "photos-\(UUID().uuidString)"
    _ = try shell("tar -czf '\(archive).tar.gz' -C 'my photos' cats dogs")
    let refused = cnnctl("train", folder.file("\(archive).tar.gz"))
    #expect(refused.code == .badData && refused.diagnostics.contains("found: an archive\n"))
    let command = try #require(
      refused.diagnostics.split(separator: "\n").first { $0.hasPrefix("try: ") })
    #expect(try shell(String(command.dropFirst(5))) == archive)
    #expect(cnnctl("check", folder.file(archive)).code == .done)

    // In a folder where no class folder is.
    try write(bytes(of: folder.file("\(archive).tar.gz")), to: folder.file("down load/a.tgz"))
    let inside = cnnctl("train", folder.file("down load"))
    let unpacking = try #require(
      inside.diagnostics.split(separator: "\n").first { $0.hasPrefix("try: ") })
    _ = try shell(String(unpacking.dropFirst(5)))
    #expect(cnnctl("check", folder.file("down load")).code == .done)

    for (words, advice) in [
      (["train", "photos.zip"], "does not exist"),
      (["train", path + "/cats/0.png"], "try: cnnctl predict '\(path)/cats/0.png'"),
      (["evaluate", "~/photos"], "try: cnnctl evaluate ~/photos"),
      (["check", "~/my photos"], "try: cnnctl check ~/'my photos'"),
      (
        ["train", "https://example.org/a/pets.zip?x=1"],
        "try: curl -fL -o pets.zip 'https://example.org/a/pets.zip?x=1' && "
          + "unzip -q pets.zip -d pets && cnnctl train pets"
      ),
    ] {
      let outcome = cnnctl(words)
      #expect(outcome.diagnostics.contains(advice), "\(outcome.diagnostics)")
    }
  }

  @Test func `Runs in the dataset are no class, wherever they lie`() throws {
    let data = try TinyDataset(test: 0)
    _ = try data.trained(out: "run")
    try FileManager.default.createDirectory(
      atPath: data.path + "/runs", withIntermediateDirectories: true)
    for place in ["runs/train-001", "cats/mine"] {
      try FileManager.default.copyItem(
        atPath: data.folder.file("run"), toPath: "\(data.path)/\(place)")
    }
    // A picture of a report is no photo of a cat.
    try write(
      tinyPicture(red: 1, green: 2, blue: 3, number: 99),
      to: data.path + "/runs/train-001/plots/loss.png")
    try write(
      tinyPicture(red: 1, green: 2, blue: 4, number: 98), to: data.path + "/cats/mine/plots/a.png")
    let again = cnnctl(data.training("--no-plots", out: "second"))
    #expect(again.code == .done, "\(again.diagnostics)")
    #expect(try text(of: data.folder.file("second/classes.txt")) == "cats\ndogs\n")
    #expect(again.diagnostics.contains("warning: cats/mine: a run of this program"))
    #expect(again.diagnostics.contains("warning: runs: a run of this program"))
    let check = cnnctl("check", data.path)
    #expect(check.output.hasPrefix("\(data.path): 20 images"))
    #expect(check.output.contains("skipped-folder (2)"))
  }

  @Test func `An image beside the class folders is said to lie in none`() throws {
    let data = try TinyDataset()
    try write(
      tinyPicture(red: 1, green: 2, blue: 3, number: 99), to: data.path + "/training_set/a.png")
    let check = cnnctl("check", data.path)
    #expect(check.output.contains("training_set/a.png: not in a class folder"))
    #expect(!check.output.contains("whose name does not say so"))
  }

  @Test func `A run of version 0.1.0 holds out what it held out then`() throws {
    let data = try TinyDataset(training: 40, test: 0)
    _ = try data.trained(out: "new")
    // Its configuration knew of no rule.
    let configuration = try text(of: data.folder.file("new/config.json"))
    let lines = configuration.split(separator: "\n", omittingEmptySubsequences: false)
    let key = try #require(lines.firstIndex { $0.contains("\"splitRule\"") })
    var kept = lines
    kept.remove(at: key)
    let earlier = kept.joined(separator: "\n").replacing(/,\n(\s*})/) { "\n" + $0.output.1 }
    try write(Array(earlier.utf8), to: data.folder.file("old.json"))
    let outcome = cnnctl(
      "train", "--config", data.folder.file("old.json"), "--no-plots", "--threads", "2", "--out",
      data.folder.file("old"))
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    func validated(_ run: String) throws -> Set<String> {
      let evaluated = cnnctl(
        "evaluate", "--model", data.folder.file(run), "--split", "val", "--no-plots")
      #expect(evaluated.code == .done, "\(evaluated.diagnostics)")
      let rows = try text(of: data.folder.file("\(run)/val/predictions.csv"))
        .split(separator: "\n").dropFirst()
      return Set(rows.map { String($0.split(separator: ",")[0]) })
    }
    // Each image by the first eight bytes of its digest, whatever the others are.
    var expected: Set<String> = []
    for name in ["cats", "dogs"] {
      for number in 0..<40 {
        let path = "\(data.path)/\(name)/\(number).png"
        let first = SHA256.digest(try bytes(of: path)).prefix(8).reduce(UInt64(0)) {
          $0 << 8 | UInt64($1)
        }
        if Double(first >> 11) / 9_007_199_254_740_992 < 0.25 { expected.insert(path) }
      }
    }
    #expect(expected.count != 20)
    #expect(try validated("old") == expected)
    let new = try validated("new")
    #expect(new.count == 20 && new.count { $0.contains("/cats/") } == 10)
    // Nor does going on with the run change what it holds out.
    let old = data.folder.file("old")
    let resumed = cnnctl("train", "--resume=\(old)", "--epochs", "3", "--no-plots")
    #expect(resumed.code == .done, "\(resumed.diagnostics)")
    #expect(try validated("old") == expected)
  }
}
