package import KernelTypes

// The matrix products between Winograd's transforms. They are small, down to 16 x 16 channels in 36
// planes, so their tiles compute a plain product: no bias, no rows of maps.

/// m[plane][tile][channel] = Σ v[plane][tile][index] · u[plane][index][channel] for all planes.
///
/// - v: [plane][tile][`inputs`], of which the first `indices` count.
/// - u: [plane][panel][`indices`][width]; panels of two vectors, the last of one where that is
///   enough.
/// - m: [plane][tile][`outputs`], of which the first `channels` are computed.
package func winogradProducts(
  _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
  _ shape: WinogradProductShape
) {
  let tiles = shape.tiles
  if tiles <= 0 { return }
  let strips = (tiles + widestTile - 1) / widestTile
  let base = tiles / strips
  let longer = tiles - base * strips
  for plane in 0..<shape.planes {
    var channel = 0
    while channel < shape.channels {
      let isWide = shape.channels - channel >= 2 * lanes
      let w = u + plane * shape.uStep + channel * shape.indices
      var x = v + plane * shape.vStep
      var y = m + plane * shape.mStep + channel
      for strip in 0..<strips {
        let own = strip < longer ? base + 1 : base
        panelProduct(isWide ? 2 : 1, own, x, w, y, shape)
        x += own * shape.inputs
        y += own * shape.outputs
      }
      channel += isWide ? 2 * lanes : lanes
    }
  }
}

/// y[row][channel] = Σ x[row][index] · w[index][channel] for one or two vectors of channels.
///
/// `rows` x `vectors` sums stay in registers; both are constants once this is specialised, and so is
/// every step that the caller writes as one. Rows of x are `rowStep` apart, its indices `indexStep`.
/// The sums begin at y if they continue it, or are added to it at the end if they accumulate.
enum Product<let vectors: Int, let rows: Int> {
  @inline(__always)
  static func add(
    _ x: P, rowStep: Int, indexStep: Int, _ w: P, wStep: Int, _ y: M, yStep: Int, count: Int,
    continues: Bool, accumulates: Bool
  ) {
    var sums = clearedAccumulators()
    if continues {
      for r in 0..<rows {
        sums[r * vectors] = load(y + r * yStep)
        if vectors == 2 { sums[r * vectors + 1] = load(y + r * yStep + lanes) }
      }
    }
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
  static func panel(_ x: P, _ w: P, _ y: M, _ s: WinogradProductShape) {
    add(
      x, rowStep: s.inputs, indexStep: 1, w, wStep: vectors * lanes, y, yStep: s.outputs,
      count: s.indices, continues: s.continues, accumulates: false)
  }

  /// `rows` input channels by `vectors` vectors of output channels, over `tiles` tiles.
  @inline(never)
  static func sums(
    _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int, _ tiles: Int, _ accumulates: Bool
  ) {
    add(
      x, rowStep: 1, indexStep: inputs, w, wStep: outputs, y, yStep: outputs, count: tiles,
      continues: false, accumulates: accumulates)
  }
}

/// One or two vectors of channels.
@inline(__always)
private func panelProduct(
  _ vectors: Int, _ rows: Int, _ x: P, _ w: P, _ y: M, _ s: WinogradProductShape
) {
  switch 100 * vectors + rows {
  case 201: Product<2, 1>.panel(x, w, y, s)
  case 202: Product<2, 2>.panel(x, w, y, s)
  case 203: Product<2, 3>.panel(x, w, y, s)
  case 204: Product<2, 4>.panel(x, w, y, s)
  case 205: Product<2, 5>.panel(x, w, y, s)
  case 206: Product<2, 6>.panel(x, w, y, s)
  case 101: Product<1, 1>.panel(x, w, y, s)
  case 102: Product<1, 2>.panel(x, w, y, s)
  case 103: Product<1, 3>.panel(x, w, y, s)
  case 104: Product<1, 4>.panel(x, w, y, s)
  case 105: Product<1, 5>.panel(x, w, y, s)
  case 106: Product<1, 6>.panel(x, w, y, s)
  #if KERNELS_AVX512 || arch(arm64)
    case 207: Product<2, 7>.panel(x, w, y, s)
    case 208: Product<2, 8>.panel(x, w, y, s)
    case 209: Product<2, 9>.panel(x, w, y, s)
    case 210: Product<2, 10>.panel(x, w, y, s)
    case 211: Product<2, 11>.panel(x, w, y, s)
    case 212: Product<2, 12>.panel(x, w, y, s)
    case 107: Product<1, 7>.panel(x, w, y, s)
    case 108: Product<1, 8>.panel(x, w, y, s)
    case 109: Product<1, 9>.panel(x, w, y, s)
    case 110: Product<1, 10>.panel(x, w, y, s)
    case 111: Product<1, 11>.panel(x, w, y, s)
    case 112: Product<1, 12>.panel(x, w, y, s)
  #endif
  default: break
  }
}
