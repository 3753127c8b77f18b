package import KernelTypes

// Depthwise convolution: each channel has a kernel of its own. Maps and filters hold the channels
// side by side, so a vector is some channels of one pixel, and a tile is some pixels of a row, or
// some vectors of one pixel where a row has few.

/// Pixels of a tile.
@inline(__always) private var widestRow: Int { 8 }

/// Channels that are computed for all pixels before the next ones, so that their rows stay in the
/// first-level cache.
@inline(__always) private var channelBlock: Int { 64 }

/// Correlates a padded band with one kernel a channel and writes `shape.rows` output rows.
///
/// `shape.rowLength` is the number of kernel columns; from one to the next it is `channels` floats
/// in the band and in the weights.
/// - band: the input of the first output pixel.
/// - weights: [kernel row][kernel column][channel].
/// - bias: one number a channel, or nil.
package func correlateDepthwise(
  _ band: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ shape: CorrelationShape
) {
  if shape.rows <= 0 || shape.columns <= 0 { return }
  let channels = shape.channels
  guard channels >= lanes else {
    for c in 0..<channels { correlateChannel(c, band, weights, bias, output, shape) }
    return
  }
  withUnsafeTemporaryAllocation(byteCount: widestRow * lanes * 4, alignment: 64) { memory in
    if let spare = memory.baseAddress?.assumingMemoryBound(to: Float.self) {
      var first = 0
      while first < channels {
        let end = first + channelBlock < channels ? first + channelBlock : channels
        correlateBlock(first, end, band, weights, bias, output, shape, spare)
        first = end
      }
    }
  }
}

/// All pixels of some channels, which end where `lanes` channels or more do.
@inline(__always)
private func correlateBlock(
  _ first: Int, _ end: Int, _ band: P, _ weights: P, _ bias: P?, _ output: M, _ s: S, _ spare: M
) {
  let strips = (s.columns + widestRow - 1) / widestRow
  var column = 0
  for strip in 0..<strips {
    let columns = part(strip, of: s.columns, parts: strips)
    for row in 0..<s.rows {
      let x = band + row * s.bandLineStep + column * s.bandPixelStep
      let y = output + row * s.outputRowStep + column * s.outputPixelStep
      var c = first
      while c < end {
        // The last vector reaches back where the channels do not fill it. What is there already
        // stays: the vector is put elsewhere, and the channels that are new are copied.
        let start = end - c < lanes ? end - lanes : c
        let own = y + start
        let begin = s.accumulates ? UnsafePointer(own) : bias.map { $0 + start }
        let beginStep = s.accumulates ? s.outputPixelStep : 0
        let isWhole = start == c
        correlateRow(
          columns, x + start, weights + start, begin, beginStep, isWhole ? own : spare,
          isWhole ? s.outputPixelStep : lanes, s)
        if !isWhole {
          for pixel in 0..<columns {
            for lane in (c - start)..<lanes {
              own[pixel * s.outputPixelStep + lane] = spare[pixel * lanes + lane]
            }
          }
        }
        c = start + lanes
      }
    }
    column += columns
  }
}

/// A function for each number of pixels, so that its sums are registers.
@inline(__always)
private func correlateRow(
  _ columns: Int, _ x: P, _ w: P, _ begin: P?, _ beginStep: Int, _ y: M, _ step: Int, _ s: S
) {
  switch columns {
  case 1: DepthwiseRow<1>.correlate(x, w, begin, beginStep, y, step, s)
  case 2: DepthwiseRow<2>.correlate(x, w, begin, beginStep, y, step, s)
  case 3: DepthwiseRow<3>.correlate(x, w, begin, beginStep, y, step, s)
  case 4: DepthwiseRow<4>.correlate(x, w, begin, beginStep, y, step, s)
  case 5: DepthwiseRow<5>.correlate(x, w, begin, beginStep, y, step, s)
  case 6: DepthwiseRow<6>.correlate(x, w, begin, beginStep, y, step, s)
  case 7: DepthwiseRow<7>.correlate(x, w, begin, beginStep, y, step, s)
  default: DepthwiseRow<8>.correlate(x, w, begin, beginStep, y, step, s)
  }
}

/// One vector of channels of `columns` neighbouring pixels.
private enum DepthwiseRow<let columns: Int> {
  @inline(never)
  static func correlate(
    _ x: P, _ weights: P, _ begin: P?, _ beginStep: Int, _ y: M, _ step: Int, _ s: S
  ) {
    var sums = clearedAccumulators()
    if let begin {
      for c in 0..<columns { sums[c] = load(begin + c * beginStep) }
    }
    var w = weights
    let pixelStep = s.bandPixelStep
    let tapStep = s.channels
    for kernelRow in 0..<s.kernelRows {
      var xp = x + kernelRow * s.bandRowStep
      for _ in 0..<s.rowLength {
        let b = load(w)
        for c in 0..<columns { sums[c] = multiplyAdd(sums[c], load(xp + c * pixelStep), b) }
        xp += tapStep
        w += tapStep
      }
    }
    let floor = Vector(repeating: s.rectifies ? 0 : -Float.infinity)
    for c in 0..<columns {
      store(y + c * step, sums[c].replacing(with: floor, where: sums[c] .< floor))
    }
  }
}

/// All pixels of one channel, where there are fewer channels than lanes.
@inline(never)
func correlateChannel(_ c: Int, _ band: P, _ weights: P, _ bias: P?, _ output: M, _ s: S) {
  for row in 0..<s.rows {
    for column in 0..<s.columns {
      let y = output + row * s.outputRowStep + column * s.outputPixelStep + c
      let x = band + row * s.bandLineStep + column * s.bandPixelStep + c
      var sum = s.accumulates ? y[0] : bias?[c] ?? 0
      for kernelRow in 0..<s.kernelRows {
        for tap in 0..<s.rowLength {
          let w = weights[(kernelRow * s.rowLength + tap) * s.channels + c]
          sum = multiplyAdd(sum, x[kernelRow * s.bandRowStep + tap * s.channels], w)
        }
      }
      y[0] = s.rectifies && sum < 0 ? 0 : sum
    }
  }
}

/// Adds to a depthwise filter gradient:
/// `gradient[row][column][channel] += Σ band[pixel + row, column][channel] · dy[pixel][channel]`.
///
/// `shape.rowLength` is the number of kernel columns; the channels are those of `channelRange`.
package func accumulateDepthwiseGradient(
  _ band: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ shape: FilterGradientShape
) {
  let channels = shape.channelRange
  for kernelRow in 0..<shape.kernelRows {
    var tap = 0
    while tap < shape.rowLength {
      let left = shape.rowLength - tap
      let taps = left < mostTaps ? left : mostTaps
      let x = band + kernelRow * shape.bandRowStep + tap * shape.channels
      let g = gradient + (kernelRow * shape.rowLength + tap) * shape.channels
      var c = channels.lowerBound
      while c < channels.upperBound {
        c += sumTaps(taps, channels.upperBound - c, x + c, dy + c, g + c, shape)
      }
      tap += taps
    }
  }
}

/// Taps of a kernel row that are summed together.
@inline(__always) private var mostTaps: Int { 7 }

/// Sums as many vectors of channels as there are registers for; gives how many channels these are.
@inline(__always)
private func sumTaps(
  _ taps: Int, _ left: Int, _ x: P, _ dy: P, _ g: M, _ s: FilterGradientShape
) -> Int {
  if left < lanes {
    for c in 0..<left {
      for tap in 0..<taps { sumTap(x + tap * s.channels + c, dy + c, g + tap * s.channels + c, s) }
    }
    return left
  }
  if left >= 2 * lanes {
    switch taps {
    case 1: DepthwiseTaps<1, 2>.sum(x, dy, g, s)
    case 2: DepthwiseTaps<2, 2>.sum(x, dy, g, s)
    case 3: DepthwiseTaps<3, 2>.sum(x, dy, g, s)
    case 4: DepthwiseTaps<4, 2>.sum(x, dy, g, s)
    case 5: DepthwiseTaps<5, 2>.sum(x, dy, g, s)
    case 6: DepthwiseTaps<6, 2>.sum(x, dy, g, s)
    default:
      DepthwiseTaps<7, 1>.sum(x, dy, g, s)
      return lanes
    }
    return 2 * lanes
  }
  switch taps {
  case 1: DepthwiseTaps<1, 1>.sum(x, dy, g, s)
  case 2: DepthwiseTaps<2, 1>.sum(x, dy, g, s)
  case 3: DepthwiseTaps<3, 1>.sum(x, dy, g, s)
  case 4: DepthwiseTaps<4, 1>.sum(x, dy, g, s)
  case 5: DepthwiseTaps<5, 1>.sum(x, dy, g, s)
  case 6: DepthwiseTaps<6, 1>.sum(x, dy, g, s)
  default: DepthwiseTaps<7, 1>.sum(x, dy, g, s)
  }
  return lanes
}

/// Sums over pixels for `taps` neighbouring taps of a kernel row and `vectors` vectors of channels.
private enum DepthwiseTaps<let taps: Int, let vectors: Int> {
  @inline(never)
  static func sum(_ band: P, _ gradient: P, _ target: M, _ s: FilterGradientShape) {
    var sums = clearedAccumulators()
    for row in 0..<s.rows {
      var x = band + row * s.bandLineStep
      var dy = gradient + row * s.outputRowStep
      for _ in 0..<s.columns {
        for v in 0..<vectors {
          let d = load(dy + v * lanes)
          for tap in 0..<taps {
            let i = tap * vectors + v
            sums[i] = multiplyAdd(sums[i], load(x + tap * s.channels + v * lanes), d)
          }
        }
        x += s.bandPixelStep
        dy += s.channels
      }
    }
    for tap in 0..<taps {
      for v in 0..<vectors {
        let p = target + tap * s.channels + v * lanes
        store(p, load(p) + sums[tap * vectors + v])
      }
    }
  }
}

/// The sum of one tap and channel.
@inline(never)
func sumTap(_ band: P, _ gradient: P, _ target: M, _ s: FilterGradientShape) {
  var sum: Float = 0
  for row in 0..<s.rows {
    for column in 0..<s.columns {
      sum = multiplyAdd(
        sum, band[row * s.bandLineStep + column * s.bandPixelStep],
        gradient[row * s.outputRowStep + column * s.channels])
    }
  }
  target[0] += sum
}
