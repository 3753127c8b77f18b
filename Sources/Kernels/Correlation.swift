package import KernelInterface

/// Correlates a padded band with packed filters and writes `shape.rows` output rows.
///
/// - band: the input of the first output pixel.
/// - weights: panels of two vectors of channels, the last of one where that is enough; in a panel
///   [kernel row][index in the row][channel], zeros behind the last channel.
/// - bias: one number a channel, padded like the panels, or nil.
/// - output: the first output pixel.
package func correlateBand(
  _ band: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ shape: CorrelationShape
) {
  let bytes = 2 * widestTile * lanes * 4
  withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { memory in
    if let spare = memory.baseAddress?.assumingMemoryBound(to: Float.self) {
      var channel = 0
      var panel = weights
      while channel < shape.channels {
        let left = shape.channels - channel
        let width = left > lanes ? 2 * lanes : lanes
        let biasOfPanel = bias.map { $0 + channel }
        for row in 0..<shape.rows {
          let x = band + row * shape.bandLineStep
          let y = output + row * shape.outputRowStep + channel
          if width > lanes {
            correlateRow(vectors: 2, x, panel, biasOfPanel, y, left, shape, spare)
          } else {
            correlateRow(vectors: 1, x, panel, biasOfPanel, y, left, shape, spare)
          }
        }
        channel += width
        panel += shape.weightStep == nil ? shape.kernelRows * shape.rowLength * width : width
      }
    }
  }
}

/// One output row of one panel, in tiles that cover it exactly.
///
/// A tile reads and writes whole vectors. Where the panel's last channels do not fill them, it
/// works on `spare`, and the channels that exist are copied.
@inline(__always)
private func correlateRow(
  vectors: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>, _ channels: Int,
  _ shape: CorrelationShape, _ spare: UnsafeMutablePointer<Float>
) {
  var x = x
  var y = y
  var left = shape.columns
  let width = vectors * lanes
  while left > 0 {
    let pixels = tileWidth(left)
    if channels >= width {
      var start: UnsafePointer<Float>? = bias
      var startStep = 0
      if shape.accumulates {
        start = UnsafePointer(y)
        startStep = shape.outputPixelStep
      }
      correlateTile(vectors, pixels, x, w, start, startStep, y, shape.outputPixelStep, shape)
    } else {
      var start: UnsafePointer<Float>? = bias
      if shape.accumulates {
        start = UnsafePointer(spare)
        for i in 0..<pixels {
          for c in 0..<channels { spare[i * width + c] = y[i * shape.outputPixelStep + c] }
        }
      }
      correlateTile(
        vectors, pixels, x, w, start, shape.accumulates ? width : 0, spare, width, shape)
      for i in 0..<pixels {
        for c in 0..<channels { y[i * shape.outputPixelStep + c] = spare[i * width + c] }
      }
    }
    x += pixels * shape.bandPixelStep
    y += pixels * shape.outputPixelStep
    left -= pixels
  }
}

/// The pixels of the widest tile that `left` pixels fill.
@inline(__always)
private func tileWidth(_ left: Int) -> Int {
  if left >= widestTile { return widestTile }
  if left >= 8 { return 8 }
  if left >= 4 { return 4 }
  return left >= 2 ? 2 : 1
}

@inline(__always)
private func correlateTile(
  _ vectors: Int, _ pixels: Int, _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M,
  _ yStep: Int, _ s: S
) {
  if vectors == 2 {
    switch pixels {
    case 1: tile1x2(x, w, start, startStep, y, yStep, s)
    case 2: tile2x2(x, w, start, startStep, y, yStep, s)
    case 4: tile4x2(x, w, start, startStep, y, yStep, s)
    case widestTile: tileWidest2(x, w, start, startStep, y, yStep, s)
    default: tile8x2(x, w, start, startStep, y, yStep, s)
    }
  } else {
    switch pixels {
    case 1: tile1x1(x, w, start, startStep, y, yStep, s)
    case 2: tile2x1(x, w, start, startStep, y, yStep, s)
    case 4: tile4x1(x, w, start, startStep, y, yStep, s)
    case widestTile: tileWidest1(x, w, start, startStep, y, yStep, s)
    default: tile8x1(x, w, start, startStep, y, yStep, s)
    }
  }
}

/// `pixels` x `vectors` accumulators stay in registers over the whole kernel.
///
/// Both counts are constants once this is inlined, so every loop over them unrolls. Nothing here
/// may index the accumulators by a number known only at run time: they would move to memory.
/// - start: what the sums begin with, whole vectors `startStep` apart a pixel; nil for zero.
@inline(__always)
private func tile(
  pixels: Int, vectors: Int, _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
  _ start: UnsafePointer<Float>?, _ startStep: Int, _ y: UnsafeMutablePointer<Float>,
  _ yStep: Int, _ shape: CorrelationShape
) {
  var sums = clearedAccumulators()
  if let start {
    for i in 0..<pixels {
      sums[i * vectors] = load(start + i * startStep)
      if vectors == 2 { sums[i * vectors + 1] = load(start + i * startStep + lanes) }
    }
  }
  var w = weights
  let pixelStep = shape.bandPixelStep
  let weightStep = shape.weightStep ?? vectors * lanes
  for kernelRow in 0..<shape.kernelRows {
    var xp = x + kernelRow * shape.bandRowStep
    for _ in 0..<shape.rowLength {
      if vectors == 2 {
        let b0 = load(w)
        let b1 = load(w + lanes)
        for i in 0..<pixels {
          let a = Vector(repeating: xp[i * pixelStep])
          sums[2 * i] = multiplyAdd(sums[2 * i], a, b0)
          sums[2 * i + 1] = multiplyAdd(sums[2 * i + 1], a, b1)
        }
      } else {
        let b = load(w)
        for i in 0..<pixels {
          sums[i] = multiplyAdd(sums[i], Vector(repeating: xp[i * pixelStep]), b)
        }
      }
      xp += 1
      w += weightStep
    }
  }
  // Nothing is below minus infinity: one way for results that are rectified and that are not.
  let floor = Vector(repeating: shape.rectifies ? 0 : -Float.infinity)
  for i in 0..<pixels {
    let a = sums[i * vectors]
    store(y + i * yStep, a.replacing(with: floor, where: a .< floor))
    if vectors == 2 {
      let b = sums[i * vectors + 1]
      store(y + i * yStep + lanes, b.replacing(with: floor, where: b .< floor))
    }
  }
}

typealias P = UnsafePointer<Float>
typealias M = UnsafeMutablePointer<Float>
typealias S = CorrelationShape

@inline(never) func tileWidest2(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: widestTile, vectors: 2, x, w, start, startStep, y, yStep, s)
}
@inline(never) func tileWidest1(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: widestTile, vectors: 1, x, w, start, startStep, y, yStep, s)
}
#if KERNELS_AVX512 || arch(arm64)
  @inline(never) func tile8x2(
    _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
  ) {
    tile(pixels: 8, vectors: 2, x, w, start, startStep, y, yStep, s)
  }
#else
  // Never reached: the widest tile here is narrower than eight pixels.
  @inline(__always) private func tile8x2(
    _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
  ) {}
#endif
@inline(never) func tile8x1(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 8, vectors: 1, x, w, start, startStep, y, yStep, s)
}
@inline(never) func tile4x2(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 4, vectors: 2, x, w, start, startStep, y, yStep, s)
}
@inline(never) func tile4x1(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 4, vectors: 1, x, w, start, startStep, y, yStep, s)
}
@inline(never) func tile2x2(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 2, vectors: 2, x, w, start, startStep, y, yStep, s)
}
@inline(never) func tile2x1(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 2, vectors: 1, x, w, start, startStep, y, yStep, s)
}
@inline(__always) func tile1x2(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 1, vectors: 2, x, w, start, startStep, y, yStep, s)
}
@inline(__always) func tile1x1(
  _ x: P, _ w: P, _ start: P?, _ startStep: Int, _ y: M, _ yStep: Int, _ s: S
) {
  tile(pixels: 1, vectors: 1, x, w, start, startStep, y, yStep, s)
}
