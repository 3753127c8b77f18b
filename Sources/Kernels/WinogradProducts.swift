// The matrix products between Winograd's transforms. They are small, down to 16 x 16 channels in 36
// planes, so they are tiles that know nothing but a product: no bias, no stretches, no steps but
// their own.

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
      let wide = outputs - channel >= 2 * lanes
      let w = u + plane * uStep + channel * inputs
      var x = v + plane * vStep
      var y = m + plane * mStep + channel
      for strip in 0..<strips {
        let width = strip < longer ? base + 1 : base
        if wide {
          wideProduct(width, x, w, y, inputs, outputs)
        } else {
          narrowProduct(width, x, w, y, inputs, outputs)
        }
        x += width * inputs
        y += width * outputs
      }
      channel += wide ? 2 * lanes : lanes
    }
  }
}

/// `tiles` x `vectors` sums stay in registers; both are constants once this is inlined.
@inline(__always)
private func product(
  tiles: Int, vectors: Int, _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int
) {
  var sums = clearedAccumulators()
  var w = w
  for index in 0..<inputs {
    let b0 = load(w)
    let b1 = vectors == 2 ? load(w + lanes) : b0
    for t in 0..<tiles {
      let a = Vector(repeating: x[t * inputs + index])
      sums[t * vectors] = multiplyAdd(sums[t * vectors], a, b0)
      if vectors == 2 { sums[t * vectors + 1] = multiplyAdd(sums[t * vectors + 1], a, b1) }
    }
    w += vectors * lanes
  }
  for t in 0..<tiles {
    store(y + t * outputs, sums[t * vectors])
    if vectors == 2 { store(y + t * outputs + lanes, sums[t * vectors + 1]) }
  }
}

@inline(__always)
private func wideProduct(_ tiles: Int, _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  switch tiles {
  case 1: wideProduct1(x, w, y, inputs, outputs)
  case 2: wideProduct2(x, w, y, inputs, outputs)
  case 3: wideProduct3(x, w, y, inputs, outputs)
  case 4: wideProduct4(x, w, y, inputs, outputs)
  case 5: wideProduct5(x, w, y, inputs, outputs)
  case 6: wideProduct6(x, w, y, inputs, outputs)
  #if KERNELS_AVX512 || arch(arm64)
    case 7: wideProduct7(x, w, y, inputs, outputs)
    case 8: wideProduct8(x, w, y, inputs, outputs)
    case 9: wideProduct9(x, w, y, inputs, outputs)
    case 10: wideProduct10(x, w, y, inputs, outputs)
    case 11: wideProduct11(x, w, y, inputs, outputs)
    case 12: wideProduct12(x, w, y, inputs, outputs)
  #endif
  default: break
  }
}

@inline(__always)
private func narrowProduct(_ tiles: Int, _ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  switch tiles {
  case 1: narrowProduct1(x, w, y, inputs, outputs)
  case 2: narrowProduct2(x, w, y, inputs, outputs)
  case 3: narrowProduct3(x, w, y, inputs, outputs)
  case 4: narrowProduct4(x, w, y, inputs, outputs)
  case 5: narrowProduct5(x, w, y, inputs, outputs)
  case 6: narrowProduct6(x, w, y, inputs, outputs)
  #if KERNELS_AVX512 || arch(arm64)
    case 7: narrowProduct7(x, w, y, inputs, outputs)
    case 8: narrowProduct8(x, w, y, inputs, outputs)
    case 9: narrowProduct9(x, w, y, inputs, outputs)
    case 10: narrowProduct10(x, w, y, inputs, outputs)
    case 11: narrowProduct11(x, w, y, inputs, outputs)
    case 12: narrowProduct12(x, w, y, inputs, outputs)
  #endif
  default: break
  }
}

@inline(never) func wideProduct1(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 1, vectors: 2, x, w, y, inputs, outputs)
}
@inline(never) func narrowProduct1(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 1, vectors: 1, x, w, y, inputs, outputs)
}
@inline(never) func wideProduct2(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 2, vectors: 2, x, w, y, inputs, outputs)
}
@inline(never) func narrowProduct2(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 2, vectors: 1, x, w, y, inputs, outputs)
}
@inline(never) func wideProduct3(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 3, vectors: 2, x, w, y, inputs, outputs)
}
@inline(never) func narrowProduct3(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 3, vectors: 1, x, w, y, inputs, outputs)
}
@inline(never) func wideProduct4(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 4, vectors: 2, x, w, y, inputs, outputs)
}
@inline(never) func narrowProduct4(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 4, vectors: 1, x, w, y, inputs, outputs)
}
@inline(never) func wideProduct5(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 5, vectors: 2, x, w, y, inputs, outputs)
}
@inline(never) func narrowProduct5(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 5, vectors: 1, x, w, y, inputs, outputs)
}
@inline(never) func wideProduct6(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 6, vectors: 2, x, w, y, inputs, outputs)
}
@inline(never) func narrowProduct6(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
  product(tiles: 6, vectors: 1, x, w, y, inputs, outputs)
}
#if KERNELS_AVX512 || arch(arm64)
  @inline(never) func wideProduct7(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 7, vectors: 2, x, w, y, inputs, outputs)
  }
  @inline(never) func narrowProduct7(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 7, vectors: 1, x, w, y, inputs, outputs)
  }
  @inline(never) func wideProduct8(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 8, vectors: 2, x, w, y, inputs, outputs)
  }
  @inline(never) func narrowProduct8(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 8, vectors: 1, x, w, y, inputs, outputs)
  }
  @inline(never) func wideProduct9(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 9, vectors: 2, x, w, y, inputs, outputs)
  }
  @inline(never) func narrowProduct9(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 9, vectors: 1, x, w, y, inputs, outputs)
  }
  @inline(never) func wideProduct10(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 10, vectors: 2, x, w, y, inputs, outputs)
  }
  @inline(never) func narrowProduct10(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 10, vectors: 1, x, w, y, inputs, outputs)
  }
  @inline(never) func wideProduct11(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 11, vectors: 2, x, w, y, inputs, outputs)
  }
  @inline(never) func narrowProduct11(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 11, vectors: 1, x, w, y, inputs, outputs)
  }
  @inline(never) func wideProduct12(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 12, vectors: 2, x, w, y, inputs, outputs)
  }
  @inline(never) func narrowProduct12(_ x: P, _ w: P, _ y: M, _ inputs: Int, _ outputs: Int) {
    product(tiles: 12, vectors: 1, x, w, y, inputs, outputs)
  }
#endif
