extension GreySquare {
  /// The correlation of the details of two images, after one has been aligned with the other.
  ///
  /// -1 if they cannot be aligned. The search for the alignment begins at `start`.
  /// Lucas and Kanade 1981, with a gain and an offset of the greys: each step solves the least
  /// squares for four numbers of the alignment and those two.
  func agreement(with other: GreySquare, from start: Alignment) -> Double {
    var alignment = start
    for _ in 0..<GreySquare.mostSteps {
      guard let step = step(towards: other, alignment) else { return -1 }
      alignment.scaleX += step[0]
      alignment.shiftX += step[1]
      alignment.scaleY += step[2]
      alignment.shiftY += step[3]
      guard alignment.isSlight else { return -1 }
      if step.allSatisfy({ abs($0) < GreySquare.smallStep }) { break }
    }
    return correlation(with: other, alignment)
  }

  private static let mostSteps = 8
  private static let smallStep = 1e-3
  /// A step is no longer: an image is linear only nearby.
  private static let longestStep = 0.06
  /// An image with less contrast than so much of the other's is not the same.
  private static let leastGain = 0.05

  /// What a step is solved for, and the columns of an equation: those and the other image's value.
  private static let unknowns = 6
  private static let terms = unknowns + 1

  private static let middle = Double(side - 1) / 2
  /// The points of a row or column, from -1 to 1.
  private static let coordinates = (0..<side).map { Double($0) / middle - 1 }

  /// The places in this image of the points of a row or column, moved by so much.
  private static func places(_ scale: Double, _ shift: Double, by move: Double = 0) -> GreyPlaces {
    GreyPlaces(coordinates.map { middle + middle * (scale * $0 + shift) + move })
  }

  /// The points whose places lie within this image.
  private static func overlap(_ scale: Double, _ shift: Double) -> Range<Int> {
    // Places ascend, as no scale is far from 1.
    let inside = coordinates.indices.filter { abs(scale * coordinates[$0] + shift) <= 1 }
    return (inside.first ?? 0)..<(inside.last.map { $0 + 1 } ?? 0)
  }

  /// The next change of scaleX, shiftX, scaleY and shiftY; nil where nothing can be told.
  private func step(towards other: GreySquare, _ alignment: Alignment) -> [Double]? {
    let (unknowns, terms) = (GreySquare.unknowns, GreySquare.terms)
    let sums = productSums(towards: other, alignment)
    var products = [Double](repeating: 0, count: unknowns * terms)
    var place = 0
    for i in 0..<unknowns {
      for j in i..<terms {
        products[i * terms + j] = sums[place]
        if j < unknowns { products[j * terms + i] = sums[place] }
        place += 1
      }
      // A direction that changes nothing is not taken.
      products[i * terms + i] += 1e-3
    }
    guard let solution = solved(products, unknowns) else { return nil }
    let gain = solution[4]
    guard gain > GreySquare.leastGain else { return nil }
    let longest = GreySquare.longestStep
    return solution[..<4].map { min(max($0 / gain, -longest), longest) }
  }

  /// The sums over all points of the products of the terms, each with itself and those behind it.
  ///
  /// The terms are the changes of the image's value with the four numbers, the value, 1, and the value
  /// of `other`. They are summed column by column first, many at a time.
  private func productSums(towards other: GreySquare, _ alignment: Alignment) -> [Double] {
    let (side, terms) = (GreySquare.side, GreySquare.terms)
    let pairs = terms * (terms + 1) / 2 - 1
    let (scaleX, shiftX) = (alignment.scaleX, alignment.shiftX)
    let (scaleY, shiftY) = (alignment.scaleY, alignment.shiftY)
    let columns = GreySquare.overlap(scaleX, shiftX)
    let across = GreySquare.places(scaleX, shiftX)
    let right = GreySquare.places(scaleX, shiftX, by: 0.5)
    let left = GreySquare.places(scaleX, shiftX, by: -0.5)
    let down = GreySquare.places(scaleY, shiftY)
    let below = GreySquare.places(scaleY, shiftY, by: 0.5)
    let above = GreySquare.places(scaleY, shiftY, by: -0.5)
    let middle = Float(GreySquare.middle)

    var sums = [Float](repeating: 0, count: pairs * side)
    // The terms of a row's points, term by term; zero outside of the overlap.
    var row = [Float](repeating: 0, count: terms * side)
    var line = [Float](repeating: 0, count: side)
    var (upper, lower) = (line, line)
    for y in GreySquare.overlap(scaleY, shiftY) {
      interpolate(down, y, into: &line)
      interpolate(above, y, into: &upper)
      interpolate(below, y, into: &lower)
      let v = Float(GreySquare.coordinates[y])
      for x in columns {
        let u = Float(GreySquare.coordinates[x])
        let horizontal = middle * (right.value(line, x) - left.value(line, x))
        let vertical = middle * (across.value(lower, x) - across.value(upper, x))
        row[x] = horizontal * u
        row[side + x] = horizontal
        row[2 * side + x] = vertical * v
        row[3 * side + x] = vertical
        row[4 * side + x] = across.value(line, x)
        row[5 * side + x] = 1
        row[6 * side + x] = other.values[y * side + x]
      }
      row.withUnsafeBufferPointer { row in
        sums.withUnsafeMutableBufferPointer { sums in
          var place = 0
          for i in 0..<GreySquare.unknowns {
            for j in i..<terms {
              for x in 0..<side { sums[place + x] += row[i * side + x] * row[j * side + x] }
              place += side
            }
          }
        }
      }
    }
    return (0..<pairs).map { pair in
      sums[(pair * side)..<((pair + 1) * side)].reduce(0) { $0 + Double($1) }
    }
  }

  /// Pearson's correlation of the details of both where they overlap.
  private func correlation(with other: GreySquare, _ alignment: Alignment) -> Double {
    let side = GreySquare.side
    let aligned = sampled(
      across: GreySquare.places(alignment.scaleX, alignment.shiftX),
      down: GreySquare.places(alignment.scaleY, alignment.shiftY)
    ).detail.values
    let theirs = other.detail.values
    // Without the outermost points, whose means are made of repeated ones.
    let inner = 1..<(side - 1)
    let columns = GreySquare.overlap(alignment.scaleX, alignment.shiftX).clamped(to: inner)
    let rows = GreySquare.overlap(alignment.scaleY, alignment.shiftY).clamped(to: inner)
    let count = Double(max(1, rows.count * columns.count))
    var (sumA, sumB, product, squaresA, squaresB) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for row in rows {
      for at in (row * side + columns.lowerBound)..<(row * side + columns.upperBound) {
        let (a, b) = (Double(aligned[at]), Double(theirs[at]))
        sumA += a
        sumB += b
        product += a * b
        squaresA += a * a
        squaresB += b * b
      }
    }
    product -= sumA * sumB / count
    squaresA -= sumA * sumA / count
    squaresB -= sumB * sumB / count
    let length = (max(0, squaresA) * max(0, squaresB)).squareRoot()
    return length > 0 ? product / length : -1
  }
}

/// The solution of `count` linear equations, rows of coefficients and a right side, by elimination
/// with pivots; nil for equations without one.
private func solved(_ equations: [Double], _ count: Int) -> [Double]? {
  var rows = (0..<count).map { Array(equations[($0 * (count + 1))..<(($0 + 1) * (count + 1))]) }
  for column in 0..<count {
    let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
    guard abs(rows[pivot][column]) > 1e-12 else { return nil }
    rows.swapAt(column, pivot)
    for row in 0..<count where row != column {
      let factor = rows[row][column] / rows[column][column]
      for place in column...count { rows[row][place] -= factor * rows[column][place] }
    }
  }
  return (0..<count).map { rows[$0][count] / rows[$0][$0] }
}
