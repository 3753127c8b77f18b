import Glibc

/// A closed outline of straight lines and Bezier curves, in pixels.
struct Path {
  private(set) var contours: [[V2]] = []

  init() {}

  /// A closed polygon.
  init(_ points: [V2]) { contours = [points] }

  /// An ellipse, turned by `angle`.
  init(ellipse center: V2, _ radii: V2, angle: Float = 0) {
    let (c, s) = (cos(angle), sin(angle))
    contours = [
      (0..<40).map { i in
        let t = Float(i) / 40 * 2 * .pi
        let p = V2(cos(t), sin(t)) * radii
        return center + V2(c * p.x - s * p.y, s * p.x + c * p.y)
      }
    ]
  }

  /// A rectangle between two corners with round corners.
  init(_ low: V2, _ high: V2, corner: Float = 0) {
    let r = min(corner, abs(high.x - low.x) / 2, abs(high.y - low.y) / 2)
    guard r > 0 else {
      contours = [[low, V2(high.x, low.y), high, V2(low.x, high.y)]]
      return
    }
    let centers = [
      V2(high.x - r, high.y - r), V2(low.x + r, high.y - r), V2(low.x + r, low.y + r),
      V2(high.x - r, low.y + r),
    ]
    contours = [
      centers.enumerated().flatMap { k, center in
        (0...8).map { i in
          let t = (Float(k) + Float(i) / 8) * .pi / 2
          return center + V2(cos(t), sin(t)) * r
        }
      }
    ]
  }

  /// A stroke along points, with the width going from `width` to `endWidth`.
  init(stroke points: [V2], width: Float, endWidth: Float) {
    var (left, right): ([V2], [V2]) = ([], [])
    for (i, p) in points.enumerated() {
      let along = points[min(i + 1, points.count - 1)] - points[max(i - 1, 0)]
      let size = max(length(along), 1e-5)
      let half = mix(width, endWidth, Float(i) / Float(max(points.count - 1, 1))) / 2
      let normal = V2(-along.y, along.x) / size * half
      left.append(p + normal)
      right.append(p - normal)
    }
    contours = [left + right.reversed()]
  }

  /// Starts a contour.
  mutating func move(to p: V2) { contours.append([p]) }

  /// A straight line from the last point.
  mutating func line(to p: V2) { contours[contours.count - 1].append(p) }

  /// A cubic Bezier curve from the last point.
  mutating func curve(_ a: V2, _ b: V2, to end: V2) {
    contours[contours.count - 1] += Path.curve(contours[contours.count - 1].last ?? end, a, b, end)
  }

  /// Points of a cubic Bezier curve, without the first.
  static func curve(_ start: V2, _ a: V2, _ b: V2, _ end: V2, steps: Int = 14) -> [V2] {
    (1...steps).map { i in
      let t = Float(i) / Float(steps)
      let u = 1 - t
      return start * (u * u * u) + a * (3 * u * u * t) + b * (3 * u * t * t) + end * (t * t * t)
    }
  }
}

extension Canvas {
  /// Fills the inside of a path (non-zero rule) with a colour that may depend on the place.
  ///
  /// Coverage is exact along a row and sampled at four heights a pixel.
  mutating func fill(_ path: Path, opacity: Float = 1, _ color: (V2) -> V3) {
    let points = path.contours.joined()
    guard let top = points.map(\.y).min(), let bottom = points.map(\.y).max(),
      bottom > 0, top < Float(height)
    else { return }
    var coverage = [Float](repeating: 0, count: width)
    for y in max(0, Int(top))...min(height - 1, max(0, Int(bottom))) {
      for x in 0..<width { coverage[x] = 0 }
      var reach = (width, -1)
      for sub in 0..<4 {
        cover(path, at: Float(y) + (Float(sub) + 0.5) / 4, into: &coverage, &reach)
      }
      guard reach.0 <= reach.1 else { continue }
      for x in reach.0...reach.1 where coverage[x] > 0 {
        let place = V2(Float(x) + 0.5, Float(y) + 0.5)
        blend(color(place), min(coverage[x] / 4, 1) * opacity, x: x, y: y)
      }
    }
  }

  /// Fills with one colour.
  mutating func fill(_ path: Path, _ color: V3, opacity: Float = 1) {
    fill(path, opacity: opacity) { _ in color }
  }

  /// Adds the covered share of each pixel of a row at height `y`.
  private func cover(
    _ path: Path, at y: Float, into coverage: inout [Float], _ reach: inout (Int, Int)
  ) {
    var crossings: [(x: Float, turn: Int)] = []
    for contour in path.contours {
      var a = contour[contour.count - 1]
      for b in contour {
        if (a.y <= y) != (b.y <= y) {
          crossings.append((a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x), a.y < b.y ? 1 : -1))
        }
        a = b
      }
    }
    crossings.sort { $0.x < $1.x }
    var turns = 0
    for (i, crossing) in crossings.enumerated() {
      turns += crossing.turn
      guard turns != 0, i + 1 < crossings.count else { continue }
      let low = clamp(crossing.x, 0, Float(width))
      let high = clamp(crossings[i + 1].x, 0, Float(width))
      guard high > low else { continue }
      let (first, last) = (Int(low), min(Int(high), width - 1))
      for x in first...max(first, last) where x < width {
        coverage[x] += max(0, min(high, Float(x + 1)) - max(low, Float(x)))
      }
      reach = (min(reach.0, first), max(reach.1, last))
    }
  }
}
