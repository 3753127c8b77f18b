/// What measures distances by a detector; it holds what all photos have in common.
package struct NoveltyMeter: Sendable {
  package let detector: NoveltyDetector
  /// The means along the directions, a row per class.
  private let meanPlaces: [Double]
  /// What a square along each direction counts less than along any other.
  private let gains: [Double]

  package init(_ detector: NoveltyDetector) {
    self.detector = detector
    let (arrays, features) = (detector.arrays, detector.features)
    let count = detector.directionCount
    let rest = Double(arrays.variances[count])
    gains = arrays.variances[..<count].map { 1 / rest - 1 / Double($0) }
    meanPlaces = (0..<detector.classes).flatMap { label in
      NoveltyMeter.places(
        of: arrays.means[(label * features)..<((label + 1) * features)], arrays.directions,
        count: count)
    }
  }

  /// The nearest class of a photo and its distance; of equal ones the first.
  package func measure(_ row: ArraySlice<Float>) -> NoveltyDetector.Measure {
    let distances = self.distances(of: row)
    var best = 0
    for label in distances.indices where distances[label] < distances[best] { best = label }
    return NoveltyDetector.Measure(distance: distances[best], nearest: best)
  }

  /// The distance of a photo's features to each class.
  package func distances(of row: ArraySlice<Float>) -> [Double] {
    precondition(row.count == detector.features, "a row of the detector's features")
    let roots = row.map(NoveltyDetector.root)
    let arrays = detector.arrays
    let count = gains.count
    let places = NoveltyMeter.places(of: roots[...], arrays.directions, count: count)
    let rest = Double(arrays.variances[count])
    return (0..<detector.classes).map { label in
      var square = 0.0
      let first = label * detector.features
      for index in 0..<detector.features {
        let difference = Double(roots[index] - arrays.means[first + index])
        square += difference * difference
      }
      square /= rest
      for index in 0..<count {
        let difference = places[index] - meanPlaces[label * count + index]
        square -= gains[index] * difference * difference
      }
      return (max(0, square) / Double(detector.features)).squareRoot()
    }
  }

  /// The coordinates of roots along each direction.
  private static func places(
    of roots: ArraySlice<Float>, _ directions: [Float], count: Int
  ) -> [Double] {
    let (start, length) = (roots.startIndex, roots.count)
    return (0..<count).map { direction in
      let first = direction * length
      var sums = SIMD4<Double>()
      let whole = length & ~3
      for i in stride(from: 0, to: whole, by: 4) {
        let (a, b) = (start + i, first + i)
        let left = SIMD4<Float>(roots[a], roots[a + 1], roots[a + 2], roots[a + 3])
        let right = SIMD4<Float>(
          directions[b], directions[b + 1], directions[b + 2], directions[b + 3])
        sums += SIMD4<Double>(left) * SIMD4<Double>(right)
      }
      var rest = 0.0
      for i in whole..<length { rest += Double(roots[start + i]) * Double(directions[first + i]) }
      return sums.sum() + rest
    }
  }
}
