import Drawing
import Foundation
import Primitives
import Testing

/// Pixels of a drawing in a colour, exactly.
private func count(_ paint: Paint, in scene: Scene) -> Int {
  let picture = scene.picture()
  let color = Theme.light.color(paint)
  return stride(from: 0, to: picture.pixels.count, by: 3).count { at in
    picture.pixels[at] == color.red && picture.pixels[at + 1] == color.green
      && picture.pixels[at + 2] == color.blue
  }
}

/// The mean row, from the top, of a colour's pixels in the left half of a drawing.
private func meanRowOnTheLeft(_ paint: Paint, in scene: Scene) -> Double {
  let picture = scene.picture()
  let color = Theme.light.color(paint)
  var rows: [Int] = []
  for place in 0..<(picture.pixels.count / 3) where place % picture.width < picture.width / 2 {
    let pixel = picture.pixels[(3 * place)..<(3 * place + 3)]
    if Array(pixel) == [color.red, color.green, color.blue] { rows.append(place / picture.width) }
  }
  return rows.isEmpty ? .nan : Double(rows.reduce(0, +)) / Double(rows.count)
}

/// The texts of a drawing.
private func texts(_ scene: Scene) -> [String] { scene.labels.map(\.text) }

@Suite struct LineChartTests {
  private func chart(_ values: [Double?], _ more: [Double?] = []) -> LineChart {
    LineChart(
      title: "Loss", yTitle: "cross-entropy",
      lines: [
        LineChart.Line("training", values: values, paint: .series(0)),
        LineChart.Line("validation", values: more, paint: .series(1), dashed: true),
      ], marks: [LineChart.Mark(x: 2, name: "kept: epoch 2"), LineChart.Mark(x: 3, name: "other")])
  }

  @Test("Whatever the values and the size, labels stay apart and nothing lies outside")
  func layout() {
    let values: [[Double?]] = [
      [], [0.5], [0.5, 0.5], [1, nil, .nan, 2, .infinity, 3], [1e-9, 1e-8], [1e12, -1e12],
      (0..<300).map { sin(Double($0)) }, [0, 0, 0], [123456.789, 123456.790],
    ]
    for (index, values) in values.enumerated() {
      for (width, height) in [(240.0, 180.0), (460, 300), (900, 500)] {
        for format in [TickFormat.number, .percent] {
          var chart = chart(values, values.reversed())
          (chart.width, chart.height, chart.format) = (width, height, format)
          #expect(faults(chart.scene) == [], "values \(index), \(width) x \(height)")
        }
      }
    }
  }

  @Test("Nothing to draw is said, and a single value is seen")
  func fewValues() {
    #expect(texts(chart([nil, .nan]).scene) == ["Loss", "no values"])
    let single = chart([nil, 0.3, nil]).scene
    #expect(count(.series(0), in: single) > 15)
    let gap = chart([1, nil, 2, nil, 3] + [Double?](repeating: nil, count: 20)).scene
    #expect(count(.series(0), in: gap) > 45)
  }

  @Test("Greater values are higher, and the axis ends at round numbers")
  func places() {
    let scene = chart([0.13, 0.92]).scene
    let shown = texts(scene)
    #expect(shown.contains("0.0") || shown.contains("0.2"))
    #expect(shown.contains("1.0"))
    #expect(shown.contains("epoch") && shown.contains("cross-entropy"))
    #expect(shown.contains("training") && !shown.contains("validation"))
    // What begins high lies above what begins low; all else is alike in both.
    let falling = meanRowOnTheLeft(.series(0), in: chart([0.92, 0.13]).scene)
    #expect(falling + 20 < meanRowOnTheLeft(.series(0), in: scene))
  }
}

@Suite struct MatrixChartTests {
  @Test(
    "From 2 to 200 classes labels stay apart and inside",
    arguments: [1, 2, 3, 5, 8, 12, 20, 37, 60, 100, 200])
  func layout(classes: Int) {
    let counts = answers(classes: classes, images: 3000).confusion
    for showsShares in [false, true] {
      let chart = MatrixChart(
        classes: classNames(classes), counts: counts, showsShares: showsShares)
      let scene = chart.scene
      #expect(faults(scene) == [], "\(classes) classes")
      if classes < 10 { #expect(chart.saysNumbers) }
      if classes > 50 { #expect(!chart.saysNumbers) }
      #expect(scene.width < 900 && scene.height < 900)
    }
  }

  @Test("Cells say their counts or percent of the row, and an empty row is no division by zero")
  func cells() {
    let counts: ConfusionCounts = [[478, 22, 0], [9, 491, 0], [0, 0, 0]]
    let plain = texts(MatrixChart(classes: ["cats", "dogs", "none"], counts: counts).scene)
    for text in ["478", "22", "9", "491"] { #expect(plain.contains(text)) }
    #expect(plain.count { $0 == "0" } == 5)
    let shares = texts(
      MatrixChart(classes: ["cats", "dogs", "none"], counts: counts, showsShares: true).scene)
    for text in ["95.6", "4.4", "1.8", "98.2"] { #expect(shares.contains(text)) }
    #expect(shares.count { $0 == "–" } == 3)
    #expect(texts(MatrixChart(classes: [], counts: []).scene).contains("no classes"))
  }

  @Test("A single mistake among thousands is seen without text")
  func singleMistake() {
    var counts = (0..<100).map { row in (0..<100).map { $0 == row ? 1000 : 0 } }
    let clean = MatrixChart(classes: classNames(100), counts: ConfusionCounts(counts)).scene
    counts[3][80] = 1
    let one = MatrixChart(classes: classNames(100), counts: ConfusionCounts(counts)).scene
    #expect(clean.picture() != one.picture())
    #expect(one.elements.count == clean.elements.count + 1)
  }
}

@Suite struct EvaluationChartTests {
  @Test(
    "Charts of 1 to 200 classes keep their labels apart", arguments: [1, 2, 3, 6, 7, 12, 30, 200])
  func layout(classes: Int) {
    let names = classNames(classes)
    let data = answers(classes: classes, images: 400)
    let curves = ClassCurves(
      probabilities: data.probabilities, truths: data.truths, classes: classes)
    for kind in [CurveChart.Kind.roc, .precisionRecall] {
      #expect(faults(CurveChart(kind: kind, classes: curves, names: names).scene) == [])
    }
    let panels = ProbabilityHistogram.panels(
      probabilities: data.probabilities, truths: data.truths, names: names)
    for width in [260.0, 460, 720, 1000] {
      var chart = HistogramChart(panels: panels)
      chart.width = width
      #expect(faults(chart.scene) == [], "\(classes) classes, \(width) wide")
    }
  }

  @Test("Two classes have one curve, a few one each, many the averages and the worst")
  func curves() {
    for (classes, expected) in [(2, 1), (3, 3), (6, 6), (7, 6), (200, 6)] {
      let data = answers(classes: classes, images: 1000)
      let curves = ClassCurves(
        probabilities: data.probabilities, truths: data.truths, classes: classes)
      let names = (0..<classes).map { "class \($0)" }
      let chart = CurveChart(kind: .roc, classes: curves, names: names)
      #expect(chart.curves.count == expected)
      if classes == 2 { #expect(chart.curves.first?.name == "class 1") }
      if classes > 6 {
        #expect(chart.curves.prefix(2).allSatisfy { $0.isAverage })
        let areas = curves.classes.compactMap { $0?.rocArea }.sorted()
        #expect(chart.curves.dropFirst(2).map(\.area) == Array(areas.prefix(4)))
      }
      for curve in chart.curves {
        #expect(curve.points.allSatisfy { (0...1).contains($0.x) && (0...1).contains($0.y) })
        #expect(zip(curve.points, curve.points.dropFirst()).allSatisfy { $0.x <= $1.x })
      }
    }
    #expect(texts(CurveChart(kind: .roc, curves: []).scene).count == 2)
  }

  @Test("The reliability diagram's bins hold each answer once, and its error is that of the bins")
  func reliability() {
    let given: [(probability: Double, isRight: Bool)] = [
      (0.2, true), (0.4, false), (0.41, true), (1, true), (0, false), (.nan, true),
    ]
    let chart = ReliabilityChart(ReliabilityBins(given, bins: 5))
    #expect(chart.answers.bins.map(\.count) == [2, 1, 1, 0, 1])
    #expect(
      chart.answers.bins[0].accuracy == 0.5 && abs(chart.answers.bins[0].probability - 0.1) < 1e-12)
    // (2 * 0.4 + 0.4 + 0.59 + 0) / 5
    #expect(abs(chart.answers.expectedCalibrationError - 1.79 / 5) < 1e-12)
    #expect(faults(chart.scene) == [])
    #expect(faults(ReliabilityChart(ReliabilityBins([])).scene) == [])
    #expect(texts(ReliabilityChart(ReliabilityBins([])).scene).contains("no predictions"))
  }

  @Test("Bars are as long as their values, and odd values have none")
  func bars() {
    let chart = BarChart(
      seconds: [("decode", 40), ("forward", 20), ("wait", .nan), ("", -3), ("a\u{202E}b", 1e8)])
    #expect(faults(chart.scene) == [])
    let simple = BarChart(seconds: [("decode", 40), ("forward", 20)]).scene
    let widths = simple.elements.compactMap { element in
      if case .rectangle(let box, _) = element { box.width } else { nil }
    }
    #expect(widths.count == 2 && abs(widths[0] - 2 * widths[1]) < 1e-9)
    #expect(texts(simple).contains("40.0 s · 66.7 %"))
    #expect(texts(BarChart(title: "t", bars: []).scene).contains("no values"))
    #expect(BarChart.duration(59.96) == "1 min 00 s")
    #expect(BarChart.duration(3599.7) == "1 h 00 min")
    #expect(BarChart.duration(0.004) == "4.00 ms")
  }
}

@Suite struct NetworkDiagramTests {
  /// Blocks of three layers with a shortcut around each.
  private func network(blocks: Int) -> NetworkDiagram {
    var nodes = [NetworkDiagram.Node(name: "input", outputShape: "64 × 64 × 3")]
    var shortcuts: [NetworkDiagram.Shortcut] = []
    for block in 0..<blocks {
      let from = nodes.count - 1
      for layer in ["conv 3×3", "batch normalization", "addition and a long name of a layer"] {
        nodes.append(
          NetworkDiagram.Node(
            name: layer, outputShape: "32 × 32 × \(64 << (block % 6))", parameters: 36928 * block))
      }
      shortcuts.append(NetworkDiagram.Shortcut(from: from, to: nodes.count - 1))
    }
    return NetworkDiagram(nodes: nodes, shortcuts: shortcuts)
  }

  @Test("Networks of any depth keep their labels apart", arguments: [0, 1, 4, 8, 17, 60])
  func layout(blocks: Int) {
    let diagram = network(blocks: blocks)
    #expect(faults(diagram.scene) == [])
    #expect(texts(diagram.scene).contains("input"))
    #expect(diagram.columnCount <= 8)
  }

  @Test("Nested, overlapping, far and senseless shortcuts are drawn or left out")
  func shortcuts() {
    var diagram = network(blocks: 10)
    diagram.shortcuts += [
      NetworkDiagram.Shortcut(from: 1, to: 5), NetworkDiagram.Shortcut(from: 2, to: 8),
      NetworkDiagram.Shortcut(from: 0, to: 30), NetworkDiagram.Shortcut(from: 0, to: 29),
      NetworkDiagram.Shortcut(from: 1, to: 30), NetworkDiagram.Shortcut(from: 5, to: 5),
      NetworkDiagram.Shortcut(from: 7, to: 2), NetworkDiagram.Shortcut(from: -1, to: 99),
    ]
    #expect(faults(diagram.scene) == [])
    #expect(texts(diagram.scene).count { $0 == "a" } == 2)
    #expect(texts(NetworkDiagram(nodes: []).scene).contains("no layers"))
  }
}

@Suite struct PictureSheetTests {
  private func tile(_ verdict: Verdict, _ width: Int = 30, _ height: Int = 20) -> Tile {
    Tile(
      picture: RGBImage(
        width: width, height: height, pixels: [UInt8](repeating: 99, count: 3 * width * height)),
      caption: classNames(3), verdict: verdict)
  }

  @Test(
    "Sheets of any count stay in order, with no caption over another", arguments: [0, 1, 5, 23])
  func layout(count: Int) {
    let tiles = (0..<count).map { tile([.right, .wrong, .unknown][$0 % 3], 10 + 30 * ($0 % 4)) }
    let scene = PictureSheet(title: "Examples", tiles: tiles).scene
    #expect(faults(scene) == [])
    let pictures = scene.elements.count { if case .picture = $0 { true } else { false } }
    #expect(pictures == count)
  }

  @Test(
    "A sheet of heat maps says what the colours mean, and loses the height that no picture fills",
    arguments: [(1, 30, 20), (3, 300, 4), (8, 5, 90)])
  func heatSheet(count: Int, width: Int, height: Int) {
    var sheet = PictureSheet(
      title: "Where", tiles: (0..<count).map { _ in tile(.unknown, width, height) })
    let plain = sheet.scene
    sheet.isTight = true
    let tight = sheet.scene
    #expect(width > height ? tight.height < plain.height : tight.height == plain.height)
    sheet.heat = ("none", "most")
    let scene = sheet.scene
    #expect(faults(tight) == [] && faults(scene) == [])
    #expect(scene.height > tight.height && scene.labels.contains { $0.text == "most" })
  }

  @Test("Right and wrong differ in colour and in their mark, unknown has neither")
  func verdicts() {
    let scenes = [Verdict.right, .wrong, .unknown].map {
      PictureSheet(title: "", tiles: [tile($0)]).scene
    }
    #expect(count(.good, in: scenes[0]) > 300 && count(.bad, in: scenes[0]) == 0)
    #expect(count(.bad, in: scenes[1]) > 300 && count(.good, in: scenes[1]) == 0)
    #expect(count(.bad, in: scenes[2]) == 0 && count(.good, in: scenes[2]) == 0)
    // A tick is one line, a cross two.
    #expect(scenes[1].elements.count == scenes[0].elements.count + 1)
  }

  @Test("A heat map changes the picture most where its number is greatest, and not where least")
  func heatMap() {
    let photo = RGBImage(
      width: 40, height: 40, pixels: (0..<4800).map { UInt8(60 + $0 % 120) })
    let map = HeatMap(width: 2, height: 2, values: [0, 0, 0, 1])
    let over = map.over(photo)
    func change(_ x: Int, _ y: Int) -> Int {
      (0..<3).reduce(0) {
        let at = 3 * (40 * y + x) + $1
        return $0 + abs(Int(over.pixels[at]) - Int(photo.pixels[at]))
      }
    }
    #expect(change(2, 2) == 0 && change(37, 2) == 0)
    #expect(change(37, 37) > 60)
    #expect(HeatMap(width: 2, height: 2, values: [3, 3, 3, 3]).over(photo) == photo)
    #expect(HeatMap(width: 1, height: 2, values: [.nan, .infinity]).over(photo) == photo)
    #expect(HeatMap(width: 1, height: 3, values: [.nan, 1, 3]).normalized == [0, 0, 1])
    // What is clear may be given: then all that is more is seen, and all that is less is clear too.
    #expect(
      HeatMap(width: 2, height: 2, values: [1, 2, 4, -3], clear: 0).normalized
        == [0.25, 0.5, 1, 0])
    #expect(HeatMap(width: 1, height: 2, values: [-1, 0], clear: 0).over(photo) == photo)
  }
}
