package import KernelTypes

// Depthwise convolution: each channel has a kernel of its own. Maps and filters hold the channels
// side by side, so a vector is some channels of one pixel, and a tile is some pixels of a row, or
// some vectors of one pixel where a row has few.

/// The most pixels of a tile.
@inline(__always) private var widestRow: Int { 8 }

/// Channels that are computed for all pixels before the next ones, so that their rows stay in the
/// first-level cache.
@inline(__always) private var channelBlock: Int { 64 }

/// Correlates a padded band with one kernel a channel and writes `shape.rows` output rows.
///
/// `shape.rowLength` is the number of kernel columns; from one to the next it is `channels` floats
/// in the band and in the weights. At the edge of a map it reads what is there, so that the map
/// need not be copied with zeros around it.
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

/// The part of a kernel that meets the map, and the distance of two rows of its weights.
private struct Taps {
  var rows: Int
  var columns: Int
  var weightRowStep: Int
}

/// The taps of one direction that exist, if the first of `count` is at `place` of the band.
@inline(__always)
private func existing(_ count: Int, at place: Int, in band: Range<Int>?) -> Range<Int> {
  guard let band else { return 0..<count }
  let first = limited(band.lowerBound - place, 0, count)
  return first..<limited(band.upperBound - place, first, count)
}

/// The pixels of a row whose taps all exist.
@inline(__always)
private func inner(_ s: S) -> Range<Int> {
  guard let band = s.bandColumns else { return 0..<s.columns }
  let stride = s.bandPixelStep / s.channels
  let first = limited((band.lowerBound + stride - 1) / stride, 0, s.columns)
  let room = band.upperBound - s.rowLength
  return first..<limited(room < 0 ? 0 : room / stride + 1, first, s.columns)
}

/// The number in least...most that is nearest to `value`.
@inline(__always)
private func limited(_ value: Int, _ least: Int, _ most: Int) -> Int {
  value < least ? least : value > most ? most : value
}

/// Calls `body` with the parts of a row that have the same taps, and with a part of a kernel.
@inline(__always)
private func forEachTile(
  _ s: S,
  _ body: (_ row: Int, _ column: Int, _ columns: Int, _ rows: Range<Int>, _ taps: Range<Int>)
    -> Void
) {
  let inner = inner(s)
  let stride = s.bandColumns == nil ? 1 : s.bandPixelStep / s.channels
  let lineStride = s.bandRows == nil ? 1 : s.bandLineStep / s.bandRowStep
  var column = 0
  while column < s.columns {
    var columns = 1
    if inner.contains(column) {
      let left = inner.upperBound - column
      columns = part(0, of: left, parts: (left + widestRow - 1) / widestRow)
    }
    let taps = existing(s.rowLength, at: column * stride, in: s.bandColumns)
    for row in 0..<s.rows {
      let rows = existing(s.kernelRows, at: row * lineStride, in: s.bandRows)
      body(row, column, columns, rows, taps)
    }
    column += columns
  }
}

/// All pixels of some channels, which end where `lanes` channels or more do.
@inline(__always)
private func correlateBlock(
  _ first: Int, _ end: Int, _ band: P, _ weights: P, _ bias: P?, _ output: M, _ s: S, _ spare: M
) {
  let vectors = (end - first) / lanes
  let rest = (end - first) % lanes
  forEachTile(s) { row, column, columns, kernelRows, kernelColumns in
    let taps = Taps(
      rows: kernelRows.count, columns: kernelColumns.count,
      weightRowStep: s.rowLength * s.channels)
    let x =
      band + row * s.bandLineStep + column * s.bandPixelStep
      + kernelRows.lowerBound * s.bandRowStep + kernelColumns.lowerBound * s.channels
    let w =
      weights + kernelRows.lowerBound * taps.weightRowStep + kernelColumns.lowerBound * s.channels
    let y = output + row * s.outputRowStep + column * s.outputPixelStep
    let begin = s.accumulates ? UnsafePointer(y) : bias
    let beginStep = s.accumulates ? s.outputPixelStep : 0
    if vectors > 0 {
      correlateRow(
        columns, vectors, x + first, w + first, begin.map { $0 + first }, beginStep, y + first,
        s.outputPixelStep, taps, s)
    }
    if rest > 0 {
      // The last vector reaches back where the channels do not fill it. What is there already
      // stays: the vector is put elsewhere, and the channels that are new are copied.
      let start = end - lanes
      correlateRow(
        columns, 1, x + start, w + start, begin.map { $0 + start }, beginStep, spare, lanes, taps,
        s)
      for pixel in 0..<columns {
        for lane in (lanes - rest)..<lanes {
          y[pixel * s.outputPixelStep + start + lane] = spare[pixel * lanes + lane]
        }
      }
    }
  }
}

/// A function for each size of a tile, so that its sums are registers.
@inline(__always)
private func correlateRow(
  _ columns: Int, _ vectors: Int, _ x: P, _ w: P, _ begin: P?, _ beginStep: Int, _ y: M,
  _ step: Int, _ taps: Taps, _ s: S
) {
  switch columns {
  case 1: DepthwiseRow<1, 4>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  case 2: DepthwiseRow<2, 4>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  case 3: DepthwiseRow<3, 4>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  case 4: DepthwiseRow<4, 2>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  case 5: DepthwiseRow<5, 2>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  case 6: DepthwiseRow<6, 2>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  #if KERNELS_AVX512 || arch(arm64)
    case 7: DepthwiseRow<7, 2>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
    default: DepthwiseRow<8, 2>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  #else
    case 7: DepthwiseRow<7, 1>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
    default: DepthwiseRow<8, 1>.correlate(vectors, x, w, begin, beginStep, y, step, taps, s)
  #endif
  }
}

/// Some vectors of channels of `columns` neighbouring pixels, `group` vectors at once: a sum waits
/// for its last addition, so that few pixels alone would leave the units idle.
private enum DepthwiseRow<let columns: Int, let group: Int> {
  @inline(__always)
  static func correlate(
    _ vectors: Int, _ x: P, _ w: P, _ begin: P?, _ beginStep: Int, _ y: M, _ step: Int,
    _ taps: Taps, _ s: S
  ) {
    var vector = 0
    while vector + group <= vectors {
      let own = vector * lanes
      DepthwiseTile<columns, group>.correlate(
        x + own, w + own, begin.map { $0 + own }, beginStep, y + own, step, taps, s)
      vector += group
    }
    while vector < vectors {
      let own = vector * lanes
      DepthwiseTile<columns, 1>.correlate(
        x + own, w + own, begin.map { $0 + own }, beginStep, y + own, step, taps, s)
      vector += 1
    }
  }
}

/// `vectors` vectors of channels of `columns` neighbouring pixels.
private enum DepthwiseTile<let columns: Int, let vectors: Int> {
  @inline(never)
  static func correlate(
    _ x: P, _ weights: P, _ begin: P?, _ beginStep: Int, _ y: M, _ step: Int, _ taps: Taps, _ s: S
  ) {
    var sums = clearedAccumulators()
    if let begin {
      for v in 0..<vectors {
        for c in 0..<columns {
          sums[v * columns + c] = load(begin + v * lanes + c * beginStep)
        }
      }
    }
    let pixelStep = s.bandPixelStep
    let tapStep = s.channels
    for kernelRow in 0..<taps.rows {
      var w = weights + kernelRow * taps.weightRowStep
      var xp = x + kernelRow * s.bandRowStep
      for _ in 0..<taps.columns {
        for v in 0..<vectors {
          let b = load(w + v * lanes)
          for c in 0..<columns {
            let i = v * columns + c
            sums[i] = multiplyAdd(sums[i], load(xp + v * lanes + c * pixelStep), b)
          }
        }
        xp += tapStep
        w += tapStep
      }
    }
    let floor = Vector(repeating: s.rectifies ? 0 : -Float.infinity)
    let ceiling = Vector(repeating: s.ceiling)
    for v in 0..<vectors {
      for c in 0..<columns {
        let sum = raised(lowered(sums[v * columns + c], ceiling), floor)
        store(y + v * lanes + c * step, sum)
      }
    }
  }
}

/// All pixels of one channel, where there are fewer channels than lanes.
@inline(never)
func correlateChannel(_ c: Int, _ band: P, _ weights: P, _ bias: P?, _ output: M, _ s: S) {
  let floor = s.rectifies ? 0 : -Float.infinity
  forEachTile(s) { row, column, columns, kernelRows, kernelColumns in
    for pixel in column..<(column + columns) {
      let y = output + row * s.outputRowStep + pixel * s.outputPixelStep + c
      let x = band + row * s.bandLineStep + pixel * s.bandPixelStep + c
      var sum = s.accumulates ? y[0] : bias?[c] ?? 0
      for kernelRow in kernelRows {
        for tap in kernelColumns {
          let w = weights[(kernelRow * s.rowLength + tap) * s.channels + c]
          sum = multiplyAdd(sum, x[kernelRow * s.bandRowStep + tap * s.channels], w)
        }
      }
      let lowered = sum > s.ceiling ? s.ceiling : sum
      y[0] = lowered < floor ? floor : lowered
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
