import Commands
import Foundation
import ImageData
import Primitives
import Testing

/// The sheet of training images in a run's folder.
@Suite struct SampleSheetTests {
  private func sheet(_ run: String) throws -> [UInt8] {
    try FileBytes.read(run + "/plots/samples.png")
  }

  @Test func `It is a picture of eight images by three, and the seed's alone`() throws {
    let data = try TinyDataset()
    let first = try sheet(data.trained("--augment", "strong", out: "a", plots: true))
    #expect(
      try sheet(data.trained("--augment", "strong", "--threads", "1", out: "b", plots: true))
        == first)
    #expect(
      try sheet(data.trained("--augment", "strong", "--seed", "1", out: "c", plots: true)) != first)
    #expect(
      try sheet(data.trained("--augment", "strong", "--mixup", "0.4", out: "d", plots: true))
        != first)
    let image = try ImageReader.decode(bytes: first)
    // Images of 20 px, enlarged three times, and two epochs' of 16 px.
    #expect(image.width == 4 + 60 + 16 + 48 + 4 + 48 + 4)
    #expect(image.height == 4 + 8 * 64)
  }

  @Test func `Without changes every column but the first is the image at its size`() throws {
    let data = try TinyDataset()
    let image = try ImageReader.decode(bytes: sheet(data.trained("--augment", "none", plots: true)))
    // Kept at the network's 16 px: all columns are alike, four times enlarged.
    #expect(image.width == 4 + 64 + 16 + 64 + 4 + 64 + 4)
    func column(_ left: Int) -> [UInt8] {
      (0..<image.height).flatMap { (row: Int) -> ArraySlice<UInt8> in
        let start = 3 * (row * image.width + left)
        return image.pixels[start..<(start + 192)]
      }
    }
    #expect(column(4) == column(84) && column(84) == column(152))
    #expect(Set(column(4)).count > 10)
  }

  @Test func `It can be left out`() throws {
    let data = try TinyDataset()
    let run = try data.trained("--no-plots")
    #expect(!FileManager.default.fileExists(atPath: run + "/plots"))
  }

  @Test func `A run goes on without it where it cannot be written`() throws {
    let data = try TinyDataset()
    let run = data.folder.file("run")
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    // A file where the folder should be.
    try Data().write(to: URL(filePath: run + "/plots"))
    let outcome = cnnctl(data.training())
    // The report needs the folder, too.
    #expect(outcome.code == .io, "\(outcome.diagnostics)")
    #expect(outcome.output.contains("weights "))
    #expect(outcome.diagnostics.contains("warning: \(run)/plots/samples.png was not written"))
  }
}
