package import KernelTypes

/// Adds to a filter gradient the products of a band with the gradient of its output.
///
/// - band: the padded input of the first output pixel.
/// - dy: the gradient of the first output pixel.
/// - gradient: [kernel row][index in the row][channel], all channels.
package func accumulateFilterGradient(
  _ band: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ shape: FilterGradientShape
) {
  let s = PixelSteps(shape)
  var channel = shape.channelRange.lowerBound
  while channel < shape.channelRange.upperBound {
    let left = shape.channelRange.upperBound - channel
    let source = dy + channel
    let target = gradient + channel
    if left >= 2 * lanes {
      addPanel(vectors: 2, lanes, band, source, target, shape, s)
      channel += 2 * lanes
    } else if left >= lanes {
      addPanel(vectors: 1, lanes, band, source, target, shape, s)
      channel += lanes
    } else {
      addLastPanel(left, band, source, target, shape, s)
      channel += left
    }
  }
}

/// The pixels that are summed over, in rows as long as possible: the innermost loop is over a row.
struct PixelSteps {
  var rows, columns: Int
  var bandRowStep, bandPixelStep: Int
  var dyRowStep, dyPixelStep: Int
  /// From the gradient of one index to the next.
  var gradientStep: Int
  /// Adds to the gradient instead of replacing it.
  var accumulates: Bool

  @inline(__always)
  init(_ shape: FilterGradientShape) {
    (rows, columns) = (shape.rows, shape.columns)
    bandRowStep = shape.bandLineStep
    bandPixelStep = shape.bandPixelStep
    dyRowStep = shape.outputRowStep
    dyPixelStep = shape.channels
    gradientStep = shape.channels
    accumulates = shape.accumulates
    if rows == 1 || bandRowStep == columns * bandPixelStep && dyRowStep == columns * dyPixelStep {
      columns *= rows
      rows = 1
    }
  }
}

/// The last channels, if they do not fill a vector: their dy is copied, so that whole vectors can
/// be read.
@inline(never)
func addLastPanel(
  _ channels: Int, _ band: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ shape: FilterGradientShape, _ s: PixelSteps
) {
  let spareCount = widestTile * lanes
  let bytes = 4 * (spareCount + s.rows * s.columns * lanes)
  withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { memory in
    if let spare = memory.baseAddress?.assumingMemoryBound(to: Float.self) {
      let copy = spare + spareCount
      var target = copy
      for row in 0..<s.rows {
        var source = dy + row * s.dyRowStep
        for _ in 0..<s.columns {
          for c in 0..<channels { target[c] = source[c] }
          for c in channels..<lanes { target[c] = 0 }
          source += s.dyPixelStep
          target += lanes
        }
      }
      var steps = s
      steps.dyPixelStep = lanes
      steps.dyRowStep = s.columns * lanes
      addPanel(
        vectors: 1, channels, band, UnsafePointer(copy), gradient, shape, steps, spare: spare)
    }
  }
}

/// All indices of one panel of channels, in tiles of nearly equal sizes.
///
/// - spare: the sums of one tile, for a last vector with only `channels` channels.
@inline(never)
func addPanel(
  vectors: Int, _ channels: Int, _ band: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ shape: FilterGradientShape, _ s: PixelSteps,
  spare: UnsafeMutablePointer<Float>? = nil
) {
  let indices = shape.rowRange.count
  let tiles = (indices + widestTile - 1) / widestTile
  var steps = s
  if spare != nil { (steps.gradientStep, steps.accumulates) = (lanes, false) }
  for kernelRow in 0..<shape.kernelRows {
    var q = shape.rowRange.lowerBound
    for number in 0..<tiles {
      let count = part(number, of: indices, parts: tiles)
      let x = band + kernelRow * shape.bandRowStep + q
      let target = gradient + (kernelRow * shape.rowLength + q) * shape.channels
      if let spare {
        withUnsafePointer(to: steps) { products(vectors, count, x, dy, spare, $0) }
        for i in 0..<count {
          for c in 0..<channels {
            let former = shape.accumulates ? target[i * shape.channels + c] : 0
            target[i * shape.channels + c] = former + spare[i * lanes + c]
          }
        }
      } else {
        withUnsafePointer(to: steps) { products(vectors, count, x, dy, target, $0) }
      }
      q += count
    }
  }
}

/// `indices` x `vectors` accumulators stay in registers over all pixels.
///
/// Both are constants once this is specialised, so every loop over them unrolls; one that does not
/// would move the accumulators to memory.
private enum GradientTile<let vectors: Int, let indices: Int> {
  @inline(never)
  static func add(_ x: P, _ dy: P, _ gradient: M, _ steps: UnsafePointer<PixelSteps>) {
    let s = steps.pointee
    var sums = clearedAccumulators()
    for row in 0..<s.rows {
      var xp = x + row * s.bandRowStep
      var dp = dy + row * s.dyRowStep
      for _ in 0..<s.columns {
        let d0 = load(dp)
        let d1 = vectors == 2 ? load(dp + lanes) : d0
        for i in 0..<indices {
          let a = Vector(repeating: xp[i])
          sums[vectors * i] = multiplyAdd(sums[vectors * i], a, d0)
          if vectors == 2 { sums[2 * i + 1] = multiplyAdd(sums[2 * i + 1], a, d1) }
        }
        xp += s.bandPixelStep
        dp += s.dyPixelStep
      }
    }
    // Chosen once: with a branch per sum the loop would not unroll.
    if s.accumulates {
      for i in 0..<indices {
        let p = gradient + i * s.gradientStep
        store(p, load(p) + sums[vectors * i])
        if vectors == 2 { store(p + lanes, load(p + lanes) + sums[2 * i + 1]) }
      }
      return
    }
    for i in 0..<indices {
      let p = gradient + i * s.gradientStep
      store(p, sums[vectors * i])
      if vectors == 2 { store(p + lanes, sums[2 * i + 1]) }
    }
  }
}

/// `indices` x `vectors`, for 1 to `widestTile` indices: each a function of its own, since Swift
/// inlines only so much into one.
@inline(__always)
private func products(
  _ vectors: Int, _ indices: Int, _ x: P, _ dy: P, _ g: M, _ s: UnsafePointer<PixelSteps>
) {
  switch 100 * vectors + indices {
  case 201: GradientTile<2, 1>.add(x, dy, g, s)
  case 202: GradientTile<2, 2>.add(x, dy, g, s)
  case 203: GradientTile<2, 3>.add(x, dy, g, s)
  case 204: GradientTile<2, 4>.add(x, dy, g, s)
  case 205: GradientTile<2, 5>.add(x, dy, g, s)
  case 206: GradientTile<2, 6>.add(x, dy, g, s)
  case 101: GradientTile<1, 1>.add(x, dy, g, s)
  case 102: GradientTile<1, 2>.add(x, dy, g, s)
  case 103: GradientTile<1, 3>.add(x, dy, g, s)
  case 104: GradientTile<1, 4>.add(x, dy, g, s)
  case 105: GradientTile<1, 5>.add(x, dy, g, s)
  case 106: GradientTile<1, 6>.add(x, dy, g, s)
  #if KERNELS_AVX512 || arch(arm64)
    case 207: GradientTile<2, 7>.add(x, dy, g, s)
    case 208: GradientTile<2, 8>.add(x, dy, g, s)
    case 209: GradientTile<2, 9>.add(x, dy, g, s)
    case 210: GradientTile<2, 10>.add(x, dy, g, s)
    case 211: GradientTile<2, 11>.add(x, dy, g, s)
    case 212: GradientTile<2, 12>.add(x, dy, g, s)
    case 107: GradientTile<1, 7>.add(x, dy, g, s)
    case 108: GradientTile<1, 8>.add(x, dy, g, s)
    case 109: GradientTile<1, 9>.add(x, dy, g, s)
    case 110: GradientTile<1, 10>.add(x, dy, g, s)
    case 111: GradientTile<1, 11>.add(x, dy, g, s)
    case 112: GradientTile<1, 12>.add(x, dy, g, s)
  #endif
  default: break
  }
}
