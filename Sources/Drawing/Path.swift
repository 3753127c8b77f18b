/// Lines and curves, in CSS pixels.
package struct Path: Sendable, Hashable {
  /// One step of the pen.
  package enum Step: Sendable, Hashable {
    /// Starts a contour.
    case move(Point)
    /// A straight line.
    case line(Point)
    /// A cubic Bezier curve: two control points and the end.
    case curve(Point, Point, Point)
    /// A straight line to the contour's start.
    case close
  }

  /// A contour of straight lines.
  struct Contour: Sendable, Hashable {
    var points: [Point]
    var isClosed: Bool
  }

  /// The steps in order; the first is a move.
  package private(set) var steps: [Step] = []

  /// A path without steps.
  package init() {}

  /// Straight lines through these points.
  package init(_ points: [Point], closed: Bool = false) {
    guard let first = points.first else { return }
    steps = [.move(first)] + points.dropFirst().map { .line($0) } + (closed ? [.close] : [])
  }

  /// The outline of a rectangle.
  package init(_ box: Box) {
    self.init(
      [
        Point(box.left, box.top), Point(box.right, box.top), Point(box.right, box.bottom),
        Point(box.left, box.bottom),
      ], closed: true)
  }

  package init(circle center: Point, radius: Double) {
    let (r, k) = (radius, radius * Path.quarter)
    func at(_ x: Double, _ y: Double) -> Point { Point(center.x + x, center.y + y) }
    steps = [
      .move(at(r, 0)), .curve(at(r, k), at(k, r), at(0, r)),
      .curve(at(-k, r), at(-r, k), at(-r, 0)),
      .curve(at(-r, -k), at(-k, -r), at(0, -r)), .curve(at(k, -r), at(r, -k), at(r, 0)), .close,
    ]
  }

  /// A rectangle with round corners.
  package init(_ box: Box, corner: Double) {
    let r = min(corner, box.width / 2, box.height / 2)
    guard r > 0 else {
      steps = Path(box).steps
      return
    }
    let rest = r * (1 - Path.quarter)
    let (l, t, right, b) = (box.left, box.top, box.right, box.bottom)
    steps = [
      .move(Point(l + r, t)), .line(Point(right - r, t)),
      .curve(Point(right - rest, t), Point(right, t + rest), Point(right, t + r)),
      .line(Point(right, b - r)),
      .curve(Point(right, b - rest), Point(right - rest, b), Point(right - r, b)),
      .line(Point(l + r, b)), .curve(Point(l + rest, b), Point(l, b - rest), Point(l, b - r)),
      .line(Point(l, t + r)), .curve(Point(l, t + rest), Point(l + rest, t), Point(l + r, t)),
      .close,
    ]
  }

  /// Control points of a quarter of a circle lie this share of the radius from its ends.
  ///
  /// With 4/3 (√2 - 1) the curve's middle lies on the circle.
  static let quarter = 0.5522847498307936

  package mutating func move(to point: Point) { steps.append(.move(point)) }

  /// Adds a straight line.
  package mutating func line(to point: Point) { steps.append(.line(point)) }

  /// Adds a cubic Bezier curve.
  package mutating func curve(_ first: Point, _ second: Point, to end: Point) {
    steps.append(.curve(first, second, end))
  }

  /// Closes the contour.
  package mutating func close() { steps.append(.close) }

  /// The path as contours of straight lines, each curve in `parts(length of its control polygon)`.
  func contours(parts: (Double) -> Int) -> [Contour] {
    var result: [Contour] = []
    for step in steps {
      switch step {
      case .move(let point): result.append(Contour(points: [point], isClosed: false))
      case .line(let point): result[result.count - 1].points.append(point)
      case .close: result[result.count - 1].isClosed = true
      case .curve(let a, let b, let end):
        let start = result[result.count - 1].points.last ?? end
        let count = max(1, parts((a - start).length + (b - a).length + (end - b).length))
        for i in 1...count {
          let t = Double(i) / Double(count)
          let u = 1 - t
          result[result.count - 1].points.append(
            start * (u * u * u) + a * (3 * u * u * t) + b * (3 * u * t * t) + end * (t * t * t))
        }
      }
    }
    return result
  }

  /// Contours whose lines leave curves by much less than a pixel at this magnification.
  func contours(scale: Double) -> [Contour] {
    contours { length in max(4, Int((length * scale).squareRoot() * 1.5)) }
  }
}
