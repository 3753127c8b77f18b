/// A square of greys, row after row.
struct GreySquare {
  static let side = PerceptualHash.side
  static let count = side * side
  private static let middle = Double(side - 1) / 2

  private(set) var values: [Float]

  init(_ values: [Float]) { self.values = values }

  /// The tiny copy of a hash, smoothed by 1 : 2 : 1 across and down.
  ///
  /// What is finer than its points differs after a crop; smoothed, a sheet of print agrees with itself
  /// cropped by 0.94 in place of 0.86.
  init(_ hash: PerceptualHash) {
    values = GreySquare.filtered(hash.greys.map { Float($0) }, [0.25, 0.5, 0.25])
  }

  var mirrored: GreySquare {
    let side = GreySquare.side
    return GreySquare(values.indices.map { values[$0 - 2 * ($0 % side) + side - 1] })
  }

  /// What a crop of it shows.
  func cropped(_ crop: PictureCrop) -> GreySquare {
    let across = PictureCrop.places(crop.left, crop.right)
    let down = PictureCrop.places(crop.top, crop.bottom)
    return GreySquare(down.flatMap { y in across.map { Float(value(x: $0, y: y)) } })
  }

  /// The value between its points, linear between neighbours; that of the edge outside.
  private func value(x: Double, y: Double) -> Double {
    let side = GreySquare.side
    let (x, y) = (min(max(x, 0), Double(side - 1)), min(max(y, 0), Double(side - 1)))
    let (column, row) = (min(Int(x), side - 2), min(Int(y), side - 2))
    let (partX, partY) = (x - Double(column), y - Double(row))
    let at = row * side + column
    let upper = Double(values[at]) * (1 - partX) + Double(values[at + 1]) * partX
    let lower = Double(values[at + side]) * (1 - partX) + Double(values[at + side + 1]) * partX
    return upper * (1 - partY) + lower * partY
  }

  /// What is finer than some five points: the difference from a mean of means of 5 x 5.
  ///
  /// Images of one kind, such as X-rays of chests, share what is coarse. What is fine differs.
  var detail: GreySquare {
    let fifths = [Float](repeating: 0.2, count: 5)
    let coarse = GreySquare.filtered(GreySquare.filtered(values, fifths), fifths)
    return GreySquare(zip(values, coarse).map { $0 - $1 })
  }

  /// Weighted means across and down, the points at the edges repeated outside.
  private static func filtered(_ values: [Float], _ weights: [Float]) -> [Float] {
    let reach = weights.count / 2
    func line(_ values: [Float], _ start: Int, _ step: Int, _ result: inout [Float]) {
      for place in 0..<side {
        var sum: Float = 0
        for (at, weight) in weights.enumerated() {
          sum += weight * values[start + step * min(max(place + at - reach, 0), side - 1)]
        }
        result[start + step * place] = sum
      }
    }
    var across = values
    for row in 0..<side { line(values, row * side, 1, &across) }
    var both = across
    for column in 0..<side { line(across, column, side, &both) }
    return both
  }

  /// Its points in one byte each, moved to a mean of 0 and scaled to one length, so that products of
  /// two squares are about `scale`² times their correlation.
  var bytes: [Int8] {
    let mean = values.reduce(0, +) / Float(GreySquare.count)
    let length = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    guard length > 0 else { return [Int8](repeating: 0, count: GreySquare.count) }
    return values.map {
      Int8(min(max((($0 - mean) / length * GreySquare.scale).rounded(), -127), 127))
    }
  }

  /// A length at which typical points are 24.
  static let scale: Float = 768
}

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

  /// The place across or down of a coordinate from -1 to 1.
  private static func place(_ coordinate: Double) -> Double { middle + middle * coordinate }

  /// The points of `other` whose places lie within this image: their indices and places.
  private func overlap(_ alignment: Alignment) -> [(at: Int, u: Double, v: Double)] {
    let side = GreySquare.side
    var points: [(at: Int, u: Double, v: Double)] = []
    points.reserveCapacity(GreySquare.count)
    for row in 0..<side {
      let v = Double(row) / GreySquare.middle - 1
      guard abs(alignment.scaleY * v + alignment.shiftY) <= 1 else { continue }
      for column in 0..<side {
        let u = Double(column) / GreySquare.middle - 1
        if abs(alignment.scaleX * u + alignment.shiftX) <= 1 {
          points.append((row * side + column, u, v))
        }
      }
    }
    return points
  }

  /// The next change of scaleX, shiftX, scaleY and shiftY; nil where nothing can be told.
  private func step(towards other: GreySquare, _ alignment: Alignment) -> [Double]? {
    let middle = GreySquare.middle
    let unknowns = 6
    var products = [Double](repeating: 0, count: unknowns * (unknowns + 1))
    for (at, u, v) in overlap(alignment) {
      let x = GreySquare.place(alignment.scaleX * u + alignment.shiftX)
      let y = GreySquare.place(alignment.scaleY * v + alignment.shiftY)
      let across = (value(x: x + 0.5, y: y) - value(x: x - 0.5, y: y)) * middle
      let down = (value(x: x, y: y + 0.5) - value(x: x, y: y - 0.5)) * middle
      let row = (
        across * u, across, down * v, down, value(x: x, y: y), 1.0, Double(other.values[at])
      )
      withUnsafeBytes(of: row) { bytes in
        let row = bytes.bindMemory(to: Double.self)
        for i in 0..<unknowns {
          for j in i...unknowns { products[i * (unknowns + 1) + j] += row[i] * row[j] }
        }
      }
    }
    for i in 0..<unknowns {
      for j in 0..<i { products[i * (unknowns + 1) + j] = products[j * (unknowns + 1) + i] }
      // A direction that changes nothing is not taken.
      products[i * (unknowns + 1) + i] += 1e-3
    }
    guard let solution = solved(products, unknowns) else { return nil }
    let gain = solution[4]
    guard gain > GreySquare.leastGain else { return nil }
    let longest = GreySquare.longestStep
    return solution[..<4].map { min(max($0 / gain, -longest), longest) }
  }

  /// An image with less contrast than so much of the other's is not the same.
  private static let leastGain = 0.05

  /// Pearson's correlation of the details of both where they overlap.
  private func correlation(with other: GreySquare, _ alignment: Alignment) -> Double {
    let side = GreySquare.side
    let places = (0..<side).map { Double($0) / GreySquare.middle - 1 }
    let aligned = GreySquare(
      places.flatMap { v in
        places.map { u in
          Float(
            value(
              x: GreySquare.place(alignment.scaleX * u + alignment.shiftX),
              y: GreySquare.place(alignment.scaleY * v + alignment.shiftY)))
        }
      }
    ).detail.values
    let theirs = other.detail.values
    // Without the outermost points, whose means are made of repeated ones.
    let inner = overlap(alignment).filter {
      let (row, column) = $0.at.quotientAndRemainder(dividingBy: side)
      return min(row, column) > 0 && max(row, column) < side - 1
    }.map(\.at)
    let count = Double(max(1, inner.count))
    let meanA = inner.reduce(0) { $0 + Double(aligned[$1]) } / count
    let meanB = inner.reduce(0) { $0 + Double(theirs[$1]) } / count
    var (product, squaresA, squaresB) = (0.0, 0.0, 0.0)
    for at in inner {
      let (a, b) = (Double(aligned[at]) - meanA, Double(theirs[at]) - meanB)
      product += a * b
      squaresA += a * a
      squaresB += b * b
    }
    let length = (squaresA * squaresB).squareRoot()
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
