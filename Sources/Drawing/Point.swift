/// A place in a drawing; x grows to the right and y downwards, in CSS pixels.
package struct Point: Sendable, Hashable {
  /// Distance from the left edge.
  package var x: Double
  /// Distance from the top edge.
  package var y: Double

  /// A place.
  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
  static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
  static func * (a: Point, factor: Double) -> Point { Point(a.x * factor, a.y * factor) }

  /// Distance from the origin.
  var length: Double { (x * x + y * y).squareRoot() }
}

/// A rectangle with sides along the axes.
package struct Box: Sendable, Hashable {
  package var left: Double
  /// Upper edge.
  package var top: Double
  /// Extent to the right.
  package var width: Double
  /// Extent downwards.
  package var height: Double

  /// A rectangle of this corner and size.
  package init(left: Double, top: Double, width: Double, height: Double) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }

  package var right: Double { left + width }
  /// Lower edge.
  package var bottom: Double { top + height }
  package var middle: Point { Point(left + width / 2, top + height / 2) }
}
