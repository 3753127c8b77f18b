/// A square of greys, row after row.
struct GreySquare {
  static let side = PerceptualHash.side
  static let count = side * side

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

  /// The values at places across and down, linear between its points.
  func sampled(across: GreyPlaces, down: GreyPlaces) -> GreySquare {
    let side = GreySquare.side
    var result = [Float](repeating: 0, count: GreySquare.count)
    var line = [Float](repeating: 0, count: side)
    for row in 0..<side {
      interpolate(down, row, into: &line)
      for column in 0..<side { result[row * side + column] = across.value(line, column) }
    }
    return GreySquare(result)
  }

  /// A row between its own.
  func interpolate(_ down: GreyPlaces, _ row: Int, into line: inout [Float]) {
    let side = GreySquare.side
    let (start, part) = (down.points[row] * side, Float(down.parts[row]))
    values.withUnsafeBufferPointer { values in
      line.withUnsafeMutableBufferPointer { line in
        for x in 0..<side {
          line[x] = values[start + x] * (1 - part) + values[start + side + x] * part
        }
      }
    }
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
    // A row with what is repeated at its ends.
    var row = [Float](repeating: 0, count: side + 2 * reach)
    var across = [Float](repeating: 0, count: count)
    var both = across
    values.withUnsafeBufferPointer { values in
      row.withUnsafeMutableBufferPointer { row in
        across.withUnsafeMutableBufferPointer { across in
          both.withUnsafeMutableBufferPointer { both in
            for y in 0..<side {
              let start = y * side
              for x in 0..<row.count {
                row[x] = values[start + min(max(x - reach, 0), side - 1)]
              }
              for (at, weight) in weights.enumerated() {
                for x in 0..<side { across[start + x] += weight * row[x + at] }
              }
            }
            for y in 0..<side {
              for (at, weight) in weights.enumerated() {
                let from = min(max(y + at - reach, 0), side - 1) * side
                for x in 0..<side { both[y * side + x] += weight * across[from + x] }
              }
            }
          }
        }
      }
    }
    return both
  }

  /// The same moved to a mean of 0 and scaled to a length of 1, so that the product of two is their
  /// correlation; of one grey all zero.
  var normalized: GreySquare {
    let mean = Float(values.reduce(0) { $0 + Double($1) } / Double(GreySquare.count))
    let moved = values.map { $0 - mean }
    let length = Float(moved.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
    guard length > 0 else { return GreySquare([Float](repeating: 0, count: GreySquare.count)) }
    return GreySquare(moved.map { $0 / length })
  }

  /// The sum of the products of two squares' points.
  func product(_ other: GreySquare) -> Float {
    var sums = SIMD8<Float>.zero
    values.withUnsafeBufferPointer { own in
      other.values.withUnsafeBufferPointer { other in
        for start in stride(from: 0, to: GreySquare.count, by: 8) {
          for lane in 0..<8 { sums[lane] += own[start + lane] * other[start + lane] }
        }
      }
    }
    return sums.sum()
  }
}

/// Places across or down a square of greys: for each the point before it, and how far it lies on the
/// way from that to the next, 0 to 1.
struct GreyPlaces {
  private(set) var points: [Int]
  private(set) var parts: [Double]

  /// Places from 0 to 31; those outside are moved to the edge.
  init(_ places: [Double]) {
    let last = GreySquare.side - 1
    let clamped = places.map { min(max($0, 0), Double(last)) }
    points = clamped.map { min(Int($0), last - 1) }
    parts = zip(clamped, points).map { $0 - Double($1) }
  }

  /// The value of a row at a place.
  func value(_ line: [Float], _ at: Int) -> Float {
    let (point, part) = (points[at], Float(parts[at]))
    return line[point] * (1 - part) + line[point + 1] * part
  }
}
