/// Weights of decoded pixels that stand in for a filter's weights of full-size pixels.
///
/// A JPEG decoded at 1/d has the means of d x d pixels (libjpeg's reduced transforms are the full
/// ones followed by averaging, jidctred.c). Filtering those with the same filter filters twice
/// and blurs. These weights are chosen instead so that the expected squared difference from the
/// filter over all pixels is least, their sum being 1: with P the averaging, w the filter's
/// weights and C the covariance of neighbouring pixels, v = (P C P')^-1 P C w (generalized least
/// squares). C is that of a first-order process with correlation 0.95 from pixel to pixel, the
/// usual model of photographs (Jain, "Fundamentals of Digital Image Processing", 1989, 2.9).
struct ShrunkFit {
  private static let correlation = 0.95

  private let shrink: Int
  private let pixels: Int
  /// The covariance of two decoded pixels so many apart.
  private let between: [Double]
  /// The covariance of a decoded pixel and the full-size pixel so far behind its first one.
  private let powers: [Double]

  init(_ key: ResampleTable.Key) {
    shrink = key.shrink
    pixels = (key.axis.size + key.shrink - 1) / key.shrink
    // Windows reach a few decoded pixels; covariances further off are nothing.
    var powers = [1.0]
    let reach = 4 * Int(key.axis.scale.rounded(.up)) + 8 * key.shrink
    for _ in 0..<reach { powers.append((powers.last ?? 1) * ShrunkFit.correlation) }
    self.powers = powers
    let count = reach / shrink
    between = (0..<count).map { [shrink] apart in
      var sum = 0.0
      for a in 0..<shrink {
        for b in 0..<shrink { sum += powers[min(reach, abs(apart * shrink + a - b))] }
      }
      return sum / Double(shrink * shrink)
    }
  }

  /// The weights of decoded pixels for each window of full-size pixels.
  func fit(_ windows: [FilterWindow]) -> [FilterWindow] {
    var factors: [Int: Factor] = [:]
    return windows.map { window in
      // One pixel more on each side makes up for what the averaging blurs.
      let lower = (window.first) / shrink
      let upper = (window.first + max(1, window.weights.count) - 1) / shrink
      let first = max(0, lower - 1)
      let count = min(pixels - 1, upper + 1) - first + 1
      let factor = factors[count] ?? Factor(count) { between[$0] }
      factors[count] = factor
      var fitted = factor.solve(covariances(window, first, count))
      let missing = (1 - fitted.reduce(0, +)) / factor.uniform.reduce(0, +)
      for pixel in fitted.indices { fitted[pixel] += missing * factor.uniform[pixel] }
      return FilterWindow(first: first, weights: fitted)
    }
  }

  /// P C w: the covariance of each decoded pixel with what the filter makes.
  private func covariances(_ window: FilterWindow, _ first: Int, _ count: Int) -> [Double] {
    (first..<(first + count)).map { pixel in
      let start = pixel * shrink
      var sum = 0.0
      for (tap, weight) in window.weights.enumerated() {
        let position = window.first + tap - start
        var covariance = 0.0
        for part in 0..<shrink {
          covariance += powers[min(powers.count - 1, abs(position - part))]
        }
        sum += weight * covariance
      }
      return sum / Double(shrink)
    }
  }

  /// The Cholesky factor of a symmetric matrix whose elements depend on their distance from the
  /// diagonal.
  struct Factor {
    private let count: Int
    private var lower: [Double]
    /// The solution for a right side of ones.
    private(set) var uniform: [Double] = []

    init(_ count: Int, _ element: (Int) -> Double) {
      self.count = count
      lower = [Double](repeating: 0, count: count * count)
      for row in 0..<count {
        for column in 0...row {
          var sum = element(row - column)
          for k in 0..<column { sum -= lower[row * count + k] * lower[column * count + k] }
          lower[row * count + column] =
            row == column ? sum.squareRoot() : sum / lower[column * count + column]
        }
      }
      uniform = solve([Double](repeating: 1, count: count))
    }

    /// The x with (L L') x = `right`.
    func solve(_ right: [Double]) -> [Double] {
      var x = right
      for row in 0..<count {
        for k in 0..<row { x[row] -= lower[row * count + k] * x[k] }
        x[row] /= lower[row * count + row]
      }
      for row in (0..<count).reversed() {
        for k in (row + 1)..<count { x[row] -= lower[k * count + row] * x[k] }
        x[row] /= lower[row * count + row]
      }
      return x
    }
  }
}
