import Commands
import Foundation
import Testing

@Suite struct TransferTests {
  @Test func `A run starts from another run's weights and says what it took`() throws {
    let data = try TinyDataset()
    let source = try data.trained(out: "source")
    let words = [
      "train", data.path, "--recipe", "seed", "--epochs", "2", "-b", "8", "--val-split", "0.25",
      "--from", source, "--freeze", "backbone",
    ]
    let outcome = cnnctl(words + ["--out", data.folder.file("next")])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("from \(source) (cats, dogs): 4 of 4 tensors"))
    #expect(outcome.diagnostics.contains("the backbone stays as it is"))
    let events = try text(of: data.folder.file("next") + "/events.ndjson").split(separator: "\n")
    let from = try #require(object(String(events[0]))["from"] as? [String: Any])
    #expect(from["keeps_head"] as? Bool == true && from["views"] as? Int == 2)
    let again = cnnctl(
      "train", "--config", data.folder.file("next") + "/config.json", "--out",
      data.folder.file("again"))
    #expect(again.code == .done, "\(again.diagnostics)")
    let weights = "/weights/best.safetensors"
    #expect(
      try bytes(of: data.folder.file("next") + weights)
        == bytes(of: data.folder.file("again") + weights))
  }

  @Test func `What cannot be started from ends with the code of its kind`() throws {
    let data = try TinyDataset()
    let source = try data.trained(out: "source")
    let broken = data.folder.file("broken.safetensors")
    try write(Array("no model".utf8), to: broken)
    let cases: [([String], ExitCode, String)] = [
      (["--from", data.folder.file("nowhere")], .noInput, "does not exist"),
      (["--from", broken], .badData, "no model of cnnctl"),
      (["--from", data.path], .badData, "is no run"),
      (["--from", source, "--arch", "r18h"], .usage, "--arch r18h"),
      (["--from", source, "--size", "32"], .usage, "--size 32"),
      (["--freeze", "backbone"], .usage, "--from MODEL"),
      (["--from", source, "--backbone-lr", "0"], .usage, "--backbone-lr"),
    ]
    for (words, code, message) in cases {
      let out = data.folder.file("out")
      let outcome = cnnctl(["train", data.path, "--out", out] + words)
      #expect(outcome.code == code, "\(words)")
      #expect(outcome.diagnostics.contains(message), "\(outcome.diagnostics)")
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }
}
