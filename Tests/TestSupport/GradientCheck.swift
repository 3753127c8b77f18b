/// Compares a gradient with central differences in Double.
package enum GradientCheck {
  /// The gradient of sum(cotangent * f(at)) by central differences, element by element.
  ///
  /// A step of 1e-6 of the element's size leaves about 1e-10 of error in smooth functions.
  package static func differences(
    at point: [Double], cotangent: [Double], of f: ([Double]) -> [Double]
  ) -> [Double] {
    point.indices.map { index in
      let h = 1e-6 * max(1, abs(point[index]))
      var moved = point
      moved[index] = point[index] + h
      let above = f(moved)
      let upper = moved[index]
      moved[index] = point[index] - h
      let below = f(moved)
      // Element by element before the sum: the large common part cancels exactly.
      let difference = zip(zip(above, below), cotangent).reduce(0.0) {
        $0 + ($1.0.0 - $1.0.1) * $1.1
      }
      return difference / (upper - moved[index])
    }
  }
}
