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
        if isWide {
          wideSums(own, x, w, y, inputs, outputs, tiles, accumulates)
        } else {
          narrowSums(own, x, w, y, inputs, outputs, tiles, accumulates)
        }
        x += own
        y += own * outputs
      }
      channel += isWide ? 2 * lanes : lanes
    }
  }
}

/// `rows` input channels by `vectors` vectors of output channels, over `tiles` tiles.
@inline(__always)
private func sumsOfProducts(
  rows: Int, vectors: Int, _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int, _ tiles: Int,
  _ accumulates: Bool
) {
  product(
    rows: rows, vectors: vectors, x, rowStep: 1, indexStep: inputs, w, wStep: outputs, y,
    yStep: outputs, count: tiles, accumulates: accumulates)
}

/// Two vectors of channels.
@inline(__always)
private func wideSums(
  _ rows: Int, _ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool
) {
  switch rows {
  case 1: wideSums1(x, w, y, i, o, n, a)
  case 2: wideSums2(x, w, y, i, o, n, a)
  case 3: wideSums3(x, w, y, i, o, n, a)
  case 4: wideSums4(x, w, y, i, o, n, a)
  case 5: wideSums5(x, w, y, i, o, n, a)
  case 6: wideSums6(x, w, y, i, o, n, a)
  #if KERNELS_AVX512 || arch(arm64)
    case 7: wideSums7(x, w, y, i, o, n, a)
    case 8: wideSums8(x, w, y, i, o, n, a)
    case 9: wideSums9(x, w, y, i, o, n, a)
    case 10: wideSums10(x, w, y, i, o, n, a)
    case 11: wideSums11(x, w, y, i, o, n, a)
    case 12: wideSums12(x, w, y, i, o, n, a)
  #endif
  default: break
  }
}

/// One vector of channels.
@inline(__always)
private func narrowSums(
  _ rows: Int, _ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool
) {
  switch rows {
  case 1: narrowSums1(x, w, y, i, o, n, a)
  case 2: narrowSums2(x, w, y, i, o, n, a)
  case 3: narrowSums3(x, w, y, i, o, n, a)
  case 4: narrowSums4(x, w, y, i, o, n, a)
  case 5: narrowSums5(x, w, y, i, o, n, a)
  case 6: narrowSums6(x, w, y, i, o, n, a)
  case 7: narrowSums7(x, w, y, i, o, n, a)
  case 8: narrowSums8(x, w, y, i, o, n, a)
  case 9: narrowSums9(x, w, y, i, o, n, a)
  case 10: narrowSums10(x, w, y, i, o, n, a)
  case 11: narrowSums11(x, w, y, i, o, n, a)
  case 12: narrowSums12(x, w, y, i, o, n, a)
  #if KERNELS_AVX512 || arch(arm64)
    case 13: narrowSums13(x, w, y, i, o, n, a)
    case 14: narrowSums14(x, w, y, i, o, n, a)
    case 15: narrowSums15(x, w, y, i, o, n, a)
    case 16: narrowSums16(x, w, y, i, o, n, a)
    case 17: narrowSums17(x, w, y, i, o, n, a)
    case 18: narrowSums18(x, w, y, i, o, n, a)
    case 19: narrowSums19(x, w, y, i, o, n, a)
    case 20: narrowSums20(x, w, y, i, o, n, a)
    case 21: narrowSums21(x, w, y, i, o, n, a)
    case 22: narrowSums22(x, w, y, i, o, n, a)
    case 23: narrowSums23(x, w, y, i, o, n, a)
    case 24: narrowSums24(x, w, y, i, o, n, a)
  #endif
  default: break
  }
}

@inline(never) func wideSums1(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 1, vectors: 2, x, w, y, i, o, n, a)
}
@inline(never) func wideSums2(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 2, vectors: 2, x, w, y, i, o, n, a)
}
@inline(never) func wideSums3(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 3, vectors: 2, x, w, y, i, o, n, a)
}
@inline(never) func wideSums4(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 4, vectors: 2, x, w, y, i, o, n, a)
}
@inline(never) func wideSums5(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 5, vectors: 2, x, w, y, i, o, n, a)
}
@inline(never) func wideSums6(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 6, vectors: 2, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums1(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 1, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums2(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 2, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums3(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 3, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums4(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 4, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums5(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 5, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums6(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 6, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums7(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 7, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums8(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 8, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums9(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 9, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums10(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 10, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums11(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 11, vectors: 1, x, w, y, i, o, n, a)
}
@inline(never) func narrowSums12(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
  sumsOfProducts(rows: 12, vectors: 1, x, w, y, i, o, n, a)
}
#if KERNELS_AVX512 || arch(arm64)
  @inline(never) func wideSums7(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
    sumsOfProducts(rows: 7, vectors: 2, x, w, y, i, o, n, a)
  }
  @inline(never) func wideSums8(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
    sumsOfProducts(rows: 8, vectors: 2, x, w, y, i, o, n, a)
  }
  @inline(never) func wideSums9(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
    sumsOfProducts(rows: 9, vectors: 2, x, w, y, i, o, n, a)
  }
  @inline(never) func wideSums10(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
    sumsOfProducts(rows: 10, vectors: 2, x, w, y, i, o, n, a)
  }
  @inline(never) func wideSums11(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
    sumsOfProducts(rows: 11, vectors: 2, x, w, y, i, o, n, a)
  }
  @inline(never) func wideSums12(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool) {
    sumsOfProducts(rows: 12, vectors: 2, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums13(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 13, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums14(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 14, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums15(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 15, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums16(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 16, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums17(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 17, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums18(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 18, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums19(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 19, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums20(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 20, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums21(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 21, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums22(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 22, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums23(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 23, vectors: 1, x, w, y, i, o, n, a)
  }
  @inline(never) func narrowSums24(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int, _ n: Int, _ a: Bool)
  {
    sumsOfProducts(rows: 24, vectors: 1, x, w, y, i, o, n, a)
  }
#endif
