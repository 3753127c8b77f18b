/// A line of a legend.
struct LegendEntry {
  /// The shape of a mark.
  enum Mark {
    /// A piece of a line.
    case line(dashes: [Double])
    /// A filled square with an opacity.
    case square(Double)
  }

  var name: String
  /// The mark's colour.
  var paint: Paint
  /// The mark's look.
  var mark: Mark
}

/// Marks and names in rows, from left to right.
struct Legend {
  var entries: [LegendEntry]
  /// Rows at most; what does not fit is counted.
  var maximumRows = 5

  private static let rowHeight = 17.0
  private static let markWidth = 18.0
  private static let gap = 16.0

  /// Draws the rows and gives the height below them.
  func draw(into scene: inout Scene, left: Double, top: Double, width: Double) -> Double {
    guard !entries.isEmpty else { return top }
    let size = PlotFrame.TextSize.label
    let room = width - Legend.markWidth - 6
    var x = left
    var row = 0
    for (index, entry) in entries.enumerated() {
      let name = Font.shortened(entry.name, to: room, size: size)
      let length = Legend.markWidth + 6 + Font.width(name, size: size)
      if x > left, x + length > left + width {
        x = left
        row += 1
      }
      let middle = top + (Double(row) + 0.5) * Legend.rowHeight
      // The last row keeps room for the count of what is omitted.
      let rest = "and \(entries.count - index) more"
      let restWidth = Font.width(rest, size: size) + Legend.gap
      let isLast = index == entries.count - 1
      if row == maximumRows - 1, !isLast, x + length + restWidth + Legend.gap > left + width {
        scene.draw(
          Label(rest, at: Point(x, middle), size: size, align: .middle, paint: .muted))
        break
      }
      draw(entry, into: &scene, x, middle)
      scene.draw(
        Label(name, at: Point(x + Legend.markWidth + 6, middle), size: size, align: .middle))
      x += length + Legend.gap
    }
    return top + Double(row + 1) * Legend.rowHeight + 4
  }

  private func draw(_ entry: LegendEntry, into scene: inout Scene, _ x: Double, _ y: Double) {
    switch entry.mark {
    case .line(let dashes):
      scene.line(
        Point(x, y), Point(x + Legend.markWidth, y),
        Scene.Stroke(entry.paint, width: 2, dashes: dashes))
    case .square(let opacity):
      scene.draw(
        Path(Box(left: x + 4, top: y - 5, width: 10, height: 10), corner: 2),
        fill: Scene.Fill(entry.paint, opacity: opacity),
        stroke: opacity < 1 ? Scene.Stroke(entry.paint) : nil)
    }
  }
}
