import Classifier
import Drawing
import Foundation
import Primitives
import Report
import Testing
import Training

/// Epochs as a run's metrics.csv has them, given its rows.
func recordedEpochs(_ rows: [String]) throws -> [RunReport.Epoch] {
  let folder = FileManager.default.temporaryDirectory.path + "/cnnctl-epochs-\(UUID())"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let header = "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second"
  try Data(([header] + rows).map { $0 + "\n" }.joined().utf8)
    .write(to: URL(filePath: folder + "/metrics.csv"))
  let epochs = MetricsRow.all(of: RunFolder(existing: folder))
  try #require(epochs.count == rows.count)
  return epochs
}

/// A report with everything in it.
func fullReport(classes: Int, images: Int = 300) throws -> RunReport {
  let names = classNames(classes)
  let data = answers(classes: classes, images: images)
  func tile(_ verdict: Verdict) -> Tile {
    Tile(
      picture: RGBImage(
        width: 8, height: 6, pixels: [UInt8](repeating: 120, count: 144)), caption: names,
      verdict: verdict)
  }
  let predictions = zip(data.truths, data.probabilities).map {
    Prediction(path: "a.jpg", trueIndex: $0, probabilities: $1)
  }
  var report = RunReport(title: "Run <1> & \"more\"")
  report.subtitle = names[min(2, classes - 1)]
  report.epochs = try recordedEpochs(
    (1...20).map { epoch in
      let x = Double(epoch)
      let row = [
        1 / x, 1 - 0.5 / x, 1.1 / x + 0.01 * x, 0.95 - 0.4 / x, 0.001 * (1 - x / 20), 1, 1,
      ]
      return ([String(epoch)] + row.map { "\($0)" }).joined(separator: ",")
    })
  report.bestEpoch = 14
  report.evaluated = RecordedAnswers(
    classes: names, evaluation: Evaluation(predictions: predictions, classes: names),
    predictions: predictions)
  report.evaluatedName = "test images"
  report.worstMistakes = [tile(.wrong), tile(.wrong)]
  report.leastSure = [tile(.right), tile(.wrong)]
  report.examples = [tile(.right)]
  report.explanations = [tile(.wrong)]
  report.samples = tile(.unknown).picture
  let splits = [("train", 1000), ("test", 10)].map { split, count in
    let counts = [Int](repeating: count, count: classes)
    return
      #"{"split":"\#(split)","origin":"a/b","images":\#(count * classes),"per_class":\#(counts)}"#
  }
  let dataset = """
    {"path": "a/b", "classes": \(JSONText.line(names)), "splits": [\(splits.joined(separator: ","))],
     "hidden": 0, "skipped": [], "fingerprint": "1"}
    """
  report.dataset = try JSONText.value(DatasetSummary.self, from: dataset)
  report.findings = [
    (true, "one picture in two classes", names),
    (false, "duplicates", (0..<50).map { "train/\($0).jpg" }),
  ]
  report.network = NetworkDiagram(
    nodes: (0..<30).map { NetworkDiagram.Node(name: "layer \($0)", outputShape: "3 × 3 × 4") },
    shortcuts: [NetworkDiagram.Shortcut(from: 1, to: 4)])
  report.networkFacts = [("weights", "2.8 million")]
  report.settings = [("training", names.map { ($0, "1") })]
  report.seconds = [("decode", 3), ("forward", 20), ("backward", 40.5)]
  report.environment = [("version", "1")]
  report.commands = ["cnnctl train 'data & more' --seed 1"]
  return report
}

@Suite struct ReportPageTests {
  @Test(
    "The page is well-formed, escapes every name, and asks nothing of a network or a script",
    arguments: [1, 2, 9, 200])
  func page(classes: Int) throws {
    let html = try fullReport(classes: classes).html()
    let elements = try #require(MarkupReader.elements(html), "not well-formed")
    #expect(
      !elements.contains { ["script", "link", "iframe", "object", "base"].contains($0.name) })
    for element in elements {
      for (name, value) in element.attributes {
        #expect(!name.hasPrefix("on"))
        guard ["href", "src", "xlink:href"].contains(name) else { continue }
        #expect(value.hasPrefix("#") || value.hasPrefix("data:image/png;base64,"), "\(value)")
      }
    }
    #expect(!html.contains("url(") && !html.contains("@import"))
    #expect(!html.contains("\u{202E}"))
    // The names are there as text.
    let texts = elements.map(\.text)
    #expect(texts.contains { $0.contains("Run <1> & \"more\"") })
    if classes > 2 { #expect(texts.contains("<script>alert('1')</script>")) }
    let ids = elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count && ids.count == 10)
  }

  @Test("The same values give the same bytes: page, pictures and SVG")
  func determinism() throws {
    let report = try fullReport(classes: 9)
    let html = try report.html()
    #expect(try fullReport(classes: 9).html() == html)
    for plot in report.trainingPlots + report.evaluationPlots {
      let (png, svg) = (try plot.scene.png(scale: 2), try plot.scene.svg())
      #expect(try plot.scene.png(scale: 2) == png)
      #expect(try plot.scene.svg() == svg)
    }
  }

  @Test("An empty report is a page with its title, and each part alone makes its section")
  func leftOut() throws {
    func headings(_ report: RunReport) throws -> [String] {
      let elements = try #require(MarkupReader.elements(try report.html()))
      return elements.filter { $0.name == "h2" }.map(\.text)
    }
    var report = RunReport(title: "nothing")
    #expect(try headings(report) == [])
    report.commands = ["cnnctl train x"]
    #expect(try headings(report) == ["Environment, and how to reproduce it"])
    report.epochs = try recordedEpochs(["1,nan,nan,,,nan,1,1"])
    #expect(try headings(report).count == 1)
    report.epochs = try recordedEpochs(["1,0.5,nan,,,nan,1,1"])
    #expect(try headings(report) == ["Training", "Environment, and how to reproduce it"])
    #expect(report.trainingPlots.map(\.name) == ["loss"])
    report.evaluated = RecordedAnswers(
      classes: ["a", "b"], evaluation: Evaluation(predictions: [], classes: ["a", "b"]),
      predictions: [])
    let html = try report.html()
    #expect(html.contains("no predictions"))
    #expect(!html.lowercased().contains(">nan") && !html.contains("inf "))
  }

  @Test("Figures that are no numbers are shown as dashes")
  func notNumbers() throws {
    var report = try fullReport(classes: 3, images: 4)
    for index in 0..<4 {
      report.evaluated?.predictions[index].probabilities = [.nan, .infinity, 0]
    }
    report.evaluated?.evaluation.loss = .nan
    report.evaluated?.evaluation.macro.f1 = .nan
    report.epochs += try recordedEpochs(["21,nan,-inf,,,nan,1,1"])
    report.seconds.append((name: "wait", seconds: .infinity))
    let elements = try #require(MarkupReader.elements(try report.html()))
    let shown = elements.filter { $0.name != "style" }
    #expect(shown.contains { $0.text == "–" })
    for element in shown {
      for text in [element.text] + element.attributes.values where text.count < 200 {
        let words = text.lowercased().split { !$0.isLetter }
        #expect(!words.contains { ["nan", "inf", "infinity"].contains($0) }, "\(text)")
      }
    }
    for plot in report.trainingPlots + report.evaluationPlots {
      #expect(faults(plot.scene) == [], "\(plot.name)")
    }
  }

  @Test("An SVG of its own is well-formed and says each text once, as long as it was measured")
  func svg() throws {
    let report = try fullReport(classes: 9)
    for plot in report.trainingPlots + report.evaluationPlots {
      let svg = try plot.scene.svg(standalone: true)
      let elements = try #require(MarkupReader.elements(svg), "\(plot.name)")
      let texts = elements.filter { $0.name == "text" }
      #expect(texts.map(\.text) == plot.scene.labels.map(\.text), "\(plot.name)")
      for (element, label) in zip(texts, plot.scene.labels) {
        let length = try #require(Double(element.attributes["textLength"] ?? ""))
        #expect(abs(length - label.width) < 0.01)
      }
      #expect(elements.first?.attributes["viewBox"]?.hasPrefix("0 0 ") == true)
    }
  }

  @Test("The reports' files are those of a run folder")
  func plots() throws {
    let report = try fullReport(classes: 3)
    #expect(report.trainingPlots.map(\.name) == ["loss", "accuracy", "lr"])
    #expect(
      report.evaluationPlots.map(\.name) == [
        "confusion_matrix", "confusion_matrix_normalized", "roc", "precision_recall",
        "reliability", "histogram",
      ])
    #expect(report.pictureSheets.map(\.name) == ["misclassified", "least_sure", "examples"])
    for plot in report.trainingPlots + report.evaluationPlots + report.pictureSheets {
      #expect(faults(plot.scene) == [], "\(plot.name)")
    }
  }
}
