import Commands
import Foundation
import Testing

/// Every kind of bad input gets a message in CLI.md's shape and its exit code.
@Suite struct BadInputTests {
  private func expect(
    _ outcome: Outcome, _ code: ExitCode, _ parts: String...,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.code == code, "\(outcome.diagnostics)", sourceLocation: location)
    #expect(outcome.output == "", sourceLocation: location)
    let lines = outcome.diagnostics.split(separator: "\n")
    guard let first = lines.firstIndex(where: { $0.hasPrefix("error: ") }) else {
      Issue.record("no error line in: \(outcome.diagnostics)", sourceLocation: location)
      return
    }
    #expect(lines[first...].count <= 4, "\(outcome.diagnostics)", sourceLocation: location)
    for part in parts {
      #expect(
        outcome.diagnostics.contains(part), "\(part) in: \(outcome.diagnostics)",
        sourceLocation: location)
    }
  }

  @Test func `No folder`() throws {
    let folder = try TemporaryFolder()
    let missing = folder.file("missing")
    expect(cnnctl("train", missing, "--out", folder.file("run")), .noInput, missing)
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
  }

  @Test func `A file instead of a folder`() throws {
    let folder = try TemporaryFolder()
    try write([1, 2, 3], to: folder.file("file"))
    expect(
      cnnctl("train", folder.file("file"), "--out", folder.file("run")), .badData, "not a folder")
  }

  @Test func `An empty folder`() throws {
    let folder = try TemporaryFolder()
    expect(
      cnnctl("train", folder.path, "--out", folder.file("run")), .badData, folder.path,
      "expected: DATASET/{train,val,test}/<class>/*.jpg|png")
  }

  @Test func `One class's folder leads to the folder around it`() throws {
    let data = try TinyDataset(test: 0)
    expect(
      cnnctl("train", data.path + "/cats/", "--out", data.folder.file("run")), .badData,
      "holds no class folders", "10 files and no folder; the folder around it holds cats, dogs\n",
      "try: cnnctl train \(data.path)\n")
    // Something else lies beside them.
    try FileManager.default.createDirectory(
      atPath: data.path + "/notes", withIntermediateDirectories: true)
    let outcome = cnnctl("train", data.path + "/cats", "--out", data.folder.file("run"))
    #expect(outcome.code == .badData && !outcome.diagnostics.contains("try: cnnctl train"))
  }

  @Test func `A class without images is told what would be one`() throws {
    let data = try TinyDataset(test: 0)
    try FileManager.default.createDirectory(
      atPath: data.path + "/eels", withIntermediateDirectories: true)
    expect(
      cnnctl("train", data.path, "--out", data.folder.file("run")), .badData,
      "a class without images: eels",
      "add images, or remove the folder; JPEG, PNG, WebP, HEIC, AVIF, BMP and GIF are read\n")
  }

  @Test func `A folder that cannot be made is told why, and by what option to name another`()
    throws
  {
    let data = try TinyDataset()
    // The kernel lets nobody make a folder there.
    for (words, option) in [(data.training(), "--out"), (["manual"], "--into")] {
      let words = words.filter { $0 != "--out" && $0 != data.folder.file("run") }
      let outcome = cnnctl(words + [option, "/sys/cnnctl-tests"])
      #expect(outcome.code == .cannotCreate, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("error: cannot create the folder /sys/cnnctl-tests"))
      #expect(!outcome.diagnostics.contains("no such file"))
      #expect(outcome.diagnostics.contains("try: \(option) with a folder that can be created"))
    }
  }

  @Test func `One class`() throws {
    let data = try TinyDataset(classes: ["cats"])
    expect(
      cnnctl(data.training()), .badData,
      "holds 1 class folder, at least 2 are needed: cats", "found: ", "cats (10 images)",
      "expected: ")
  }

  @Test func `A class missing in the test set has support 0`() throws {
    let data = try TinyDataset()
    try FileManager.default.removeItem(atPath: data.path + "/test_set/dogs")
    let run = try data.trained()
    let report = try object(text(of: run + "/test/report.json"))
    let classes = try #require(report["classes"] as? [String: [String: Any]])
    #expect(classes["dogs"]?["support"] as? Int == 0)
    #expect(classes["cats"]?["support"] as? Int == 6)
    let outcome = cnnctl("evaluate", data.path, "--model", run)
    #expect(outcome.code == .done)
  }

  @Test func `An unknown class in the test set`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    try FileManager.default.moveItem(
      atPath: data.path + "/test_set/dogs", toPath: data.path + "/test_set/wolves")
    expect(cnnctl(data.training(out: "second")), .badData, "wolves", "cats, dogs")
    expect(cnnctl("evaluate", data.path, "--model", run), .badData, "wolves", "cats, dogs")
  }

  @Test func `A text file named .jpg is named and left out, or stops a run that says so`() throws {
    let data = try TinyDataset()
    let bad = data.path + "/training_set/cats/notes.jpg"
    try write(Array("not a picture".utf8), to: bad)
    let skipping = cnnctl(data.training(out: "first"))
    #expect(skipping.code == .done)
    #expect(skipping.diagnostics.contains("notes.jpg"))
    expect(cnnctl(data.training("--on-bad-image", "fail", out: "second")), .badData, "notes.jpg")
  }

  @Test func `Too many bad images stop a run`() throws {
    let data = try TinyDataset()
    for number in 0..<6 {
      try write([0xFF, 0xD8], to: data.path + "/training_set/cats/bad\(number).jpg")
    }
    expect(cnnctl(data.training(out: "first")), .badData, "bad0.jpg")
    #expect(cnnctl(data.training("--max-bad", "50", out: "second")).code == .done)
  }

  @Test func `Nothing that can be decoded`() throws {
    let folder = try TemporaryFolder()
    for name in ["cats", "dogs"] {
      for number in 0..<4 {
        try write([0xFF, 0xD8], to: folder.file("photos/training_set/\(name)/\(number).jpg"))
      }
    }
    let outcome = cnnctl(
      "train", folder.file("photos"), "--max-bad", "100", "--out", folder.file("run"))
    expect(outcome, .badData, "8 of 8 images cannot be read", "expected: at least one image")
    #expect(!outcome.diagnostics.contains("or --max-bad"), "no such option helps")
  }

  @Test func `A truncated photo`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let path = data.folder.file("short.jpg")
    try write(fixture("photo.jpg").dropLast(200), to: path)
    let outcome = cnnctl("predict", path, "--model", run, "--json")
    #expect(outcome.code == .conditionFailed)
    let error = try #require(object(outcome.output)["error"] as? [String: Any])
    #expect(error["code"] as? String == "truncated")
    #expect(outcome.diagnostics.contains("found: \(path): "))
  }

  @Test func `Grey, CMYK and 16-bit photos are answered`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    var paths: [String] = []
    for name in ["photo.jpg", "grey.jpg", "cmyk.jpg"] {
      try write(fixture(name), to: data.folder.file(name))
      paths.append(data.folder.file(name))
    }
    let samples = (0..<2 * 3 * 10 * 10).map { UInt8($0 % 251) }
    paths += [data.folder.file("16.png"), data.folder.file("grey.png")]
    try write(
      pngFile(width: 10, height: 10, channels: 3, depth: 16, samples: samples), to: paths[3])
    try write(
      pngFile(width: 10, height: 10, channels: 1, samples: Array(samples.prefix(100))),
      to: paths[4])
    let outcome = cnnctl(["predict", "--model", run] + paths)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.lines.count == 5)
  }

  @Test func `A folder named x.jpg`() throws {
    let data = try TinyDataset()
    let folder = data.path + "/training_set/cats/x.jpg"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("x.jpg"))
    let answer = cnnctl("predict", folder, "--model", data.folder.file("run"), "--json")
    #expect(answer.code == .conditionFailed)
    let error = try #require(object(answer.output)["error"] as? [String: Any])
    #expect(error["code"] as? String == "notAFile")
  }

  @Test func `A model of another network, a damaged one and none at all`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    let photo = data.path + "/test_set/cats/1000.png"
    // A model of three classes does not know this dataset's folders as its own.
    let other = try TinyDataset(classes: ["ants", "bees"])
    let otherRun = try other.trained()
    expect(cnnctl("evaluate", data.path, "--model", otherRun), .badData, "cats", "ants, bees")

    var weights = try bytes(of: run + "/weights/best.safetensors")
    let damaged = data.folder.file("damaged.safetensors")
    weights[weights.count / 2] ^= 1
    try write(weights, to: damaged)
    expect(cnnctl("predict", photo, "--model", damaged), .badData, damaged)
    expect(cnnctl("inspect", damaged), .badData, damaged)
    try write(Array(weights.prefix(100)), to: damaged)
    expect(cnnctl("predict", photo, "--model", damaged), .badData, damaged)
    expect(cnnctl("predict", photo, "--model", photo), .badData, photo)
    let missing = data.folder.file("missing")
    expect(cnnctl("predict", photo, "--model", missing), .noInput, missing)
    expect(cnnctl("evaluate", data.path, "--model", data.path), .badData, data.path)
  }

  @Test func `An output folder below a regular file`() throws {
    let data = try TinyDataset()
    let file = data.folder.file("file")
    try write([1], to: file)
    expect(cnnctl(data.training(out: "file/run")), .cannotCreate, file + "/run")
    let run = try data.trained()
    let outcome = cnnctl("evaluate", "--model", run, "--out", file + "/answers")
    #expect(outcome.code == .cannotCreate)
    #expect(outcome.diagnostics.contains("error: cannot create the folder \(file)/answers"))
  }

  @Test func `An output folder that holds a run`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    expect(cnnctl(data.training()), .cannotCreate, run, "already holds a run")
  }

  @Test func `Options that mean nothing here`() throws {
    let data = try TinyDataset()
    expect(cnnctl(data.training("--arch", "missing.json")), .noInput, "missing.json", "r18h")
    try write(Array("{\"layers\": 3}".utf8), to: data.folder.file("bad.json"))
    expect(cnnctl(data.training("--arch", data.folder.file("bad.json"))), .badData, "bad.json")
    expect(
      cnnctl(data.training(), variables: ["CNNCTL_ISA": "mmx"]), .usage, "CNNCTL_ISA: 'mmx'",
      "expected: baseline")
    expect(
      cnnctl("train", "--config", data.folder.file("none.json")), .noInput, "none.json")
    #if arch(x86_64)
      expect(cnnctl(data.training("--isa", "neon")), .usage, "neon is not supported here")
    #endif
  }

  @Test func `A dataset of a run that is no longer there`() throws {
    let data = try TinyDataset()
    let run = try data.trained()
    try FileManager.default.removeItem(atPath: data.path)
    expect(cnnctl("evaluate", "--model", run), .noInput, data.path)
    // The weights alone know of no dataset.
    let alone = data.folder.file("alone.safetensors")
    try FileManager.default.copyItem(atPath: run + "/weights/best.safetensors", toPath: alone)
    expect(cnnctl("evaluate", "--model", alone), .usage, "DATASET")
  }
}
