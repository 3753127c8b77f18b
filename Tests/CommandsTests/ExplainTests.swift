import CNN
import Classifier
import Commands
import Drawing
import Foundation
import ImageData
import Primitives
import Report
import TestSupport
import Testing
import Training

@Suite struct ExplainTests {
  private let data: TinyDataset
  private let run: String
  private let cat: String
  private let dog: String
  private let bad: String

  init() throws { (data, run, cat, dog, bad) = try trainedPhotos() }

  private func picture(_ path: String) throws -> RGBImage {
    try ImageReader.decode(bytes: try bytes(of: path))
  }

  @Test func `One image becomes one picture beside what predict says of it`() throws {
    let file = data.folder.file("out.png")
    let outcome = cnnctl("explain", cat, "--model", run, "-o", file)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let predicted = cnnctl("predict", cat, "--model", run)
    #expect(outcome.lines == predicted.lines + ["picture: \(file)"])
    let both = try picture(file)
    // The photo and a map a method, side by side.
    let one = cnnctl("explain", cat, "--model", run, "-o", file, "--method", "gradcam")
    #expect(one.code == .done)
    let single = try picture(file)
    #expect(both.width > single.width && both.height == single.height)
    #expect(Set(both.pixels).count > 50)
  }

  @Test
  func `Without -o the name follows from the image and the method, and nothing is written over`()
    throws
  {
    let place = data.folder.file("here")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: place).sorted()
    }
    let first = try CommandsTests.run(["explain", cat, "--model", run], in: place)
    #expect(first.code == 0, "\(first.diagnostics)")
    #expect(first.output.hasSuffix("picture: 1000-explained.png\n"))
    let again = try CommandsTests.run(["explain", cat, "--model", run], in: place)
    #expect(again.code == 0 && again.output.hasSuffix("picture: 1000-explained-002.png\n"))
    let other = try CommandsTests.run(
      ["explain", cat, "--model", run, "--method", "occlusion"], in: place)
    #expect(other.code == 0)
    let folder = try CommandsTests.run(
      ["explain", "-r", data.path + "/test_set/", "--model", run], in: place)
    #expect(folder.output.hasSuffix("picture: test_set-gradcam.png (12 images)\n"))
    let list = try CommandsTests.run(["explain", cat, dog, "--model", run], in: place)
    #expect(list.output.hasSuffix("picture: images-gradcam.png (2 images)\n"))
    let found = try names()
    #expect(
      found == [
        "1000-explained-002.png", "1000-explained.png", "1000-occlusion.png",
        "images-gradcam.png", "test_set-gradcam.png",
      ])
  }

  @Test func `Sheets hold 24 pictures, and -o names the first`() throws {
    let file = data.folder.file("sheet.png")
    let words = [String](repeating: cat, count: 25)
    let outcome = cnnctl(["explain"] + words + ["--model", run, "-o", file])
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    let second = data.folder.file("sheet-002.png")
    #expect(
      outcome.lines.filter { $0.hasPrefix("picture: ") } == [
        "picture: \(file) (24 images)", "picture: \(second) (1 image)",
      ])
    #expect(try picture(file).height > 2 * picture(second).height)
    // The user named it: it is written over.
    #expect(cnnctl("explain", cat, dog, "--model", run, "-o", file).code == .done)
    let both = cnnctl(
      ["explain"] + words.dropLast(12) + ["--model", run, "-o", file, "--method", "both"])
    #expect(both.lines.contains("picture: \(file) (12 images)"))
  }

  @Test func `An image is never written over, whatever its name`() throws {
    let before = try bytes(of: cat)
    let link = data.folder.file("link.png")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: cat)
    for output in [cat, link] {
      for words in [[cat], ["-r", data.path + "/test_set"]] {
        let outcome = cnnctl(["explain"] + words + ["--model", run, "-o", output])
        #expect(outcome.code == .cannotCreate && outcome.output == "")
        #expect(outcome.diagnostics.contains("is not overwritten"))
      }
    }
    #expect(try bytes(of: cat) == before)
  }

  @Test func `A place that cannot be written is exit code 73, a name that is no PNG a usage error`()
  {
    for output in [bad + "/x.png", data.folder.file("no/such/x.png")] {
      let outcome = cnnctl("explain", cat, "--model", run, "-o", output)
      #expect(outcome.code == .cannotCreate && outcome.diagnostics.contains("cannot write"))
    }
    for output in ["x.jpg", "-", ".png"] {
      #expect(cnnctl("explain", cat, "--model", run, "-o", output).code == .usage)
    }
  }

  @Test func `A bad file is reported, the others go on, the exit code is 1`() throws {
    let file = data.folder.file("out.png")
    let outcome = cnnctl("explain", cat, bad, "missing.png", dog, "--model", run, "-o", file)
    #expect(outcome.code == .conditionFailed)
    #expect(outcome.lines.count == 5)
    #expect(outcome.lines[1].hasPrefix("\(bad): error: "))
    #expect(outcome.lines[4] == "picture: \(file) (2 images)")
    #expect(outcome.diagnostics.contains("error: 2 of 4 images could not be read"))
    let none = data.folder.file("none.png")
    let gone = cnnctl("explain", "gone.png", "--model", run, "-o", none)
    #expect(gone.code == .noInput && !FileManager.default.fileExists(atPath: none))
    let folder = cnnctl("explain", data.path, "--model", run, "-o", none)
    #expect(folder.code == .conditionFailed)
    #expect(folder.diagnostics.contains("try: cnnctl explain -r \(data.path)"))
  }

  @Test func `JSON is one object an image with the maps' numbers`() throws {
    let outcome = cnnctl(
      "explain", cat, bad, "--model", run, "--json", "--no-plots", "--method", "both")
    #expect(outcome.code == .conditionFailed && outcome.lines.count == 2)
    let record = try object(outcome.lines[0])
    let predicted = try object(cnnctl("predict", cat, "--model", run, "--json").output)
    for key in ["path", "label", "index", "probability", "model"] {
      #expect(record[key] as? NSObject == predicted[key] as? NSObject, "\(key)")
    }
    #expect(record["class"] as? NSObject == predicted["label"] as? NSObject)
    #expect(record["picture"] is NSNull && record["error"] is NSNull)
    let maps = try #require(record["maps"] as? [[String: Any]])
    #expect(maps.map { $0["method"] as? String } == ["gradcam", "occlusion"])
    for (map, side) in zip(maps, [14, 10]) {
      #expect(map["width"] as? Int == side && map["height"] as? Int == side)
      #expect((map["values"] as? [Double])?.count == side * side)
    }
    let failed = try object(outcome.lines[1])
    #expect(Set(failed.keys) == Set(record.keys))
    #expect(failed["maps"] is NSNull && failed["label"] is NSNull)
    #expect((failed["error"] as? [String: Any])?["code"] as? String == "notAnImage")
  }

  @Test func `--class explains another class, and an unknown one is a usage error`() throws {
    let records = try ["cats", "dogs"].map { name in
      try object(
        cnnctl(
          "explain", cat, "--model", run, "--json", "--no-plots", "--class", name,
          "--method", "occlusion"
        ).output)
    }
    #expect(records.map { $0["class"] as? String } == ["cats", "dogs"])
    #expect(records[0]["label"] as? String == records[1]["label"] as? String)
    let sum = records.compactMap { $0["class_probability"] as? Double }.reduce(0, +)
    #expect(abs(sum - 1) < 1e-9)
    let text = cnnctl(
      "explain", cat, "--model", run, "--no-plots", "--class",
      records[0]["label"] as? String == "cats" ? "dogs" : "cats")
    #expect(text.lines[0].contains(", explained: "))
    let unknown = cnnctl("explain", cat, "--model", run, "--class", "cat")
    #expect(unknown.code == .usage && unknown.diagnostics.contains("try: --class cats"))
  }

  @Test func `A network without a convolution is refused, with the method that works`() throws {
    let flat = data.folder.file("flat.json")
    try write(
      Array(
        """
        {"name": "flat", "input": {"height": 8, "width": 8}, "layers": [
         {"kind": "flatten"}, {"kind": "dense", "units": 1}]}
        """.utf8), to: flat)
    let trained = cnnctl(
      "train", data.path, "--recipe", "seed", "--arch", flat, "--epochs", "1", "--out",
      data.folder.file("flat"))
    try #require(trained.code == .done, "\(trained.diagnostics)")
    let words = ["explain", cat, "--model", data.folder.file("flat"), "--no-plots"]
    let refused = cnnctl(words)
    #expect(refused.code == .badData)
    #expect(refused.diagnostics.contains("expected: a convolution that gives a map"))
    #expect(refused.diagnostics.contains("try: --method occlusion"))
    #expect(cnnctl(words + ["--method", "occlusion"]).code == .done)
  }

  @Test func `A list from standard input fills sheets too`() throws {
    let sheet = data.folder.file("stdin.png")
    let listed = cnnctl(
      ["explain", "-", "--model", run, "-o", sheet], input: "\(cat)\n\(bad)\n\(dog)\n")
    #expect(listed.code == .conditionFailed)
    #expect(listed.lines.last == "picture: \(sheet) (2 images)")
  }

  @Test func `A report has a tile for every image that can be read`() throws {
    let model = try ClassifierModel(path: run + "/weights/best.safetensors")
    let explainer = try Explainer(model: model, engine: try TestEngine.make(), photoSide: 64)
    #expect(try explainer.tiles(of: [(cat, 0), (bad, 1), (dog, 0)]).count == 2)
    #expect(try explainer.tiles(of: []).isEmpty)
  }
}
