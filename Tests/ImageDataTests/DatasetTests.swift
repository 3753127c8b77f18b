import Compute
import Glibc
import ImageData
import Testing

/// The error that opening a folder gives.
private func openingError(_ path: String, classes: [String]? = nil) -> DatasetError? {
  do throws(DatasetError) {
    _ = try Dataset.open(path, classes: classes)
    return nil
  } catch {
    return error
  }
}

@Suite struct DatasetTests {
  /// cats and dogs, with `images` pictures each, below every given folder.
  private func makeDataset(_ folders: [String], images: Int = 3) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (place, name) in folders.enumerated() {
      for (label, offset) in [("cats", 0), ("dogs", 1)] {
        for image in 0..<images {
          try folder.write(
            "\(name)/\(label)/\(image).png", tinyPNG(1000 * place + 2 * image + offset))
        }
      }
    }
    return folder
  }

  @Test("Every folder name of CLI.md means its split")
  func aliases() throws {
    for training in ["train", "training", "training_set", "Train"] {
      for validation in ["val", "valid", "validation", "validation_set", "dev"] {
        for test in ["test", "test_set", "testing", "TEST-data"] {
          let folder = try makeDataset([training, validation, test], images: 1)
          let dataset = try Dataset.open(folder.path)
          #expect(dataset.classes == ["cats", "dogs"])
          #expect(!dataset.isUnsplit)
          for split in Split.allCases { #expect(dataset.splits[split]?.count == 2) }
          #expect(dataset.splits[.test]?.first?.relativePath == "\(test)/cats/0.png")
        }
      }
    }
  }

  @Test("Class folders alone are training pictures, or what the caller takes them for")
  func classFoldersAlone() throws {
    let folder = try makeDataset(["."])
    let dataset = try Dataset.open(folder.path + "/")
    #expect(dataset.isUnsplit)
    #expect(dataset.counts(.train) == [3, 3])
    #expect(dataset.splits[.test] == nil)
    #expect(dataset.splits[.train]?.first?.relativePath == "cats/0.png")
    let evaluated = try Dataset.open(folder.path, classes: ["cats", "dogs"], unsplit: .test)
    #expect(evaluated.counts(.test) == [3, 3])
    #expect(evaluated.splits[.train] == nil)
  }

  @Test("A class may bear the name of a split")
  func classNamedTrain() throws {
    let folder = try TemporaryFolder()
    for name in ["car", "plane", "train"] { try folder.write("\(name)/1.png", tinyPNG(1)) }
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.isUnsplit)
    #expect(dataset.classes == ["car", "plane", "train"])
  }

  @Test("Classes and pictures come in byte order, whatever the file system says")
  func order() throws {
    let folder = try TemporaryFolder()
    for name in ["b", "a", "Z", "é", "a-b"] {
      for file in ["10.png", "9.png", "A.PNG", "b.Jpg"] {
        try folder.write("\(name)/\(file)", tinyPNG(1))
      }
    }
    let dataset = try Dataset.open(folder.path)
    #expect(
      dataset.classes.map { Array($0.utf8) }
        == ["Z", "a", "a-b", "b", "é"].map { Array($0.utf8) })
    let first = dataset.splits[.train]?.prefix(4).map(\.relativePath)
    #expect(first == ["Z/10.png", "Z/9.png", "Z/A.PNG", "Z/b.Jpg"])
    #expect(dataset.counts(.train) == [4, 4, 4, 4, 4])
  }

  @Test("Dot entries and other files are ignored and counted, folders below are entered")
  func counting() throws {
    let folder = try makeDataset(["train"])
    try folder.write("train/.DS_Store", [0])
    try folder.write(".hidden/cats/1.png", tinyPNG(1))
    try folder.write("train/cats/.thumb.jpg", [0])
    try folder.write("README.md", [0])
    try folder.write("train/dogs/labels.txt", [0])
    try folder.write("train/dogs/noending", [0])
    try folder.write("train/dogs/more/7.jpeg", tinyPNG(7))
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.hiddenCount == 3)
    #expect(dataset.ignoredCount == 3)
    #expect(dataset.counts(.train) == [3, 4])
  }

  @Test("Links are followed, and a link to a folder around it is refused")
  func links() throws {
    let folder = try makeDataset(["train", "elsewhere"])
    try folder.link("train/rats", to: "../elsewhere/cats")
    try folder.link("train/cats/linked.png", to: "../dogs/0.png")
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.classes == ["cats", "dogs", "rats"])
    #expect(dataset.counts(.train) == [4, 3, 3])
    try folder.link("train/dogs/again", to: "../../train")
    let error = openingError(folder.path)
    #expect(error == .linkLoop(path: "\(folder.path)/train/dogs/again"))
  }

  @Test("Classes elsewhere are matched by name: missing ones are no error, unknown ones are")
  func matching() throws {
    let folder = try makeDataset(["train"])
    try folder.write("test/dogs/1.png", tinyPNG(1))
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.counts(.test) == [0, 1])
    try folder.write("test/horses/1.png", tinyPNG(1))
    let error = openingError(folder.path)
    #expect(
      error
        == .unknownClasses(
          path: "\(folder.path)/test", unknown: ["horses"], classes: ["cats", "dogs"]))
    let text = error?.description ?? ""
    #expect(text.contains("horses") && text.contains("cats, dogs"))
  }

  @Test("What is no dataset is named, with its kind of exit code")
  func errors() throws {
    let folder = try TemporaryFolder()
    let missing = openingError("\(folder.path)/none")
    #expect(missing == .missing(path: "\(folder.path)/none"))
    #expect(missing?.kind == .missing)
    #expect(openingError(folder.path) == .noClasses(path: folder.path, files: 0, step: nil))
    let file = try folder.write("file.png", tinyPNG(1))
    #expect(openingError(file) == .notAFolder(path: file))
    #expect(openingError(folder.path) == .noClasses(path: folder.path, files: 1, step: nil))
    try folder.write("training_set/cats/1.png", tinyPNG(1))
    let path = "\(folder.path)/training_set"
    #expect(
      openingError(folder.path)
        == .tooFewClasses(
          dataset: folder.path, path: path, classes: ["cats"], images: [1]))
    #expect(
      openingError(folder.path)?.description == """
        \(path) holds 1 class folder, at least 2 are needed: cats
        found: \(path)/cats (1 image)
        expected: DATASET/{train,val,test}/<class>/*.jpg|png, or DATASET/<class>/*.jpg|png
        try: cnnctl check \(folder.path)
        """)
    try folder.makeFolder("training_set/dogs")
    #expect(
      openingError(folder.path)
        == .emptyClasses(path: path, classes: ["dogs"], passedOver: [PassedOver()]))
    try folder.write("train/cats/1.png", tinyPNG(1))
    #expect(
      openingError(folder.path)
        == .severalFolders(
          path: folder.path, split: .train, names: ["train", "training_set"], others: []))
    let other = try makeDataset(["test"])
    #expect(
      openingError(other.path)
        == .noTrainingFolder(path: other.path, found: ["test"], classes: []))
    #expect(openingError(other.path, classes: ["cats", "dogs"]) == nil)
    for error in [missing, openingError(folder.path), openingError(other.path)] {
      let lines = (error?.description ?? "").split(separator: "\n").count
      #expect((1...4).contains(lines))
    }
  }

  @Test("Names that could steer a terminal never reach it")
  func hostileNames() throws {
    let folder = try makeDataset(["train"])
    try folder.write("train/\u{1B}]0;owned\u{7}/1.png", tinyPNG(1))
    let error = openingError(folder.path)
    #expect(error?.kind == .badData)
    let text = error?.description ?? "\u{1B}"
    #expect(!text.utf8.contains(0x1B) && !text.utf8.contains(7))
  }
}
