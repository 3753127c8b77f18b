import Glibc
package import Primitives

/// A confusion matrix as an image: rows true, columns predicted.
package struct MatrixChart: Sendable, Hashable {
  package var title: String
  package var classes: [String]
  /// Counts: rows true, columns predicted.
  package var counts: ConfusionCounts
  /// Whether the cells show shares of their row instead of counts.
  package var showsShares: Bool
  /// Side of the square of cells at most, in CSS pixels, as long as a cell has three.
  package var maximumSide = 600.0

  /// An image of these counts; rows and columns are as many as the classes.
  package init(
    title: String? = nil, classes: [String], counts: ConfusionCounts, showsShares: Bool = false
  ) {
    precondition(
      counts.classes == classes.count, "a confusion matrix has one row and one column per class")
    self.title =
      title ?? (showsShares ? "Confusion matrix, percent of the true class" : "Confusion matrix")
    self.classes = classes
    self.counts = counts
    self.showsShares = showsShares
  }

  /// More classes make a drawing that nobody can look at as a whole.
  package static let maximumClasses = 1000

  private static let labelLimit = 130.0
  private static let labelPitch = 14.0
  private static let leastText = 7.5
  private static let size = PlotFrame.TextSize.label

  /// The image as a drawing.
  package var scene: Scene {
    guard !classes.isEmpty else {
      var scene = Scene(width: Chart.width, height: Chart.height, title: title)
      PlotFrame.nothing(&scene, title, "no classes")
      return scene
    }
    let count = classes.count
    let size = MatrixChart.size
    let cell = self.cell
    let side = cell * Double(count)
    let names = classes.map {
      Font.shortened($0, to: MatrixChart.labelLimit, size: size)
    }
    let longest = names.map { Font.width($0, size: size) }.max() ?? 0
    // Every so many names fit beside the rows, and below the columns when upright.
    let every = max(1, Int((MatrixChart.labelPitch / cell).rounded(.up)))
    let areUpright = longest > cell - 8
    // Cells begin and end between pixels.
    let left = (PlotFrame.margin + size + 10 + longest + 7).rounded(.up)
    let below = (areUpright ? longest : size) + 9
    let width = max(left + side + PlotFrame.margin, 400)
    var scene = Scene(width: width, height: 0, title: title)
    let top = drawLegend(&scene, PlotFrame.heading(&scene, title)) + 4
    scene.height = top + side + below + 8 + size + PlotFrame.margin
    let box = Box(left: left, top: top, width: side, height: side)
    drawCells(&scene, box, cell)
    for index in stride(from: 0, to: count, by: every) {
      let along = (Double(index) + 0.5) * cell
      scene.draw(
        Label(
          names[index], at: Point(box.left - 7, box.top + along), size: size, anchor: .end,
          align: .middle, paint: .muted))
      scene.draw(
        Label(
          names[index], at: Point(box.left + along, box.bottom + 7), size: size,
          anchor: areUpright ? .end : .middle, align: areUpright ? .middle : .top, paint: .muted,
          upright: areUpright))
    }
    scene.draw(
      Label(
        "true class", at: Point(PlotFrame.margin, box.middle.y), size: size, anchor: .middle,
        align: .top, upright: true))
    let note =
      every > 1
      ? "predicted class (every \(MatrixChart.ordinal(every)) is named)" : "predicted class"
    scene.draw(
      Label(
        note, within: width - 2 * PlotFrame.margin,
        at: Point(
          min(
            max(box.middle.x, PlotFrame.margin + Font.width(note, size: size) / 2),
            width - PlotFrame.margin - Font.width(note, size: size) / 2),
          box.bottom + below + 6), size: size, anchor: .middle, align: .top))
    return scene
  }

  private static func ordinal(_ number: Int) -> String {
    switch number {
    case 2: "2nd"
    case 3: "3rd"
    default: "\(number)th"
    }
  }

  /// Side of a cell: large for few classes, three pixels for two hundred, less only for more.
  private var cell: Double {
    let count = Double(classes.count)
    let wish: Double =
      switch classes.count {
      case ...2: 110
      case ...4: 80
      case ...10: 54
      default: 46
      }
    // An image of a thousand classes with cells of three pixels would take a hundred megabytes.
    let least: Double = classes.count <= 200 ? 3 : max(1, (800 / count).rounded(.down))
    return max(least, min(wish, (maximumSide / count).rounded(.down)))
  }

  private func drawCells(_ scene: inout Scene, _ box: Box, _ cell: Double) {
    let text = textSize(cell)
    let gap = cell >= 12 ? 1.0 : 0
    defer { scene.draw(Path(box), stroke: Scene.Stroke(.faint)) }
    for (row, counts) in counts.enumerated() {
      let total = counts.reduce(0, +)
      for (column, count) in counts.enumerated() {
        let share = total > 0 ? Double(count) / Double(total) : 0
        let paint: Paint = row == column ? .heat : .wrongHeat
        let opacity = MatrixChart.opacity(share, paint)
        let place = Box(
          left: box.left + Double(column) * cell, top: box.top + Double(row) * cell,
          width: cell - gap, height: cell - gap)
        if opacity > 0 { scene.fill(place, paint, opacity: opacity) }
        guard let text, count > 0 || classes.count <= 20 else { continue }
        let isEmpty = showsShares && total == 0
        scene.draw(
          Label(
            isEmpty ? "–" : cellLabel(count, share), at: place.middle, size: text,
            anchor: .middle, align: .middle, paint: MatrixChart.textPaint(paint, opacity, count)))
      }
    }
  }

  private func cellLabel(_ count: Int, _ share: Double) -> String {
    showsShares ? fixed(100 * share, 1) : grouped(count)
  }

  /// Whether the cells are large enough for numbers.
  package var saysNumbers: Bool { !classes.isEmpty && textSize(cell) != nil }

  /// The size at which the longest text fits a cell; nil if it would be too small to read.
  private func textSize(_ cell: Double) -> Double? {
    guard cell * 0.42 >= MatrixChart.leastText else { return nil }
    let longest =
      counts.flatMap { row in
        let total = max(1, row.reduce(0, +))
        return row.map { Font.width(cellLabel($0, Double($0) / Double(total)), size: 1) }
      }.max() ?? 0
    let size = min(15, cell * 0.42, (cell - 5) / max(longest, 1e-9))
    return size >= MatrixChart.leastText ? (size * 2).rounded(.down) / 2 : nil
  }

  /// The opacity of a cell by its share of the row; a single image is still visible.
  ///
  /// Wrong predictions are few where a classifier is good: their scale rises fast from 0.
  private static func opacity(_ share: Double, _ paint: Paint) -> Double {
    guard share > 0 else { return 0 }
    return 0.06 + 0.94 * (paint == .wrongHeat ? pow(share, 0.6) : share)
  }

  /// Ink or white, whichever stands out more from the cell on a light page.
  ///
  /// On a dark page the two are alike, and stand out from all cells.
  private static func textPaint(_ paint: Paint, _ opacity: Double, _ count: Int) -> Paint {
    guard count > 0 else { return .muted }
    let ground = Theme.light.color(paint).over(Theme.light.color(.page), opacity)
    let ink = ground.contrast(with: Theme.light.color(.ink))
    return ink >= ground.contrast(with: Theme.light.color(.onHeat)) ? .ink : .onHeat
  }

  /// Two scales from 0 to 100 %, right and wrong; gives the height below them.
  private func drawLegend(_ scene: inout Scene, _ top: Double) -> Double {
    let size = PlotFrame.TextSize.note
    var x = PlotFrame.margin
    for (name, paint) in [("right", Paint.heat), ("wrong", Paint.wrongHeat)] {
      let label = Label(name, at: Point(x, top + 6), size: size, align: .middle, paint: .muted)
      scene.draw(label)
      x += label.width + 7
      for step in 0..<10 {
        scene.fill(
          Box(left: x + Double(step) * 8, top: top, width: 8, height: 12), paint,
          opacity: MatrixChart.opacity(Double(step + 1) / 10, paint))
      }
      x += 80 + 22
    }
    scene.draw(
      Label(
        "0–100 % of a row", at: Point(x - 12, top + 6), size: size, align: .middle, paint: .muted))
    return top + 12 + 8
  }
}
