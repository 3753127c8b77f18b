/// The source pixels of each target pixel of one axis, and their weights.
struct ResampleTable: Sendable {
  struct Key: Sendable, Hashable {
    var filter: ResizeFilter
    /// The part of the image and the pixels it becomes.
    var axis: ResizeGeometry.Axis
    /// Full-size pixels that a decoded pixel is the mean of, 1 for full size.
    var shrink = 1
  }

  /// The first source pixel of each target pixel.
  private(set) var firsts: [Int32] = []
  private(set) var counts: [Int32] = []
  /// Weights [target][taps], 22 bits after the point.
  private(set) var coefficients: [Int32] = []
  /// The length of a row of `coefficients`.
  let taps: Int
  /// Coefficients for vectors of five pixels, as `ImageKernels.ResampleRow` wants them.
  let rowCoefficients: [Int32]
  /// Vectors a target pixel in `rowCoefficients`.
  let vectors: Int
  /// The offset in bytes of each target pixel's first source pixel.
  let starts: [Int32]

  /// Bytes of memory, about.
  var byteCount: Int { 4 * (coefficients.count + rowCoefficients.count + 3 * firsts.count) }

  /// The source pixels that any target pixel is made of.
  var sources: Range<Int> {
    let lower = firsts.min() ?? 0
    let upper = zip(firsts, counts).map { $0 + $1 }.max() ?? 0
    return Int(lower)..<Int(upper)
  }

  init(_ key: Key) {
    let windows = (0..<key.axis.target).map { FilterWindow(key.filter, key.axis, target: $0) }
    let fitted = key.shrink == 1 ? windows : ShrunkFit(key).fit(windows)
    taps = fitted.map(\.weights.count).max() ?? 0
    vectors = (taps + 4) / 5
    var coefficients = [Int32](repeating: 0, count: taps * fitted.count)
    var rows = [Int32](repeating: 0, count: 16 * vectors * fitted.count)
    for (target, window) in fitted.enumerated() {
      for (tap, weight) in window.weights.enumerated() {
        let fixed = weight * Double(1 << 22)
        let value = Int32(fixed < 0 ? fixed - 0.5 : fixed + 0.5)
        coefficients[target * taps + tap] = value
        let at = 16 * (target * vectors + tap / 5) + 3 * (tap % 5)
        for channel in 0..<3 { rows[at + channel] = value }
      }
    }
    self.coefficients = coefficients
    rowCoefficients = rows
    firsts = fitted.map { Int32($0.first) }
    counts = fitted.map { Int32($0.weights.count) }
    starts = firsts.map { 3 * $0 }
  }
}

/// The weights of the source pixels of one target pixel; their sum is 1.
struct FilterWindow {
  var first: Int
  var weights: [Double]

  init(first: Int, weights: [Double]) {
    self.first = first
    self.weights = weights
  }

  /// A filter's weights for full-size pixels.
  ///
  /// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc` (src/libImaging/Resample.c).
  init(_ filter: ResizeFilter, _ axis: ResizeGeometry.Axis, target: Int) {
    let scale = axis.scale
    let filterScale = max(1, scale)
    let inverse = 1 / filterScale
    let support = FilterWindow.support(filter) * filterScale
    let center = axis.lower + (Double(target) + 0.5) * scale
    first = max(0, Int(center - support + 0.5))
    let end = max(first, min(axis.size, Int(center + support + 0.5)))
    weights = []
    weights.reserveCapacity(end - first)
    var sum = 0.0
    for pixel in first..<end {
      let weight = FilterWindow.weight(filter, (Double(pixel) - center + 0.5) * inverse)
      weights.append(weight)
      sum += weight
    }
    if sum != 0 {
      for tap in weights.indices { weights[tap] /= sum }
    }
  }

  private static func support(_ filter: ResizeFilter) -> Double {
    switch filter {
    case .nearest, .area: 0.5
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  private static func weight(_ filter: ResizeFilter, _ distance: Double) -> Double {
    let x = abs(distance)
    switch filter {
    case .nearest, .area:
      return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .bilinear:
      return max(0, 1 - x)
    case .bicubic:
      // Keys, "Cubic convolution interpolation" (1981), a = -0.5.
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}
