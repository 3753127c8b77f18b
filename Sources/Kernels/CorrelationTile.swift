// The tiles of a correlation: every size that `correlateMap` asks for, with constant bounds.

internal import KernelTypes

/// Where the sums of a tile begin and end, in steps of floats.
///
/// Passed by address: Swift would specialise a function that leaves a field unused, and the copy
/// would be a weak symbol.
struct TileTarget {
  /// What the sums begin with, whole vectors; nil for zero.
  var start: UnsafePointer<Float>?
  var startRowStep: Int
  var startPixelStep: Int
  var output: UnsafeMutablePointer<Float>
  var rowStep: Int
  var pixelStep: Int
}

/// `rows` x `columns` x `vectors` accumulators stay in registers over the whole kernel.
///
/// All three are constants once this is inlined, so every loop over them unrolls. Nothing here
/// may index the accumulators by a number known only at run time: they would move to memory.
@inline(__always)
private func tile(
  rows: Int, columns: Int, vectors: Int, _ x: UnsafePointer<Float>,
  _ weights: UnsafePointer<Float>, _ place: UnsafePointer<TileTarget>, _ shape: CorrelationShape
) {
  let target = place.pointee
  var sums = clearedAccumulators()
  if let start = target.start {
    for r in 0..<rows {
      for c in 0..<columns {
        let p = start + r * target.startRowStep + c * target.startPixelStep
        let i = (r * columns + c) * vectors
        sums[i] = load(p)
        if vectors == 2 { sums[i + 1] = load(p + lanes) }
      }
    }
  }
  var w = weights
  let lineStep = shape.bandLineStep
  let pixelStep = shape.bandPixelStep
  let weightStep = shape.weightStep ?? vectors * lanes
  for kernelRow in 0..<shape.kernelRows {
    var xp = x + kernelRow * shape.bandRowStep
    for _ in 0..<shape.rowLength {
      let b0 = load(w)
      let b1 = vectors == 2 ? load(w + lanes) : b0
      for r in 0..<rows {
        let line = xp + r * lineStep
        for c in 0..<columns {
          let a = Vector(repeating: line[c * pixelStep])
          let i = (r * columns + c) * vectors
          sums[i] = multiplyAdd(sums[i], a, b0)
          if vectors == 2 { sums[i + 1] = multiplyAdd(sums[i + 1], a, b1) }
        }
      }
      xp += 1
      w += weightStep
    }
  }
  // Nothing is below minus infinity: one way for results that are rectified and that are not.
  let floor = Vector(repeating: shape.rectifies ? 0 : -Float.infinity)
  for r in 0..<rows {
    for c in 0..<columns {
      let p = target.output + r * target.rowStep + c * target.pixelStep
      let i = (r * columns + c) * vectors
      store(p, sums[i].replacing(with: floor, where: sums[i] .< floor))
      if vectors == 2 {
        store(p + lanes, sums[i + 1].replacing(with: floor, where: sums[i + 1] .< floor))
      }
    }
  }
}

/// Computes `rows` x `columns` pixels of one panel of one or two vectors.
///
/// Every size that `tileRows` allows is a function of its own, since Swift inlines only so much
/// into one. A size that is missing here would be skipped silently: the tests run through all.
@inline(__always)
func correlateTile(
  _ vectors: Int, _ rows: Int, _ columns: Int, _ x: P, _ w: P, _ t: T, _ s: S
) {
  if vectors == 2 {
    wideTile(16 * rows + columns, x, w, t, s)
  } else {
    narrowTile(16 * rows + columns, x, w, t, s)
  }
}

/// The most rows of a tile: at most as many as its `columns`, 24 registers of sums (12 of 16).
@inline(__always) func tileRows(_ vectors: Int, _ columns: Int) -> Int {
  #if KERNELS_AVX512 || arch(arm64)
    if vectors == 2 && columns >= 3 && columns <= 4 { return 3 }
  #endif
  return columns >= 2 && 2 * columns * vectors <= 2 * widestTile ? 2 : 1
}

/// Tiles of two vectors of channels; `size` is 16 times the rows plus the columns.
@inline(__always)
private func wideTile(_ size: Int, _ x: P, _ w: P, _ t: T, _ s: S) {
  switch size {
  case 17: tile1x1(x, w, t, s)
  case 18: tile1x2(x, w, t, s)
  case 19: tile1x3(x, w, t, s)
  case 20: tile1x4(x, w, t, s)
  case 21: tile1x5(x, w, t, s)
  case 22: tile1x6(x, w, t, s)
  case 34: tile2x2(x, w, t, s)
  case 35: tile2x3(x, w, t, s)
  #if KERNELS_AVX512 || arch(arm64)
    case 23: tile1x7(x, w, t, s)
    case 24: tile1x8(x, w, t, s)
    case 25: tile1x9(x, w, t, s)
    case 26: tile1x10(x, w, t, s)
    case 27: tile1x11(x, w, t, s)
    case 28: tile1x12(x, w, t, s)
    case 36: tile2x4(x, w, t, s)
    case 37: tile2x5(x, w, t, s)
    case 38: tile2x6(x, w, t, s)
    case 51: tile3x3(x, w, t, s)
    case 52: tile3x4(x, w, t, s)
  #endif
  default: break
  }
}

/// Tiles of one vector of channels; `size` is 16 times the rows plus the columns.
@inline(__always)
private func narrowTile(_ size: Int, _ x: P, _ w: P, _ t: T, _ s: S) {
  switch size {
  case 17: narrowTile1x1(x, w, t, s)
  case 18: narrowTile1x2(x, w, t, s)
  case 19: narrowTile1x3(x, w, t, s)
  case 20: narrowTile1x4(x, w, t, s)
  case 21: narrowTile1x5(x, w, t, s)
  case 22: narrowTile1x6(x, w, t, s)
  case 34: narrowTile2x2(x, w, t, s)
  case 35: narrowTile2x3(x, w, t, s)
  case 36: narrowTile2x4(x, w, t, s)
  case 37: narrowTile2x5(x, w, t, s)
  case 38: narrowTile2x6(x, w, t, s)
  #if KERNELS_AVX512 || arch(arm64)
    case 23: narrowTile1x7(x, w, t, s)
    case 24: narrowTile1x8(x, w, t, s)
    case 25: narrowTile1x9(x, w, t, s)
    case 26: narrowTile1x10(x, w, t, s)
    case 27: narrowTile1x11(x, w, t, s)
    case 28: narrowTile1x12(x, w, t, s)
    case 39: narrowTile2x7(x, w, t, s)
    case 40: narrowTile2x8(x, w, t, s)
    case 41: narrowTile2x9(x, w, t, s)
    case 42: narrowTile2x10(x, w, t, s)
    case 43: narrowTile2x11(x, w, t, s)
    case 44: narrowTile2x12(x, w, t, s)
  #endif
  default: break
  }
}

typealias P = UnsafePointer<Float>
typealias T = UnsafePointer<TileTarget>
typealias S = CorrelationShape

@inline(never) func tile1x1(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 1, vectors: 2, x, w, t, s)
}
@inline(never) func tile1x2(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 2, vectors: 2, x, w, t, s)
}
@inline(never) func tile1x3(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 3, vectors: 2, x, w, t, s)
}
@inline(never) func tile1x4(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 4, vectors: 2, x, w, t, s)
}
@inline(never) func tile1x5(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 5, vectors: 2, x, w, t, s)
}
@inline(never) func tile1x6(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 6, vectors: 2, x, w, t, s)
}
@inline(never) func tile2x2(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 2, vectors: 2, x, w, t, s)
}
@inline(never) func tile2x3(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 3, vectors: 2, x, w, t, s)
}
@inline(never) func narrowTile1x1(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 1, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile1x2(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 2, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile1x3(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 3, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile1x4(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 4, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile1x5(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 5, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile1x6(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 1, columns: 6, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile2x2(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 2, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile2x3(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 3, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile2x4(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 4, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile2x5(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 5, vectors: 1, x, w, t, s)
}
@inline(never) func narrowTile2x6(_ x: P, _ w: P, _ t: T, _ s: S) {
  tile(rows: 2, columns: 6, vectors: 1, x, w, t, s)
}
#if KERNELS_AVX512 || arch(arm64)
  @inline(never) func tile1x7(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 7, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile1x8(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 8, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile1x9(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 9, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile1x10(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 10, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile1x11(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 11, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile1x12(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 12, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile2x4(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 4, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile2x5(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 5, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile2x6(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 6, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile3x3(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 3, columns: 3, vectors: 2, x, w, t, s)
  }
  @inline(never) func tile3x4(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 3, columns: 4, vectors: 2, x, w, t, s)
  }
  @inline(never) func narrowTile1x7(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 7, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile1x8(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 8, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile1x9(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 9, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile1x10(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 10, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile1x11(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 11, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile1x12(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 1, columns: 12, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile2x7(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 7, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile2x8(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 8, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile2x9(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 9, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile2x10(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 10, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile2x11(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 11, vectors: 1, x, w, t, s)
  }
  @inline(never) func narrowTile2x12(_ x: P, _ w: P, _ t: T, _ s: S) {
    tile(rows: 2, columns: 12, vectors: 1, x, w, t, s)
  }
#endif
