// The products of Winograd's filter gradient: sums over tiles, in every plane.

/// sums[plane][index][channel] += Σ over tiles v[plane][tile][index] · d[plane][tile][channel].
///
/// - channels: those to compute, whole vectors of `outputs`.
/// - accumulates: otherwise the sums are written.
package func winogradGradientProducts(
  _ v: UnsafePointer<Float>, _ d: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
  planes: Int, tiles: Int, inputs: Int, outputs: Int, vStep: Int, dStep: Int, sumStep: Int,
  channels: Range<Int>, accumulates: Bool
) {
  for plane in 0..<planes {
    var channel = channels.lowerBound
    while channel < channels.upperBound {
      let isWide = channels.upperBound - channel >= 2 * lanes
      let most = isWide ? widestTile : 2 * widestTile
      let strips = (inputs + most - 1) / most
      let base = inputs / strips
      let longer = inputs - base * strips
      var x = v + plane * vStep
      var y = sums + plane * sumStep + channel
      let w = d + plane * dStep + channel
      for strip in 0..<strips {
        let own = strip < longer ? base + 1 : base
        sumsOfProducts(
          isWide ? 2 : 1, own, x, w, y, inputs, outputs, tiles, accumulates)
        x += own
        y += own * outputs
      }
      channel += isWide ? 2 * lanes : lanes
    }
  }
}

/// One or two vectors of channels.
@inline(__always)
private func sumsOfProducts(
  _ vectors: Int, _ rows: Int, _ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool
) {
  switch 100 * vectors + rows {
  case 201: Product<2, 1>.sums(x, w, y, i, o, n, a)
  case 202: Product<2, 2>.sums(x, w, y, i, o, n, a)
  case 203: Product<2, 3>.sums(x, w, y, i, o, n, a)
  case 204: Product<2, 4>.sums(x, w, y, i, o, n, a)
  case 205: Product<2, 5>.sums(x, w, y, i, o, n, a)
  case 206: Product<2, 6>.sums(x, w, y, i, o, n, a)
  case 101: Product<1, 1>.sums(x, w, y, i, o, n, a)
  case 102: Product<1, 2>.sums(x, w, y, i, o, n, a)
  case 103: Product<1, 3>.sums(x, w, y, i, o, n, a)
  case 104: Product<1, 4>.sums(x, w, y, i, o, n, a)
  case 105: Product<1, 5>.sums(x, w, y, i, o, n, a)
  case 106: Product<1, 6>.sums(x, w, y, i, o, n, a)
  case 107: Product<1, 7>.sums(x, w, y, i, o, n, a)
  case 108: Product<1, 8>.sums(x, w, y, i, o, n, a)
  case 109: Product<1, 9>.sums(x, w, y, i, o, n, a)
  case 110: Product<1, 10>.sums(x, w, y, i, o, n, a)
  case 111: Product<1, 11>.sums(x, w, y, i, o, n, a)
  case 112: Product<1, 12>.sums(x, w, y, i, o, n, a)
  #if KERNELS_AVX512 || arch(arm64)
    case 207: Product<2, 7>.sums(x, w, y, i, o, n, a)
    case 208: Product<2, 8>.sums(x, w, y, i, o, n, a)
    case 209: Product<2, 9>.sums(x, w, y, i, o, n, a)
    case 210: Product<2, 10>.sums(x, w, y, i, o, n, a)
    case 211: Product<2, 11>.sums(x, w, y, i, o, n, a)
    case 212: Product<2, 12>.sums(x, w, y, i, o, n, a)
    case 113: Product<1, 13>.sums(x, w, y, i, o, n, a)
    case 114: Product<1, 14>.sums(x, w, y, i, o, n, a)
    case 115: Product<1, 15>.sums(x, w, y, i, o, n, a)
    case 116: Product<1, 16>.sums(x, w, y, i, o, n, a)
    case 117: Product<1, 17>.sums(x, w, y, i, o, n, a)
    case 118: Product<1, 18>.sums(x, w, y, i, o, n, a)
    case 119: Product<1, 19>.sums(x, w, y, i, o, n, a)
    case 120: Product<1, 20>.sums(x, w, y, i, o, n, a)
    case 121: Product<1, 21>.sums(x, w, y, i, o, n, a)
    case 122: Product<1, 22>.sums(x, w, y, i, o, n, a)
    case 123: Product<1, 23>.sums(x, w, y, i, o, n, a)
    case 124: Product<1, 24>.sums(x, w, y, i, o, n, a)
  #endif
  default: break
  }
}
