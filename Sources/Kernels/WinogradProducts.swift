// The matrix products between Winograd's transforms. They are small, down to 16 x 16 channels in 36
// planes, so their tiles compute a plain product: no bias, no partial sums, no rows of maps.

/// m[plane][tile][channel] = Σ v[plane][tile][index] · u[plane][index][channel] for all planes.
///
/// - v: [plane][tile][`inputs`], planes `vStep` apart.
/// - u: [plane][panel][`inputs`][width], planes `uStep` apart; panels of two vectors, the last of
///   one where that is enough.
/// - m: [plane][tile][`outputs`], planes `mStep` apart; `outputs` are whole vectors.
package func winogradProducts(
  _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  planes: Int, tiles: Int, inputs: Int, outputs: Int, vStep: Int, uStep: Int, mStep: Int
) {
  if tiles <= 0 { return }
  let strips = (tiles + widestTile - 1) / widestTile
  let base = tiles / strips
  let longer = tiles - base * strips
  for plane in 0..<planes {
    var channel = 0
    while channel < outputs {
      let isWide = outputs - channel >= 2 * lanes
      let w = u + plane * uStep + channel * inputs
      var x = v + plane * vStep
      var y = m + plane * mStep + channel
      for strip in 0..<strips {
        let own = strip < longer ? base + 1 : base
        panelProduct(isWide ? 2 : 1, own, x, w, y, inputs, outputs)
        x += own * inputs
        y += own * outputs
      }
      channel += isWide ? 2 * lanes : lanes
    }
  }
}

/// y[row][channel] = Σ x[row][index] · w[index][channel] for one or two vectors of channels.
///
/// `rows` x `vectors` sums stay in registers; both are constants once this is specialised, and so is
/// every step that the caller writes as one. Rows of x are `rowStep` apart, its indices `indexStep`.
enum Product<let vectors: Int, let rows: Int> {
  @inline(__always)
  static func add(
    _ x: P, rowStep: Int, indexStep: Int, _ w: P, wStep: Int, _ y: M, yStep: Int, count: Int,
    accumulates: Bool
  ) {
    var sums = clearedAccumulators()
    var x = x
    var w = w
    for _ in 0..<count {
      let b0 = load(w)
      let b1 = vectors == 2 ? load(w + lanes) : b0
      for r in 0..<rows {
        let a = Vector(repeating: x[r * rowStep])
        sums[r * vectors] = multiplyAdd(sums[r * vectors], a, b0)
        if vectors == 2 { sums[r * vectors + 1] = multiplyAdd(sums[r * vectors + 1], a, b1) }
      }
      x += indexStep
      w += wStep
    }
    if accumulates {
      for r in 0..<rows {
        let p = y + r * yStep
        store(p, load(p) + sums[r * vectors])
        if vectors == 2 { store(p + lanes, load(p + lanes) + sums[r * vectors + 1]) }
      }
    } else {
      for r in 0..<rows {
        store(y + r * yStep, sums[r * vectors])
        if vectors == 2 { store(y + r * yStep + lanes, sums[r * vectors + 1]) }
      }
    }
  }

  /// `rows` tiles by one panel of `vectors` vectors.
  @inline(never)
  static func panel(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    add(
      x, rowStep: inputs, indexStep: 1, w, wStep: vectors * lanes, y, yStep: outputs, count: inputs,
      accumulates: false)
  }

  /// `rows` input channels by `vectors` vectors of output channels, over `tiles` tiles.
  @inline(never)
  static func sums(
    _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int, _ tiles: Int, _ accumulates: Bool
  ) {
    add(
      x, rowStep: 1, indexStep: inputs, w, wStep: outputs, y, yStep: outputs, count: tiles,
      accumulates: accumulates)
  }
}

/// One or two vectors of channels.
@inline(__always)
private func panelProduct(
  _ vectors: Int, _ rows: Int, _ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int
) {
  switch 100 * vectors + rows {
  case 201: Product<2, 1>.panel(x, w, y, i, o)
  case 202: Product<2, 2>.panel(x, w, y, i, o)
  case 203: Product<2, 3>.panel(x, w, y, i, o)
  case 204: Product<2, 4>.panel(x, w, y, i, o)
  case 205: Product<2, 5>.panel(x, w, y, i, o)
  case 206: Product<2, 6>.panel(x, w, y, i, o)
  case 101: Product<1, 1>.panel(x, w, y, i, o)
  case 102: Product<1, 2>.panel(x, w, y, i, o)
  case 103: Product<1, 3>.panel(x, w, y, i, o)
  case 104: Product<1, 4>.panel(x, w, y, i, o)
  case 105: Product<1, 5>.panel(x, w, y, i, o)
  case 106: Product<1, 6>.panel(x, w, y, i, o)
  #if KERNELS_AVX512 || arch(arm64)
    case 207: Product<2, 7>.panel(x, w, y, i, o)
    case 208: Product<2, 8>.panel(x, w, y, i, o)
    case 209: Product<2, 9>.panel(x, w, y, i, o)
    case 210: Product<2, 10>.panel(x, w, y, i, o)
    case 211: Product<2, 11>.panel(x, w, y, i, o)
    case 212: Product<2, 12>.panel(x, w, y, i, o)
    case 107: Product<1, 7>.panel(x, w, y, i, o)
    case 108: Product<1, 8>.panel(x, w, y, i, o)
    case 109: Product<1, 9>.panel(x, w, y, i, o)
    case 110: Product<1, 10>.panel(x, w, y, i, o)
    case 111: Product<1, 11>.panel(x, w, y, i, o)
    case 112: Product<1, 12>.panel(x, w, y, i, o)
  #endif
  default: break
  }
}
