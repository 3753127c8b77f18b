package import KernelInterface

/// Adds to a filter gradient the products of one band with one stretch of the output's gradient.
///
/// - band: the padded input of the first output pixel.
/// - dy: the gradient of the first output pixel.
/// - gradient: [kernel row][index in the row][channel], all channels.
package func accumulateFilterGradient(
  _ band: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ shape: FilterGradientShape
) {
  var channel = shape.channelRange.lowerBound
  while channel < shape.channelRange.upperBound {
    let left = shape.channelRange.upperBound - channel
    for kernelRow in 0..<shape.kernelRows {
      var q = shape.rowRange.lowerBound
      while q < shape.rowRange.upperBound {
        let x = band + kernelRow * shape.bandRowStep + q
        let d = gradient + (kernelRow * shape.rowLength + q) * shape.channels + channel
        let rows = shape.rowRange.upperBound - q
        if left >= 2 * lanes {
          q += products(rows, 2, x, dy + channel, d, left, shape)
        } else {
          q += products(rows, left >= lanes ? 1 : 0, x, dy + channel, d, left, shape)
        }
      }
    }
    channel += left >= 2 * lanes ? 2 * lanes : lanes
  }
}

/// Computes the largest tile that fits in `indices` and returns how many indices it covers.
///
/// `vectors` is 2 or 1 whole vectors of channels, or 0 for a last vector that is not full.
@inline(__always)
private func products(
  _ indices: Int, _ vectors: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>, _ channels: Int, _ s: FilterGradientShape
) -> Int {
  if vectors == 2 {
    if indices >= widestTile {
      productsWidest2(x, dy, gradient, s)
      return widestTile
    }
    #if KERNELS_AVX512 || arch(arm64)
      if indices >= 9 {
        products9x2(x, dy, gradient, s)
        return 9
      }
      if indices >= 6 {
        products6x2(x, dy, gradient, s)
        return 6
      }
    #endif
    if indices >= 4 {
      products4x2(x, dy, gradient, s)
      return 4
    }
    if indices >= 3 {
      products3x2(x, dy, gradient, s)
      return 3
    }
    products1x2(x, dy, gradient, s)
    return 1
  }
  if vectors == 1 {
    if indices >= 9 {
      products9x1(x, dy, gradient, s)
      return 9
    }
    if indices >= 4 {
      products4x1(x, dy, gradient, s)
      return 4
    }
    products1x1(x, dy, gradient, s)
    return 1
  }
  if indices >= 8 {
    products8Partial(x, dy, gradient, channels, s)
    return 8
  }
  products1Partial(x, dy, gradient, channels, s)
  return 1
}

/// `indices` x `vectors` accumulators stay in registers over all pixels.
@inline(__always)
private func tile(
  indices: Int, vectors: Int, isPartial: Bool, _ x: UnsafePointer<Float>,
  _ dy: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, _ channels: Int,
  _ s: FilterGradientShape
) {
  var sums = clearedAccumulators()
  for row in 0..<s.rows {
    var xp = x + row * s.bandLineStep
    var dp = dy + row * s.outputRowStep
    for _ in 0..<s.columns {
      if vectors == 2 {
        let d0 = load(dp)
        let d1 = load(dp + lanes)
        for i in 0..<indices {
          let a = Vector(repeating: xp[i])
          sums[2 * i] = multiplyAdd(sums[2 * i], a, d0)
          sums[2 * i + 1] = multiplyAdd(sums[2 * i + 1], a, d1)
        }
      } else {
        let d = isPartial ? load(dp, first: channels) : load(dp)
        for i in 0..<indices {
          sums[i] = multiplyAdd(sums[i], Vector(repeating: xp[i]), d)
        }
      }
      xp += s.bandPixelStep
      dp += s.channels
    }
  }
  for i in 0..<indices {
    for v in 0..<vectors {
      let p = gradient + i * s.channels + v * lanes
      let sum = sums[i * vectors + v]
      if isPartial {
        store(p, load(UnsafePointer(p), first: channels) + sum, first: channels)
      } else {
        store(p, load(p) + sum)
      }
    }
  }
}

typealias G = FilterGradientShape

@inline(never) func productsWidest2(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: widestTile, vectors: 2, isPartial: false, x, dy, g, 0, s)
}
#if KERNELS_AVX512 || arch(arm64)
  @inline(never) func products9x2(_ x: P, _ dy: P, _ g: M, _ s: G) {
    tile(indices: 9, vectors: 2, isPartial: false, x, dy, g, 0, s)
  }
  @inline(never) func products6x2(_ x: P, _ dy: P, _ g: M, _ s: G) {
    tile(indices: 6, vectors: 2, isPartial: false, x, dy, g, 0, s)
  }
#endif
@inline(never) func products4x2(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: 4, vectors: 2, isPartial: false, x, dy, g, 0, s)
}
@inline(never) func products3x2(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: 3, vectors: 2, isPartial: false, x, dy, g, 0, s)
}
@inline(never) func products1x2(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: 1, vectors: 2, isPartial: false, x, dy, g, 0, s)
}
@inline(never) func products9x1(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: 9, vectors: 1, isPartial: false, x, dy, g, 0, s)
}
@inline(never) func products4x1(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: 4, vectors: 1, isPartial: false, x, dy, g, 0, s)
}
@inline(never) func products1x1(_ x: P, _ dy: P, _ g: M, _ s: G) {
  tile(indices: 1, vectors: 1, isPartial: false, x, dy, g, 0, s)
}
@inline(never) func products8Partial(_ x: P, _ dy: P, _ g: M, _ c: Int, _ s: G) {
  tile(indices: 8, vectors: 1, isPartial: true, x, dy, g, c, s)
}
@inline(never) func products1Partial(_ x: P, _ dy: P, _ g: M, _ c: Int, _ s: G) {
  tile(indices: 1, vectors: 1, isPartial: true, x, dy, g, c, s)
}
