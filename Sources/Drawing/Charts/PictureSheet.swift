package import Primitives

/// Whether a prediction is correct.
package enum Verdict: Sendable, Hashable {
  case right
  /// It was not.
  case wrong
  /// Nobody knows, or it does not matter.
  case unknown

  /// The colour of a frame; nil for none.
  var paint: Paint? {
    switch self {
    case .right: .good
    case .wrong: .bad
    case .unknown: nil
    }
  }
}

/// An image with lines of text.
package struct Tile: Sendable, Hashable {
  /// The image, in any size.
  package var picture: RGBImage
  /// The lines below the image.
  package var caption: [String]
  /// The verdict, shown by the frame.
  package var verdict: Verdict

  package init(picture: RGBImage, caption: [String] = [], verdict: Verdict = .unknown) {
    self.picture = picture
    self.caption = caption
    self.verdict = verdict
  }
}

extension Tile {
  /// The size of the image if the longer side is `side`.
  fileprivate func size(in side: Double) -> (width: Double, height: Double) {
    let scale = side / Double(max(picture.width, picture.height))
    return (Double(picture.width) * scale, Double(picture.height) * scale)
  }
}

/// Images in rows with captions and frames, as one drawing.
///
/// A correct prediction has a green frame and a tick, a wrong one an orange-red frame and a cross:
/// the two are told apart without colours.
package struct PictureSheet: Sendable {
  package var title: String
  /// The images in order.
  package var tiles: [Tile]
  /// Images in a row.
  package var columns = 6
  /// Side of the square that an image is fitted into, in CSS pixels.
  package var side = 128.0
  /// Whether squares are cropped to the height of their images.
  package var isTight = false
  /// The labels of a heat map's colour scale; nil without heat maps.
  package var heat: (low: String, high: String)?

  /// The text shown without images.
  package var emptyNote = "no images"

  /// A sheet of these images.
  package init(title: String, tiles: [Tile]) {
    self.title = title
    self.tiles = tiles
  }

  private static let frame = 3.0
  private static let gap = 14.0
  private static let lineHeight = 15.0
  private static let barWidth = 96.0

  package var scene: Scene {
    let columns = max(1, min(self.columns, tiles.count))
    let rows = (tiles.count + columns - 1) / columns
    let lines = Double(tiles.map(\.caption.count).max() ?? 0)
    let outer = side + 2 * PictureSheet.frame
    let tallest = isTight ? tiles.map { $0.size(in: side).height }.max() ?? side : side
    let outerHeight = max(PictureSheet.lineHeight, tallest) + 2 * PictureSheet.frame
    let pitch =
      outerHeight + (lines > 0 ? 4 + lines * PictureSheet.lineHeight : 0) + PictureSheet.gap
    let width =
      2 * PlotFrame.margin + Double(columns) * (outer + PictureSheet.gap) - PictureSheet.gap
    var scene = Scene(
      width: max(width, tiles.isEmpty ? Chart.width : 0), height: 120, title: title)
    var top = PlotFrame.heading(&scene, title)
    guard !tiles.isEmpty else {
      PlotFrame.note(&scene, emptyNote, below: top)
      return scene
    }
    if let heat { top = drawHeat(heat, top: top, into: &scene) }
    scene.height = top + Double(rows) * pitch - PictureSheet.gap + PlotFrame.margin
    for (index, tile) in tiles.enumerated() {
      let box = Box(
        left: PlotFrame.margin + Double(index % columns) * (outer + PictureSheet.gap),
        top: top + Double(index / columns) * pitch, width: outer, height: outerHeight)
      draw(tile, box, into: &scene)
    }
    return scene
  }

  /// Draws the bar of colours with its meaning and gives the height below it.
  private func drawHeat(
    _ heat: (low: String, high: String), top: Double, into scene: inout Scene
  ) -> Double {
    let size = PlotFrame.TextSize.label
    // The bar gives way to the words, and these to one another where even so they do not fit.
    let room = scene.width - 2 * PlotFrame.margin - 16
    let words = Font.width(heat.low, size: size) + Font.width(heat.high, size: size)
    let bar = max(16, min(PictureSheet.barWidth, (room - words).rounded(.down)))
    let middle = top + PictureSheet.lineHeight / 2
    var x = PlotFrame.margin
    for (index, text) in [heat.low, heat.high].enumerated() {
      if index == 1 {
        scene.draw(
          HeatMap.bar(width: 2 * Int(bar)),
          in: Box(left: x + 8, top: middle - 5, width: bar, height: 10))
        x += bar + 16
      }
      let fits = words + bar <= room
      let label = Label(
        text, within: fits ? .infinity : (room - bar) / 2,
        at: Point(x, middle), size: size, align: .middle, paint: .muted)
      scene.draw(label)
      x += label.width
    }
    return top + PictureSheet.lineHeight + 8
  }

  /// One image under a title, so many CSS pixels wide unless it has fewer pixels.
  package static func scene(of picture: RGBImage, title: String, width: Double) -> Scene {
    let width = min(width, Double(picture.width))
    let height = width * Double(picture.height) / Double(picture.width)
    var scene = Scene(
      width: max(Chart.width, width + 2 * PlotFrame.margin), height: 0, title: title)
    let top = PlotFrame.heading(&scene, title)
    scene.height = top + height + PlotFrame.margin
    scene.draw(
      picture, in: Box(left: PlotFrame.margin, top: top, width: width, height: height))
    return scene
  }

  private func draw(_ tile: Tile, _ box: Box, into scene: inout Scene) {
    let (width, height) = tile.size(in: side)
    let inner = Box(
      left: box.middle.x - width / 2, top: box.middle.y - height / 2, width: width,
      height: height)
    scene.fill(box, .surface)
    scene.draw(tile.picture, in: inner)
    if let paint = tile.verdict.paint {
      let half = PictureSheet.frame / 2
      scene.draw(
        Path(
          Box(
            left: box.left + half, top: box.top + half, width: box.width - 2 * half,
            height: box.height - 2 * half)),
        stroke: Scene.Stroke(paint, width: PictureSheet.frame))
      scene.drawBadge(tile.verdict, paint, at: Point(box.right - 11, box.top + 11))
    }
    for (line, text) in tile.caption.enumerated() {
      scene.draw(
        Label(
          text, within: box.width,
          at: Point(box.left, box.bottom + 6 + Double(line) * PictureSheet.lineHeight),
          size: PlotFrame.TextSize.label, align: .top, paint: line == 0 ? .ink : .muted))
    }
  }
}

extension Scene {
  /// A tick or a cross on a disc.
  mutating func drawBadge(_ verdict: Verdict, _ paint: Paint, at center: Point) {
    draw(Path(circle: center, radius: 9), fill: Fill(paint), stroke: Stroke(.page, width: 1.5))
    let stroke = Stroke(.page, width: 2, cap: .round)
    if verdict == .right {
      let tick = [Point(-4, 0.5), Point(-1, 3.5), Point(4.5, -3)]
      draw(Path(tick.map { center + $0 }), stroke: stroke)
    } else {
      line(center + Point(-3.2, -3.2), center + Point(3.2, 3.2), stroke)
      line(center + Point(-3.2, 3.2), center + Point(3.2, -3.2), stroke)
    }
  }
}
