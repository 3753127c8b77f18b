import Commands
import Foundation
import Testing

/// A folder with photos of two or three classes, a network small enough for a test, and what is
/// trained on them.
final class TinyDataset {
  let folder: TemporaryFolder
  /// The dataset's folder.
  var path: String { folder.file("photos") }
  var network: String { folder.file("tiny.json") }

  private static let colours: [String: (UInt8, UInt8, UInt8)] = [
    "cats": (190, 90, 60), "dogs": (60, 90, 190), "eels": (60, 190, 60),
  ]

  /// `training` and `test` images of each class; without test images class folders stand alone.
  init(classes: [String] = ["cats", "dogs"], training: Int = 10, test: Int = 6) throws {
    folder = try TemporaryFolder()
    for name in classes {
      for number in 0..<training {
        try add(name, number, to: test == 0 ? "" : "training_set/")
      }
      for number in 0..<test { try add(name, 1000 + number, to: "test_set/") }
    }
    let layers = """
      {"name": "tiny", "input": {"height": 16, "width": 16}, "layers": [
       {"kind": "conv2D", "filters": 4}, {"kind": "relu"}, {"kind": "maxPool2D"},
       {"kind": "flatten"}, {"kind": "dense", "units": \(classes.count == 2 ? 1 : classes.count)}]}
      """
    try write(Array(layers.utf8), to: network)
  }

  private func add(_ name: String, _ number: Int, to split: String) throws {
    let colour = Self.colours[name] ?? (100, 100, 100)
    try write(
      tinyPicture(red: colour.0, green: colour.1, blue: colour.2, number: number),
      to: "\(path)/\(split)\(name)/\(number).png")
  }

  /// The words of a training run of two epochs into `out`.
  func training(_ words: String..., out: String = "run") -> [String] {
    [
      "train", path, "--recipe", "seed", "--arch", network, "--epochs", "2", "-b", "8",
      "--val-split", "0.25", "--threads", "2", "--out", folder.file(out),
    ] + words
  }

  /// Trains and gives the run folder's path; pictures and page take longer than the training.
  func trained(_ words: String..., out: String = "run", plots: Bool = false) throws -> String {
    let outcome = cnnctl(training(out: out) + words + (plots ? [] : ["--no-plots"]))
    try #require(outcome.code == .done, "\(outcome.diagnostics)")
    return folder.file(out)
  }
}

/// Photos, a run trained on them, two of its test images and a file that is no picture.
func trainedPhotos() throws -> (
  data: TinyDataset, run: String, cat: String, dog: String, bad: String
) {
  let data = try TinyDataset()
  let bad = data.folder.file("bad.jpg")
  try write(Array("no picture at all".utf8), to: bad)
  return (
    data, try data.trained(), data.path + "/test_set/cats/1000.png",
    data.path + "/test_set/dogs/1001.png", bad
  )
}

/// The text of a file.
func text(of path: String) throws -> String {
  try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
}

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// The object that a line of JSON holds.
func object(_ line: String) throws -> [String: Any] {
  try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
}
