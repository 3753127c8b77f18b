package import Primitives

/// A drawing as a list of elements, from which an image and an SVG are made.
package struct Scene: Sendable, Hashable {
  /// A line's colour, width and pattern.
  package struct Stroke: Sendable, Hashable {
    package var paint: Paint
    /// Its width in CSS pixels.
    package var width: Double
    /// Its ends.
    package var cap: StrokeCap
    /// Lengths of strokes and gaps in turn; empty for an unbroken line.
    package var dashes: [Double]

    /// A line of this look.
    package init(
      _ paint: Paint, width: Double = 1, cap: StrokeCap = .butt, dashes: [Double] = []
    ) {
      self.paint = paint
      self.width = width
      self.cap = cap
      self.dashes = dashes
    }
  }

  /// The fill of a shape.
  package struct Fill: Sendable, Hashable {
    package var paint: Paint
    /// The opacity, 0...1.
    package var opacity: Double

    /// A colour, let through by 1 - opacity.
    package init(_ paint: Paint, opacity: Double = 1) {
      self.paint = paint
      self.opacity = opacity
    }
  }

  /// Something drawn.
  package enum Element: Sendable, Hashable {
    /// A shape.
    case path(Path, fill: Fill?, stroke: Stroke?)
    /// A filled rectangle: a path's most frequent kind.
    case rectangle(Box, Fill)
    /// A line of text.
    case label(Label)
    /// An image, scaled to a rectangle.
    case picture(RGBImage, Box)
  }

  /// Extent to the right in CSS pixels.
  package var width: Double
  /// Extent downwards.
  package var height: Double
  /// A description, for people who cannot see it.
  package var title: String
  /// The elements, later ones over earlier ones.
  package private(set) var elements: [Element] = []

  /// An empty drawing.
  package init(width: Double, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  /// The whole area.
  package var frame: Box { Box(left: 0, top: 0, width: width, height: height) }

  /// The labels in the order of drawing.
  package var labels: [Label] {
    elements.compactMap { if case .label(let label) = $0 { label } else { nil } }
  }

  package mutating func draw(_ path: Path, fill: Fill? = nil, stroke: Stroke? = nil) {
    elements.append(.path(path, fill: fill, stroke: stroke))
  }

  /// Draws a straight line.
  package mutating func line(_ from: Point, _ to: Point, _ stroke: Stroke) {
    draw(Path([from, to]), stroke: stroke)
  }

  /// Fills a rectangle; one that would not be seen leaves nothing.
  package mutating func fill(_ box: Box, _ paint: Paint, opacity: Double = 1) {
    guard box.width > 0, box.height > 0, opacity > 0 else { return }
    elements.append(.rectangle(box, Fill(paint, opacity: opacity)))
  }

  /// Draws a line of text; an empty one leaves nothing.
  package mutating func draw(_ label: Label) {
    guard !label.text.isEmpty else { return }
    elements.append(.label(label))
  }

  /// Draws an image into a rectangle.
  package mutating func draw(_ picture: RGBImage, in box: Box) {
    elements.append(.picture(picture, box))
  }
}

/// A line of text at a place.
package struct Label: Sendable, Hashable {
  /// The part of the text at the place.
  package enum Anchor: Sendable, Hashable {
    /// The left end.
    case start
    case middle
    /// The right end.
    case end
  }

  /// The meaning of the place's height.
  package enum Alignment: Sendable, Hashable {
    /// The line that letters stand on.
    case baseline
    /// Half the height of capitals.
    case middle
    /// The top of capitals.
    case top
  }

  /// The text; controls and marks of direction are spelled out.
  package let text: String
  /// The place of the anchor, on the baseline.
  package let place: Point
  /// Height of an em in CSS pixels.
  package let size: Double
  package let anchor: Anchor
  package let isBold: Bool
  /// The text's colour.
  package let paint: Paint
  /// Whether the text runs from bottom to top.
  package let isUpright: Bool
  /// Length in CSS pixels.
  package let width: Double

  /// Text at a place, shortened with an ellipsis where it is longer than `room`.
  ///
  /// `upright` turns it by a quarter to read from bottom to top; then the alignment is across, the
  /// baseline to the right.
  package init(
    _ text: String, within room: Double = .infinity, at place: Point, size: Double = 11,
    anchor: Anchor = .start, align: Alignment = .baseline, bold: Bool = false, paint: Paint = .ink,
    upright: Bool = false
  ) {
    self.text = Font.shortened(text, to: room, size: size, bold: bold)
    let down =
      switch align {
      case .baseline: 0.0
      case .middle: Font.capHeight / 2 * size
      case .top: Font.capHeight * size
      }
    self.place = upright ? Point(place.x + down, place.y) : Point(place.x, place.y + down)
    self.size = size
    self.anchor = anchor
    isBold = bold
    self.paint = paint
    isUpright = upright
    width = Font.width(self.text, size: size, bold: bold)
  }

  /// The rectangle that the text takes up, from the descenders to the capitals.
  package var box: Box {
    let before =
      switch anchor {
      case .start: 0.0
      case .middle: width / 2
      case .end: width
      }
    let (up, down) = (Font.capHeight * size, Font.descent * size)
    return isUpright
      ? Box(left: place.x - up, top: place.y + before - width, width: up + down, height: width)
      : Box(left: place.x - before, top: place.y - up, width: width, height: up + down)
  }
}
