// The tiles of a correlation: every size that `correlateMap` asks for, with constant bounds.

internal import KernelTypes

/// The start values and the output of a tile's sums; steps in floats.
struct TileTarget {
  /// The initial values of the sums, whole vectors; nil for zero.
  var start: UnsafePointer<Float>?
  var startRowStep: Int
  var startPixelStep: Int
  var output: UnsafeMutablePointer<Float>
  var rowStep: Int
  var pixelStep: Int
}

/// `rows` x `columns` x `vectors` accumulators stay in registers over the whole kernel.
///
/// All three are constants once this is specialised, so every loop over them unrolls. Nothing here
/// may index the accumulators by a number known only at run time: they would move to memory.
private enum Tile<let vectors: Int, let rows: Int, let columns: Int> {
  @inline(never)
  static func correlate(_ x: P, _ weights: P, _ place: T, _ shape: S) {
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
    // Infinite bounds mean no rectifier: one code for all cases. The upper bound has loops of its
    // own, since longer ones would not be unrolled.
    let ceiling = Vector(repeating: shape.ceiling)
    for r in 0..<rows {
      for c in 0..<columns {
        let i = (r * columns + c) * vectors
        sums[i] = lowered(sums[i], ceiling)
        if vectors == 2 { sums[i + 1] = lowered(sums[i + 1], ceiling) }
      }
    }
    let floor = Vector(repeating: shape.rectifies ? 0 : -Float.infinity)
    for r in 0..<rows {
      for c in 0..<columns {
        let p = target.output + r * target.rowStep + c * target.pixelStep
        let i = (r * columns + c) * vectors
        store(p, raised(sums[i], floor))
        if vectors == 2 { store(p + lanes, raised(sums[i + 1], floor)) }
      }
    }
  }
}

/// Computes `rows` x `columns` pixels of one panel of one or two vectors.
///
/// Every size that `tileRows` allows is a function of its own, since Swift inlines only so much
/// into one; its digits are vectors, rows and columns. A size that is missing here would be skipped
/// silently: the tests run through all.
@inline(__always)
func correlateTile(
  _ vectors: Int, _ rows: Int, _ columns: Int, _ x: P, _ w: P, _ t: T, _ s: S
) {
  switch 1000 * vectors + 100 * rows + columns {
  case 2101: Tile<2, 1, 1>.correlate(x, w, t, s)
  case 2102: Tile<2, 1, 2>.correlate(x, w, t, s)
  case 2103: Tile<2, 1, 3>.correlate(x, w, t, s)
  case 2104: Tile<2, 1, 4>.correlate(x, w, t, s)
  case 2105: Tile<2, 1, 5>.correlate(x, w, t, s)
  case 2106: Tile<2, 1, 6>.correlate(x, w, t, s)
  case 2202: Tile<2, 2, 2>.correlate(x, w, t, s)
  case 2203: Tile<2, 2, 3>.correlate(x, w, t, s)
  case 1101: Tile<1, 1, 1>.correlate(x, w, t, s)
  case 1102: Tile<1, 1, 2>.correlate(x, w, t, s)
  case 1103: Tile<1, 1, 3>.correlate(x, w, t, s)
  case 1104: Tile<1, 1, 4>.correlate(x, w, t, s)
  case 1105: Tile<1, 1, 5>.correlate(x, w, t, s)
  case 1106: Tile<1, 1, 6>.correlate(x, w, t, s)
  case 1202: Tile<1, 2, 2>.correlate(x, w, t, s)
  case 1203: Tile<1, 2, 3>.correlate(x, w, t, s)
  case 1204: Tile<1, 2, 4>.correlate(x, w, t, s)
  case 1205: Tile<1, 2, 5>.correlate(x, w, t, s)
  case 1206: Tile<1, 2, 6>.correlate(x, w, t, s)
  #if KERNELS_AVX512 || arch(arm64)
    case 2107: Tile<2, 1, 7>.correlate(x, w, t, s)
    case 2108: Tile<2, 1, 8>.correlate(x, w, t, s)
    case 2109: Tile<2, 1, 9>.correlate(x, w, t, s)
    case 2110: Tile<2, 1, 10>.correlate(x, w, t, s)
    case 2111: Tile<2, 1, 11>.correlate(x, w, t, s)
    case 2112: Tile<2, 1, 12>.correlate(x, w, t, s)
    case 2204: Tile<2, 2, 4>.correlate(x, w, t, s)
    case 2205: Tile<2, 2, 5>.correlate(x, w, t, s)
    case 2206: Tile<2, 2, 6>.correlate(x, w, t, s)
    case 2303: Tile<2, 3, 3>.correlate(x, w, t, s)
    case 2304: Tile<2, 3, 4>.correlate(x, w, t, s)
    case 1107: Tile<1, 1, 7>.correlate(x, w, t, s)
    case 1108: Tile<1, 1, 8>.correlate(x, w, t, s)
    case 1109: Tile<1, 1, 9>.correlate(x, w, t, s)
    case 1110: Tile<1, 1, 10>.correlate(x, w, t, s)
    case 1111: Tile<1, 1, 11>.correlate(x, w, t, s)
    case 1112: Tile<1, 1, 12>.correlate(x, w, t, s)
    case 1207: Tile<1, 2, 7>.correlate(x, w, t, s)
    case 1208: Tile<1, 2, 8>.correlate(x, w, t, s)
    case 1209: Tile<1, 2, 9>.correlate(x, w, t, s)
    case 1210: Tile<1, 2, 10>.correlate(x, w, t, s)
    case 1211: Tile<1, 2, 11>.correlate(x, w, t, s)
    case 1212: Tile<1, 2, 12>.correlate(x, w, t, s)
  #endif
  default: break
  }
}

/// The most rows of a tile: at most as many as its `columns`, 24 registers of sums (12 of 16).
@inline(__always) func tileRows(_ vectors: Int, _ columns: Int) -> Int {
  #if KERNELS_AVX512 || arch(arm64)
    if vectors == 2 && columns >= 3 && columns <= 4 { return 3 }
  #endif
  return columns >= 2 && 2 * columns * vectors <= 2 * widestTile ? 2 : 1
}

typealias P = UnsafePointer<Float>
typealias M = UnsafeMutablePointer<Float>
typealias T = UnsafePointer<TileTarget>
typealias S = CorrelationShape
