import Glibc

/// The ends of a stroke.
package enum StrokeCap: Sendable, Hashable {
  /// Cut off at the end point.
  case butt
  /// Longer by half the width.
  case square
  /// A half circle.
  case round
}

/// Turns lines of a width into outlines to be filled.
///
/// Every outline winds positively around what it covers, wherever the line bends or crosses itself:
/// it is put together of half rectangles and wedges of one orientation.
struct Stroker {
  /// Half of the line's width.
  var half: Double
  var cap: StrokeCap
  /// Corners whose point is further away than this many half widths are rounded.
  private static let miterLimit = 1.6

  /// Closed outlines of one contour.
  func outlines(_ contour: Path.Contour) -> [[Point]] {
    var points: [Point] = []
    for point in contour.points where points.last.map({ ($0 - point).length > 1e-9 }) ?? true {
      points.append(point)
    }
    if contour.isClosed, points.count > 1, let last = points.last, (last - points[0]).length <= 1e-9
    {
      points.removeLast()
    }
    guard points.count > 1 else { return points.first.map { [dot($0)] } ?? [] }
    if contour.isClosed, points.count > 2 {
      return [side(points, closed: true), side(points.reversed(), closed: true)]
    }
    let back = Array(points.reversed())
    return [
      side(points, closed: false) + end(of: points) + side(back, closed: false) + end(of: back)
    ]
  }

  /// The shape of a line of no length; a square also where lines are cut off, so that it is
  /// visible.
  private func dot(_ at: Point) -> [Point] {
    guard cap == .round else {
      return [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { at + Point($0 * half, $1 * half) }
    }
    return arc(at, from: 0, by: 2 * .pi)
  }

  private func direction(_ a: Point, _ b: Point) -> Point { (b - a) * (1 / (b - a).length) }

  /// The side of a direction that is to the left of it where y grows downwards.
  private func normal(_ d: Point) -> Point { Point(d.y, -d.x) }

  /// Points along one side of the line, with joins.
  private func side(_ points: [Point], closed: Bool) -> [Point] {
    let count = points.count
    var result: [Point] = []
    if !closed { result.append(points[0] + normal(direction(points[0], points[1])) * half) }
    for i in closed ? 0..<count : 1..<(count - 1) {
      join(
        points[(i + count - 1) % count], points[i], points[(i + 1) % count], into: &result)
    }
    if !closed {
      let d = direction(points[count - 2], points[count - 1])
      result.append(points[count - 1] + normal(d) * half)
    }
    return result
  }

  private func join(_ a: Point, _ p: Point, _ b: Point, into result: inout [Point]) {
    let (d0, d1) = (direction(a, p), direction(p, b))
    let (n0, n1) = (normal(d0), normal(d1))
    let cross = d0.x * d1.y - d0.y * d1.x
    let dot = d0.x * d1.x + d0.y * d1.y
    let miter = (n0 + n1) * (half / max(1 + dot, 1e-9))
    if cross >= 0 {
      if 2 / max(1 + dot, 1e-9) <= Stroker.miterLimit * Stroker.miterLimit {
        result.append(p + miter)
      } else {
        result += arc(p, from: atan2(n0.y, n0.x), by: acos(max(-1, min(1, dot))))
      }
    } else if (miter - n0 * half).length <= min((p - a).length, (b - p).length) {
      result.append(p + miter)
    } else {
      result += [p + n0 * half, p, p + n1 * half]
    }
  }

  /// Points of the cap at the last point.
  private func end(of points: [Point]) -> [Point] {
    let p = points[points.count - 1]
    let d = direction(points[points.count - 2], p)
    let n = normal(d)
    switch cap {
    case .butt: return []
    case .square: return [p + (n + d) * half, p + (d - n) * half]
    case .round: return arc(p, from: atan2(n.y, n.x), by: .pi)
    }
  }

  private func arc(_ center: Point, from start: Double, by angle: Double) -> [Point] {
    let count = max(2, Int((angle * half.squareRoot() * 3).rounded(.up)))
    return (0...count).map { i in
      let t = start + angle * Double(i) / Double(count)
      return center + Point(cos(t), sin(t)) * half
    }
  }
}
