import Compute
import FoundationEssentials
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

/// A picture made of coloured squares, and what may be done to it on the way into a file.
struct Pattern {
  /// Pictures of different numbers look different.
  var number: Int
  var width = 48
  var height = 40
  /// Factor of all values.
  var brightness = 1.0
  /// Parts cut off at each side.
  var crop = 0.0
  var isMirrored = false
  /// Whether the file has an opaque alpha channel, which changes no pixel.
  var hasAlpha = false
  /// Squares in each direction.
  var cells = 6

  /// The picture's file.
  var png: [UInt8] {
    var stream = RandomStream(seed: UInt64(number), purpose: .initialization)
    let colours = (0..<(3 * cells * cells)).map { _ in 30 + 180 * Double(stream.uniform()) }
    var raw: [UInt8] = []
    for y in 0..<height {
      raw.append(0)
      for x in 0..<width {
        let column = isMirrored ? width - 1 - x : x
        let across =
          (crop + (1 - 2 * crop) * (Double(column) + 0.5) / Double(width)) * Double(cells)
        let down = (crop + (1 - 2 * crop) * (Double(y) + 0.5) / Double(height)) * Double(cells)
        for channel in 0..<3 {
          let value = colours[3 * (Int(down) * cells + Int(across)) + channel]
          raw.append(UInt8(min(255, value * brightness)))
        }
        if hasAlpha { raw.append(255) }
      }
    }
    return ImageDataTests.png(
      width: width, height: height, depth: 8, colour: hasAlpha ? 6 : 2, raw: raw)
  }
}

extension TemporaryFolder {
  /// Three pictures of each of two classes to train on and two of each to test with, and nothing
  /// that a check has to say of them.
  static func cleanDataset() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (place, name) in ["train/cats", "train/dogs", "test/cats", "test/dogs"].enumerated() {
      for image in 0..<(place < 2 ? 3 : 2) {
        try folder.write("\(name)/\(image).png", Pattern(number: 10 * place + image).png)
      }
    }
    return folder
  }

  /// The result of checking the folder.
  func check(threads: Int = 2) throws -> CheckReport {
    let engine = try TestEngine.make(threads: threads)
    return try DatasetCheck.run(path, workers: engine.workers, kernels: engine.kernels)
  }

  /// Makes a folder or file whose name is not UTF-8 inside a folder of this one.
  func makeInvalidName(in folder: String, ending: String = "", isFolder: Bool) throws {
    let name = Array("\(path)/\(folder)/".utf8) + [0xFF, 0x41] + Array(ending.utf8) + [0]
    let status = name.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { name -> CInt in
        guard let base = name.baseAddress else { return -1 }
        if isFolder { return mkdir(base, 0o755) }
        let file = Glibc.open(base, O_CREAT | O_WRONLY, 0o644)
        return file < 0 ? -1 : close(file)
      }
    }
    try #require(status == 0)
  }
}
