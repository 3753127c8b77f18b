import Commands
import Foundation
import Testing

@Suite struct ExportTests {
  private let data: TinyDataset
  private let run: String

  init() throws {
    data = try TinyDataset()
    run = try data.trained()
  }

  private func export(_ words: String...) -> Outcome { cnnctl(["export", run] + words) }

  @Test(arguments: ["f32", "f16", "i8"])
  func `An exported model answers, says how it holds its weights, and has its run's figures`(
    dtype: String
  ) throws {
    let file = data.folder.file("model.safetensors")
    let outcome = export("--dtype", dtype, "-o", file, "--json")
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let said = try object(outcome.output)
    #expect(said["dtype"] as? String == dtype && said["file"] as? String == file)
    #expect(said["format"] as? String == "safetensors")
    #expect(said["file_bytes"] as? Int == (try bytes(of: file).count))
    let facts = try object(cnnctl("inspect", file, "--json").output)
    #expect(facts["dtype"] as? String == dtype)
    for key in ["weights_sha256", "file_bytes"] {
      #expect(facts[key] as? NSObject == said[key] as? NSObject)
    }
    let report = try object(text(of: run + "/test/report.json"))
    let card = try #require(facts["card"] as? [String: Any])
    for key in ["accuracy", "accuracy_low", "accuracy_high", "accuracy_plain"] {
      #expect(card[key] as? Double == report[key] as? Double, "\(key)")
    }
    #expect(card["test_images"] as? Int == 12 && card["test_data"] is NSNull)
    let rows = try predictions(of: file, "test_set")
    let answers = cnnctl(
      "predict", "-r", data.path + "/test_set", "--model", file, "--format", "csv")
    #expect(answers.code == .done)
    // path,true,pred,probability,p_cats,p_dogs against path,label,probability,p_cats,p_dogs,…
    #expect(rows.map { $0[2...] } == fields(answers.lines).map { $0[1...4] })
    if dtype == "f32" {
      #expect(try rows == predictions(of: run, "test_set"))
    }
  }

  private func fields(_ lines: [String]) -> [[Substring]] {
    lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }

  private func predictions(of model: String, _ folder: String) throws -> [[Substring]] {
    let out = data.folder.file("answers")
    let outcome = cnnctl("evaluate", data.path + "/" + folder, "--model", model, "--out", out)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    return fields(
      try text(of: out + "/predictions.csv").split(separator: "\n").map(String.init))
  }

  @Test(arguments: ["onnx", "coreml"])
  func `Other programs' forms are written once, in half the space in 16 bits, the same again`(
    format: String
  ) throws {
    func exported(_ name: String, _ words: String...) throws -> [UInt8] {
      let file = data.folder.file(name)
      let outcome = cnnctl(["export", run, "--format", format, "-o", file, "--json"] + words)
      #expect(outcome.code == .done, "\(outcome.diagnostics)")
      let said = try object(outcome.output)
      #expect(said["format"] as? String == format && said["file"] as? String == file)
      #expect(said["file_bytes"] as? Int == (try bytes(of: file).count))
      return try bytes(of: file)
    }
    let whole = try exported("whole")
    #expect(try exported("again") == whole)
    #expect(try exported("half", "--dtype", "f16").count < whole.count)
    // The tiny network has nothing to fold.
    #expect(try exported("folded", "--fold") == whole)
    if format == "onnx" { #expect(try exported("raw", "--raw").count < whole.count) }
    // Names of classes, in the metadata that every form holds.
    let text = String(decoding: whole, as: UTF8.self)
    #expect(text.contains(#"["cats","dogs"]"#) && text.contains("tool_version"))
    // It is not a form that this program reads, and it says so.
    let answer = cnnctl("inspect", data.folder.file("whole"))
    #expect(answer.code == .badData && answer.diagnostics.contains("is not a cnnctl model"))
  }

  @Test func `Weights in 16 bits give a smaller file than in 32, in 8 a smaller one yet`() throws {
    let sizes = try ["f32", "f16", "i8"].map { dtype in
      let file = data.folder.file(dtype)
      #expect(export("--dtype", dtype, "-o", file).code == .done)
      return try bytes(of: file).count
    }
    #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2])
    // Once more from the file: nothing is lost again.
    for dtype in ["f32", "f16", "i8"] {
      let again = data.folder.file("again-" + dtype)
      let file = data.folder.file(dtype)
      #expect(cnnctl("export", file, "--dtype", dtype, "-o", again).code == .done)
      #expect(try bytes(of: file).count == bytes(of: again).count)
      if dtype != "i8" { #expect(try bytes(of: file) == bytes(of: again)) }
    }
  }

  @Test func `The card's texts come from --card, its figures from --report, in text too`() throws {
    let card = data.folder.file("card.json")
    try write(
      Array(#"{"data": "twenty squares", "limits": "squares only", "licence": "MIT"}"#.utf8),
      to: card)
    let out = data.folder.file("answers")
    #expect(
      cnnctl(
        "evaluate", data.path + "/training_set", "--model", run, "--out", out
      ).code == .done)
    let file = data.folder.file("model.safetensors")
    let outcome = export("--card", card, "--report", out + "/report.json", "-o", file)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.lines.count == 1 && outcome.output.hasPrefix(file + ": "))
    let shown = cnnctl("inspect", file).output
    for line in ["card:", "  data: twenty squares", "  limits: squares only", "  licence: MIT"] {
      #expect(shown.contains(line + "\n"))
    }
    #expect(shown.contains("  test images: 20 images\n") && shown.contains("\ndtype: f32\n"))
    let answer = cnnctl("predict", data.path + "/test_set/cats/1000.png", "--model", file)
    #expect(answer.diagnostics.contains(" % on 20 images\n"), "\(answer.diagnostics)")
  }

  @Test func `A temperature divides the scores, and the labels stay`() throws {
    func exported(_ temperature: String) throws -> [[Substring]] {
      let file = data.folder.file("model-" + temperature)
      #expect(export("--temperature", temperature, "-o", file).code == .done)
      let facts = try object(cnnctl("inspect", file, "--json").output)
      #expect(facts["temperature"] as? Double == Double(temperature))
      return try predictions(of: file, "test_set")
    }
    // path,true,pred,probability,p_cats,p_dogs; mirrored views are averaged before the division.
    let (whole, half) = (try exported("1"), try exported("2"))
    #expect(whole.count == 12 && whole.map { $0[..<3] } == half.map { $0[..<3] })
    for (one, other) in zip(whole, half) {
      let (p, q) = try (#require(Double(one[5])), #require(Double(other[5])))
      #expect(abs(log(p / (1 - p)) - 2 * log(q / (1 - q))) < 1e-3, "\(p) \(q)")
    }
  }

  @Test func `Without test images the card says what the figures are of`() throws {
    let file = data.folder.file("model.safetensors")
    let untested = try TinyDataset(test: 0)
    let run = try untested.trained()
    withExtendedLifetime(untested) {
      #expect(cnnctl("export", run, "-o", file).code == .done)
    }
    let shown = cnnctl("inspect", file)
    #expect(
      shown.output.contains("  test data: validation images (there is no test set)\n"),
      "\(shown.diagnostics)")
  }

  @Test func `The name's ending decides the form`() throws {
    for (name, words, format) in [
      ("a.safetensors", [], "safetensors"), ("b.onnx", [], "onnx"), ("c.ONNX", [], "onnx"),
      ("d.mlmodel", [], "coreml"), ("e", [], "safetensors"), ("f-1.5", [], "safetensors"),
      ("g.onnx", ["--format", "onnx"], "onnx"), ("h", ["--format", "onnx"], "onnx"),
      ("i.dat", ["--format", "coreml"], "coreml"),
    ] as [(String, [String], String)] {
      let outcome = cnnctl(["export", run, "-o", data.folder.file(name), "--json"] + words)
      #expect(outcome.code == .done, "\(name): \(outcome.diagnostics)")
      #expect(try object(outcome.output)["format"] as? String == format, "\(name)")
      // A file of this program's own form begins with the header's length, and not as protobuf does.
      let isOwn = cnnctl("inspect", data.folder.file(name)).code == .done
      #expect(isOwn == (format == "safetensors"), "\(name)")
    }
  }

  @Test(arguments: [
    ("x.onnx --format safetensors", ".onnx", "--format safetensors"),
    ("x.safetensors --format onnx", ".safetensors", "--format onnx"),
    ("x.mlmodel --format onnx", ".mlmodel", "--format onnx"),
    ("x.h5", "cannot write a .h5 file", "-o FILE.onnx"),
    ("x.pb", "cannot write a .pb file", ".safetensors, .onnx, .mlmodel"),
    ("x.tflite --format onnx", "cannot write a .tflite file", ".safetensors, .onnx, .mlmodel"),
    ("x.pt", "cannot write a .pt file", "--names torch"),
    ("x.PTH", "cannot write a .pth file", "--names torch"),
    ("x.xyz", "cannot write a .xyz file", "--format"),
    ("x.zip", "cannot write a .zip file", "-o FILE.safetensors"),
    ("x.onnx --names torch", "x.onnx would be a .safetensors file", "ends in .safetensors"),
  ])
  func `An ending that contradicts the form, or that nobody writes, is a usage error`(
    words: String, problem: String, advice: String
  ) {
    let folder = data.folder.path + "/"
    let parts = words.split(separator: " ").map(String.init)
    let outcome = cnnctl(["export", run, "-o", folder + parts[0]] + parts.dropFirst())
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains(problem), "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains(advice), "\(outcome.diagnostics)")
    #expect(!FileManager.default.fileExists(atPath: folder + parts[0]))
  }

  @Test func `What cannot be exported ends with the code of its kind and writes nothing`() throws {
    let file = data.folder.file("model")
    let there = data.folder.file("there")
    try write(Array("keep".utf8), to: there)
    let odd = data.folder.file("odd.json")
    try write(Array(#"{"author": "me"}"#.utf8), to: odd)
    let cases: [([String], ExitCode, String)] = [
      (["export", run], .usage, "-o FILE is missing"),
      (["export", run, "-o", "-"], .usage, "not written to standard output"),
      (["export", run, "-o", file, "--format", "tflite"], .usage, "safetensors, onnx, coreml"),
      (
        ["export", run, "-o", file, "--fold"], .usage, "--fold has no meaning in the format safeten"
      ),
      (["export", run, "-o", file, "--raw"], .usage, "expected: --format onnx"),
      (["export", run, "-o", file, "--format", "coreml", "--raw"], .usage, "format coreml"),
      (["export", run, "-o", file, "--format", "onnx", "--dtype", "i8"], .usage, "f32 or f16"),
      (["export", run, "--format", "onnx"], .usage, "-o FILE is missing"),
      (["export", run, "--format", "onnx", "-o", there], .cannotCreate, "already exists"),
      (["export", there, "--format", "onnx", "-o", file], .badData, "is not a cnnctl model"),
      (["export", run, "-o", file, "--dtype", "bf16"], .usage, "expected: f32, f16, i8"),
      (["export", run, "-o", there], .cannotCreate, "already exists"),
      (["export", run, "-o", file + "/x"], .cannotCreate, "is not a folder"),
      (["export", data.folder.file("none"), "-o", file], .noInput, "does not exist"),
      (["export", run, "-o", file, "--card", "none.json"], .noInput, "none.json"),
      (["export", run, "-o", file, "--card", odd], .badData, "unknown key author"),
      (["export", run, "-o", file, "--report", odd], .badData, "not an evaluation report"),
      (["export", run, "-o", file, "--temperature", "0"], .usage, "from 0.01 to 100"),
      (["export", there, "-o", file], .badData, "is not a cnnctl model"),
    ]
    for (words, code, message) in cases {
      let outcome = cnnctl(words)
      #expect(outcome.code == code, "\(words)")
      #expect(outcome.diagnostics.contains(message), "\(outcome.diagnostics)")
      #expect(outcome.output == "")
      #expect(!FileManager.default.fileExists(atPath: file))
    }
    #expect(try text(of: there) == "keep")
  }
}
