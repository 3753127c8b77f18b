// The matrix products between Winograd's transforms. They are small, down to 16 x 16 channels in 36
// planes, so they are tiles that know nothing but a product: no bias, no stretches, no rows of maps.

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
        if isWide {
          wideProduct(own, x, w, y, inputs, outputs)
        } else {
          narrowProduct(own, x, w, y, inputs, outputs)
        }
        x += own * inputs
        y += own * outputs
      }
      channel += isWide ? 2 * lanes : lanes
    }
  }
}

/// y[row][channel] = Σ x[row][index] · w[index][channel] for one or two vectors of channels.
///
/// `rows` x `vectors` sums stay in registers; both are constants once this is inlined, and so is
/// every step that the caller writes as one. Rows of x are `rowStep` apart, its indices `indexStep`.
@inline(__always)
func product(
  rows: Int, vectors: Int, _ x: P, rowStep: Int, indexStep: Int, _ w: P, wStep: Int, _ y: M,
  yStep: Int, count: Int, accumulates: Bool
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
@inline(__always)
private func panelProduct(
  rows: Int, vectors: Int, _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int
) {
  product(
    rows: rows, vectors: vectors, x, rowStep: inputs, indexStep: 1, w, wStep: vectors * lanes, y,
    yStep: outputs, count: inputs, accumulates: false)
}

/// Two vectors of channels.
///
/// Every number of rows is a function of its own, so that it is a constant there. That of a single
/// row is inlined: it has no use for the step between rows, and a copy without it would be weak.
@inline(__always)
private func wideProduct(
  _ rows: Int, _ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int
) {
  switch rows {
  case 1: wideProduct1(x, w, y, i, o)
  case 2: wideProduct2(x, w, y, i, o)
  case 3: wideProduct3(x, w, y, i, o)
  case 4: wideProduct4(x, w, y, i, o)
  case 5: wideProduct5(x, w, y, i, o)
  case 6: wideProduct6(x, w, y, i, o)
  #if KERNELS_AVX512 || arch(arm64)
    case 7: wideProduct7(x, w, y, i, o)
    case 8: wideProduct8(x, w, y, i, o)
    case 9: wideProduct9(x, w, y, i, o)
    case 10: wideProduct10(x, w, y, i, o)
    case 11: wideProduct11(x, w, y, i, o)
    case 12: wideProduct12(x, w, y, i, o)
  #endif
  default: break
  }
}

/// One vector of channels.
@inline(__always)
private func narrowProduct(
  _ rows: Int, _ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int
) {
  switch rows {
  case 1: narrowProduct1(x, w, y, i, o)
  case 2: narrowProduct2(x, w, y, i, o)
  case 3: narrowProduct3(x, w, y, i, o)
  case 4: narrowProduct4(x, w, y, i, o)
  case 5: narrowProduct5(x, w, y, i, o)
  case 6: narrowProduct6(x, w, y, i, o)
  #if KERNELS_AVX512 || arch(arm64)
    case 7: narrowProduct7(x, w, y, i, o)
    case 8: narrowProduct8(x, w, y, i, o)
    case 9: narrowProduct9(x, w, y, i, o)
    case 10: narrowProduct10(x, w, y, i, o)
    case 11: narrowProduct11(x, w, y, i, o)
    case 12: narrowProduct12(x, w, y, i, o)
  #endif
  default: break
  }
}

@inline(__always) func wideProduct1(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 1, vectors: 2, x, w, y, i, o)
}
@inline(never) func wideProduct2(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 2, vectors: 2, x, w, y, i, o)
}
@inline(never) func wideProduct3(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 3, vectors: 2, x, w, y, i, o)
}
@inline(never) func wideProduct4(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 4, vectors: 2, x, w, y, i, o)
}
@inline(never) func wideProduct5(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 5, vectors: 2, x, w, y, i, o)
}
@inline(never) func wideProduct6(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 6, vectors: 2, x, w, y, i, o)
}
@inline(__always) func narrowProduct1(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 1, vectors: 1, x, w, y, i, o)
}
@inline(never) func narrowProduct2(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 2, vectors: 1, x, w, y, i, o)
}
@inline(never) func narrowProduct3(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 3, vectors: 1, x, w, y, i, o)
}
@inline(never) func narrowProduct4(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 4, vectors: 1, x, w, y, i, o)
}
@inline(never) func narrowProduct5(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 5, vectors: 1, x, w, y, i, o)
}
@inline(never) func narrowProduct6(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
  panelProduct(rows: 6, vectors: 1, x, w, y, i, o)
}
#if KERNELS_AVX512 || arch(arm64)
  @inline(never) func wideProduct7(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 7, vectors: 2, x, w, y, i, o)
  }
  @inline(never) func wideProduct8(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 8, vectors: 2, x, w, y, i, o)
  }
  @inline(never) func wideProduct9(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 9, vectors: 2, x, w, y, i, o)
  }
  @inline(never) func wideProduct10(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 10, vectors: 2, x, w, y, i, o)
  }
  @inline(never) func wideProduct11(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 11, vectors: 2, x, w, y, i, o)
  }
  @inline(never) func wideProduct12(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 12, vectors: 2, x, w, y, i, o)
  }
  @inline(never) func narrowProduct7(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 7, vectors: 1, x, w, y, i, o)
  }
  @inline(never) func narrowProduct8(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 8, vectors: 1, x, w, y, i, o)
  }
  @inline(never) func narrowProduct9(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 9, vectors: 1, x, w, y, i, o)
  }
  @inline(never) func narrowProduct10(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 10, vectors: 1, x, w, y, i, o)
  }
  @inline(never) func narrowProduct11(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 11, vectors: 1, x, w, y, i, o)
  }
  @inline(never) func narrowProduct12(_ x: P, _ w: P, _ y: M, _ i: Int, _ o: Int) {
    panelProduct(rows: 12, vectors: 1, x, w, y, i, o)
  }
#endif
