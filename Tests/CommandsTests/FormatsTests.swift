import Commands
import Foundation
import ImageData
import Testing

/// Files of all formats through the commands.
@Suite(
  .enabled(
    if: CodecLibrary.allCases.allSatisfy { $0.version(opens: true) != nil },
    "libwebp or libheif is not installed"))
struct FormatsTests {
  private static let pictures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "ImageDataTests/Fixtures/formats").path

  /// A dataset with some files of every format in each class and split.
  private func mixed() throws -> TinyDataset {
    let data = try TinyDataset(training: 6, test: 2)
    let names = [
      "bits24.bmp", "rle4.bmp", "noise.gif", "small.gif", "lossy.webp", "moving-small.webp",
      "full.heic", "smooth.heic", "full.avif", "grey.avif",
    ]
    for (index, name) in names.enumerated() {
      for split in ["training_set", "test_set"] {
        let kind = ["cats", "dogs"][index % 2]
        try write(
          bytes(of: "\(Self.pictures)/\(name)"), to: "\(data.path)/\(split)/\(kind)/\(name)")
      }
    }
    return data
  }

  @Test func `A folder of mixed formats trains, and the run names the libraries that decoded`()
    throws
  {
    let data = try mixed()
    let run = data.folder.file("run")
    let outcome = cnnctl(data.training("--no-plots", out: "run"))
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(!outcome.diagnostics.contains("ignored"))
    let record = try object(text(of: run + "/run.json"))
    #expect((record["skipped"] as? [Any])?.isEmpty == true)
    let versions = try #require(record["versions"] as? [String: String])
    for library in CodecLibrary.allCases {
      #expect(versions[library.rawValue] == library.version(opens: true))
    }
    let checked = try object(cnnctl("check", data.path, "--json").output)
    let kinds = try #require(checked["kinds"] as? [String: Int])
    #expect(kinds["webp"] == 4 && kinds["heic"] == 4 && kinds["avif"] == 4)
    #expect(kinds["bmp"] == 4 && kinds["gif"] == 4)
    let answers = cnnctl("predict", "-r", data.path, "--model", run)
    #expect(answers.code == .done && answers.lines.count == 2 * 8 + 20)
    #expect(cnnctl("verify", run).code == .done)
  }

  @Test func `All commands count their images alike, with each place of the cache`() throws {
    let data = try mixed()
    for cache in ["ram", "off"] {
      let outcome = cnnctl(data.training("--no-plots", "--cache", cache, out: "run-" + cache))
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
    }
    let digests = try ["ram", "off"].map { cache in
      let record = try object(text(of: data.folder.file("run-\(cache)/run.json")))
      return try #require(record["weights_sha256"] as? String)
    }
    #expect(Set(digests).count == 1)
  }
}
