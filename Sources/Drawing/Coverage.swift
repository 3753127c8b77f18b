/// The coverage of a rectangle's pixels by a shape: exact areas, with the non-zero rule.
///
/// Each edge adds to its pixels the signed area to its right; the running sum along a row is the
/// winding number averaged over the pixel (the method of FreeType's and font-rs's rasterizers).
/// Where outlines overlap inside one pixel the sum may exceed the union, by less than a pixel's
/// share; it is cut at 1.
package struct Coverage {
  /// Pixels across.
  package let width: Int
  /// Pixels down.
  package let height: Int
  /// A column more than the width: what edges in the last column leave to the right.
  private var sums: [Double]

  /// Nothing covered.
  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    sums = [Double](repeating: 0, count: (width + 2) * height)
  }

  /// Adds a closed outline, in pixels of this rectangle; what is outside is cut off.
  package mutating func add(_ outline: [Point]) {
    guard var a = outline.last else { return }
    for b in outline {
      edge(a, b)
      a = b
    }
  }

  /// The covered shares of a row's pixels, 0...1, one after the other.
  package func row(_ y: Int, _ body: (_ x: Int, _ share: Double) -> Void) {
    var sum = 0.0
    for x in 0..<width {
      sum += sums[y * (width + 2) + x]
      let share = abs(sum)
      if share > 1e-10 { body(x, min(share, 1)) }
    }
  }

  /// Cuts an edge to the rectangle's height and calls `span` for its parts inside and left of it.
  private mutating func edge(_ a: Point, _ b: Point) {
    guard a.y != b.y, (a.x + a.y + b.x + b.y).isFinite else { return }
    let turn: Double = a.y < b.y ? 1 : -1
    var (top, bottom) = a.y < b.y ? (a, b) : (b, a)
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    guard bottom.y > 0, top.y < Double(height) else { return }
    if top.y < 0 { top = Point(top.x - top.y * slope, 0) }
    if bottom.y > Double(height) {
      bottom = Point(bottom.x + (Double(height) - bottom.y) * slope, Double(height))
    }
    // Left of the rectangle an edge covers whole rows, right of it nothing.
    let right = Double(width)
    var cuts = [top.y, bottom.y]
    for x in [0, right] where (top.x < x) != (bottom.x < x) {
      cuts.append(min(max(top.y + (x - top.x) / slope, top.y), bottom.y))
    }
    cuts.sort()
    for (from, to) in zip(cuts, cuts.dropFirst()) where to > from {
      let x0 = min(max(top.x + (from - top.y) * slope, 0), right)
      let x1 = min(max(top.x + (to - top.y) * slope, 0), right)
      span(Point(x0, from), Point(x1, to), turn)
    }
  }

  /// Adds an edge that goes down inside the rectangle.
  private mutating func span(_ top: Point, _ bottom: Point, _ turn: Double) {
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    let last = min(height - 1, Int(bottom.y))
    guard Int(top.y) <= last else { return }
    for y in Int(top.y)...last {
      let from = max(top.y, Double(y))
      let to = min(bottom.y, Double(y + 1))
      guard to > from else { continue }
      let x0 = top.x + (from - top.y) * slope
      let x1 = top.x + (to - top.y) * slope
      rowPart(y * (width + 2), min(x0, x1), max(x0, x1), (to - from) * turn)
    }
  }

  /// Adds an edge of height `rise` within one row, from x `low` to `high`.
  private mutating func rowPart(_ start: Int, _ low: Double, _ high: Double, _ rise: Double) {
    let first = max(0, Int(low))
    let last = min(width, Int(high))
    if first >= last {
      let right = (low + high) / 2 - Double(first)
      sums[start + first] += rise * (1 - right)
      sums[start + first + 1] += rise * right
      return
    }
    let perColumn = rise / (high - low)
    for x in first...last {
      let from = max(low, Double(x))
      let to = min(high, Double(x + 1))
      let part = max(0, to - from) * perColumn
      let area = part * (Double(x + 1) - (from + to) / 2)
      sums[start + x] += area
      sums[start + x + 1] += part - area
    }
  }
}
