internal import Primitives

/// A network drawn as boxes from top to bottom, in columns, with its shortcuts.
package struct NetworkDiagram: Sendable, Hashable {
  /// One layer, or the input.
  package struct Node: Sendable, Hashable {
    package var name: String
    /// The shape of what comes out, such as `32 × 32 × 64`.
    package var outputShape: String
    /// Numbers it learns; nil if it cannot have any.
    package var parameters: Int?

    /// A layer.
    package init(name: String, outputShape: String, parameters: Int? = nil) {
      self.name = name
      self.outputShape = outputShape
      self.parameters = parameters
    }
  }

  /// A way around layers: from one's output to what comes into another.
  package struct Shortcut: Sendable, Hashable {
    /// Index of the layer whose output is taken.
    package var from: Int
    /// Index of the layer where it joins; greater than `from`.
    package var to: Int

    /// A way around the layers between.
    package init(from: Int, to: Int) {
      self.from = from
      self.to = to
    }
  }

  package var title: String
  /// The layers in order.
  package var nodes: [Node]
  /// The ways around; those that lead nowhere or backwards are omitted.
  package var shortcuts: [Shortcut]
  /// Layers in a column, about.
  package var rows = 12
  /// Columns at most, about; there are more rows where they do not suffice.
  package var maximumColumns = 5

  /// A drawing of these layers.
  package init(title: String = "Network", nodes: [Node], shortcuts: [Shortcut] = []) {
    self.title = title
    self.nodes = nodes
    self.shortcuts = shortcuts
  }

  private static let boxHeight = 38.0
  private static let gap = 18.0
  private static let laneWidth = 9.0
  private static let size = PlotFrame.TextSize.label

  /// The width of each box, which holds the longest name.
  private var boxWidth: Double {
    let longest =
      nodes.map { Font.width($0.name, size: NetworkDiagram.size, bold: true) }.max() ?? 0
    return min(max(176, longest + 16), 260)
  }

  private var usable: [Shortcut] {
    shortcuts.filter { $0.from >= 0 && $0.from < $0.to && $0.to < nodes.count }
  }

  /// The first layers of the columns, chosen so that few shortcuts lead from one to another.
  private var columnStarts: [Int] {
    let goal = max(rows, (nodes.count + maximumColumns - 1) / maximumColumns)
    var starts = [0]
    while let start = starts.last, nodes.count - start > goal {
      let candidates = (start + max(1, goal * 2 / 3))...(start + goal)
      // A cut right behind a shortcut's start leaves what it leads around whole.
      let crossings = candidates.map { cut in
        usable.reduce(0) { sum, shortcut in
          guard shortcut.from < cut, cut <= shortcut.to else { return sum }
          return sum + (shortcut.from == cut - 1 ? 1 : 2)
        }
      }
      let least = crossings.min() ?? 0
      let best = Array(zip(candidates, crossings)).last { $0.1 == least }?.0 ?? start + goal
      starts.append(best)
    }
    return starts
  }

  package var columnCount: Int { columnStarts.count }

  /// The drawing.
  package var scene: Scene {
    guard !nodes.isEmpty else {
      var scene = Scene(width: Chart.width, height: Chart.height, title: title)
      PlotFrame.nothing(&scene, title, "no layers")
      return scene
    }
    let starts = columnStarts
    let columns = zip(starts, starts.dropFirst() + [nodes.count]).map { $0..<$1 }
    let lanes = self.lanes(columns)
    let lanesWide = Double((lanes.compactMap { $0 }.max() ?? -1) + 1) * NetworkDiagram.laneWidth
    let gutter = 34 + lanesWide
    let boxWidth = self.boxWidth
    let pitch = NetworkDiagram.boxHeight + NetworkDiagram.gap
    let longest = Double(columns.map(\.count).max() ?? 1)
    let width =
      2 * PlotFrame.margin + Double(columns.count) * boxWidth
      + Double(columns.count - 1) * gutter + lanesWide + 12
    var scene = Scene(width: max(width, 240), height: 0, title: title)
    let top = PlotFrame.heading(&scene, title) + 4
    scene.height = top + longest * pitch + PlotFrame.margin
    let boxes = columns.enumerated().flatMap { column, range in
      range.map { node in
        Box(
          left: PlotFrame.margin + Double(column) * (boxWidth + gutter),
          top: top + Double(node - range.lowerBound) * pitch, width: boxWidth,
          height: NetworkDiagram.boxHeight)
      }
    }
    for (above, below) in zip(boxes, boxes.dropFirst()) {
      connect(above, below, gutter, into: &scene)
    }
    var letters = 0
    var tags: [(place: Point, letter: Int)] = []
    var badges = [Int](repeating: 0, count: nodes.count)
    for (shortcut, lane) in zip(usable, lanes) {
      if let lane {
        around(boxes[shortcut.from], boxes[shortcut.to], lane, into: &scene)
      } else {
        for (node, isStart) in [(shortcut.from, true), (shortcut.to, false)] {
          let box = boxes[node]
          let x = box.right + 16 * Double(badges[node])
          let place = Point(x, isStart ? box.bottom - 4 : box.top + 4)
          tags.append((place, letters))
          badges[node] += 1
        }
        letters += 1
      }
    }
    for (node, box) in zip(nodes, boxes) { draw(node, box, into: &scene) }
    for (place, letter) in tags { drawTag(letter, at: place, into: &scene) }
    return scene
  }

  /// A lane beside the column for each shortcut, none for those that lead to another column.
  ///
  /// Shortcuts that overlap get different lanes; shorter ones lie nearer to the boxes.
  private func lanes(_ columns: [Range<Int>]) -> [Int?] {
    let usable = usable
    var lanes = [Int?](repeating: nil, count: usable.count)
    let order = usable.indices.sorted {
      (usable[$0].to - usable[$0].from, $0) < (usable[$1].to - usable[$1].from, $1)
    }
    for index in order {
      let shortcut = usable[index]
      guard columns.contains(where: { $0.contains(shortcut.from) && $0.contains(shortcut.to) })
      else { continue }
      let taken = usable.indices.filter { other in
        lanes[other] != nil && usable[other].from < shortcut.to && shortcut.from < usable[other].to
      }.compactMap { lanes[$0] }
      lanes[index] = (0...).first { !taken.contains($0) }
    }
    return lanes
  }

  private func draw(_ node: Node, _ box: Box, into scene: inout Scene) {
    let size = NetworkDiagram.size
    let small = PlotFrame.TextSize.note
    scene.draw(
      Path(box, corner: 5), fill: Scene.Fill(.surface),
      stroke: Scene.Stroke((node.parameters ?? 0) > 0 ? .series(0) : .muted))
    scene.draw(
      Label(
        node.name, within: box.width - 16,
        at: Point(box.left + 8, box.top + 15), size: size, bold: true))
    let parameters = node.parameters.map { count in
      count > 0 ? counted(count, "weight") : ""
    }
    let right = Label(
      parameters ?? "", at: Point(box.right - 8, box.top + 30), size: small, anchor: .end,
      paint: .muted)
    scene.draw(right)
    scene.draw(
      Label(
        node.outputShape, within: box.width - 24 - right.width,
        at: Point(box.left + 8, box.top + 30), size: small, paint: .muted))
  }

  private func arrow(_ tip: Point, _ paint: Paint, left: Bool = false, into scene: inout Scene) {
    let back = left ? [Point(6, -3.5), Point(6, 3.5)] : [Point(-3.5, -6), Point(3.5, -6)]
    scene.draw(
      Path([tip] + back.map { tip + $0 }, closed: true), fill: Scene.Fill(paint))
  }

  /// The way from a layer to the next, down or to the top of the next column.
  private func connect(_ above: Box, _ below: Box, _ gutter: Double, into scene: inout Scene) {
    let start = Point(above.middle.x, above.bottom)
    let end = Point(below.middle.x, below.top)
    var points = [start]
    if below.left > above.left {
      let lane = below.left - 12
      points += [
        Point(start.x, start.y + 9), Point(lane, start.y + 9), Point(lane, end.y - 9),
        Point(end.x, end.y - 9),
      ]
    }
    scene.draw(Path(points + [Point(end.x, end.y - 5)]), stroke: Scene.Stroke(.muted, width: 1.5))
    arrow(end, .muted, into: &scene)
  }

  /// A shortcut along a lane to the right of its column.
  private func around(_ from: Box, _ to: Box, _ lane: Int, into scene: inout Scene) {
    let x = from.right + 10 + Double(lane) * NetworkDiagram.laneWidth
    let (start, end) = (Point(from.right, from.middle.y + 8), Point(to.right, to.middle.y - 8))
    scene.draw(
      Path([start, Point(x, start.y), Point(x, end.y), Point(end.x + 5, end.y)]),
      stroke: Scene.Stroke(.series(1), width: 1.5))
    arrow(end, .series(1), left: true, into: &scene)
  }

  /// The end of a shortcut to another column: the same letter where it leaves and arrives.
  private func drawTag(_ number: Int, at place: Point, into scene: inout Scene) {
    let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number % 26)))
    let name = number < 26 ? letter : letter + String(number / 26)
    scene.draw(
      Path(circle: place, radius: 7), fill: Scene.Fill(.page),
      stroke: Scene.Stroke(.series(1), width: 1.5))
    scene.draw(Label(name, at: place, size: 9, anchor: .middle, align: .middle))
  }
}
