// Winograd's minimal filtering F(4x4, 3x3) and, for the filter gradient, F(3x3, 4x4), on tiles of 6
// x 6 (Winograd 1980; Lavin and Gray 2016): y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A with the points 0, 1,
// -1, 2, -2 and infinity. Both share Bᵀ. The products between the transforms are 36 ordinary matrix
// products, which `correlateBand` and `accumulateFilterGradient` compute.
//
// A transformed tile is one number a channel in each of 36 planes; a plane holds the tiles one
// after the other, [tile][channel]. Channels are whole vectors.

/// Bᵀ d: six values to six.
@inline(__always)
private func transformedInput(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let four = Vector(repeating: 4)
  let minusFour = Vector(repeating: -4)
  let minusFive = Vector(repeating: -5)
  let even = multiplyAdd(d4, minusFour, d2)
  let odd = multiplyAdd(d3, minusFour, d1)
  let outer = d4 - d2
  let inner = d3 - d1
  let twice = inner + inner
  return (
    multiplyAdd(multiplyAdd(d4, four, d0), minusFive, d2), even + odd, even - odd,
    outer + twice, outer - twice, multiplyAdd(multiplyAdd(d5, four, d1), minusFive, d3)
  )
}

/// Aᵀ m of F(4, 3): six values to four.
@inline(__always)
private func transformedOutput(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector
) -> (Vector, Vector, Vector, Vector) {
  let s1 = m1 + m2
  let d1 = m1 - m2
  let s2 = m3 + m4
  let d2 = m3 - m4
  return (
    m0 + s1 + s2, multiplyAdd(d1, Vector(repeating: 2), d2),
    multiplyAdd(s1, Vector(repeating: 4), s2), multiplyAdd(d1 + m5, Vector(repeating: 8), d2)
  )
}

/// G g of F(4, 3): three values to six.
@inline(__always)
private func transformedFilter(
  _ g0: Vector, _ g1: Vector, _ g2: Vector
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let ends = (g0 + g2) * Vector(repeating: -1 / 6)
  let middle = g1 * Vector(repeating: -1 / 6)
  let wide = multiplyAdd(g0 * Vector(repeating: 1 / 24), g2, Vector(repeating: 1 / 6))
  let half = g1 * Vector(repeating: 1 / 12)
  return (g0 * Vector(repeating: 0.25), ends + middle, ends - middle, wide + half, wide - half, g2)
}

/// G d of F(3, 4) without its rows' factors 1/4, -1/6, -1/6, 1/24, 1/24, 1, which the last step
/// multiplies with once: four values to six.
@inline(__always)
private func transformedGradient(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  let even = d0 + d2
  let odd = d1 + d3
  let wide = multiplyAdd(d0, Vector(repeating: 4), d2)
  let tall = multiplyAdd(d1 + d1, Vector(repeating: 8), d3)
  return (d0, even + odd, even - odd, wide + tall, wide - tall, d3)
}

/// Aᵀ p of F(3, 4), times the factors of `transformedGradient`: six values to three.
@inline(__always)
private func transformedProduct(
  _ p0: Vector, _ p1: Vector, _ p2: Vector, _ p3: Vector, _ p4: Vector, _ p5: Vector
) -> (Vector, Vector, Vector) {
  let sum = (p1 + p2) * Vector(repeating: -1 / 6)
  let difference = (p1 - p2) * Vector(repeating: -1 / 6)
  let wide = (p3 + p4) * Vector(repeating: 1 / 24)
  return (
    multiplyAdd(sum + wide, p0, Vector(repeating: 0.25)),
    multiplyAdd(difference, p3 - p4, Vector(repeating: 1 / 12)),
    multiplyAdd(sum + p5, wide, Vector(repeating: 4))
  )
}

/// Transforms a row of input tiles: 6 x 6 pixels each, four pixels from one to the next.
///
/// - x: the first pixel of the first tile; pixels follow each other, rows are `rowStep` apart.
/// - v: the first tile in the first plane.
package func winogradInput(
  _ x: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>, tiles: Int, rowStep: Int,
  channels: Int, planeStep: Int
) {
  withUnsafeTemporaryAllocation(byteCount: 36 * lanes * 4, alignment: 64) { memory in
    guard let t = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    for tile in 0..<tiles {
      var c = 0
      while c < channels {
        for column in 0..<6 {
          let p = x + (4 * tile + column) * channels + c
          let r = transformedInput(
            load(p), load(p + rowStep), load(p + 2 * rowStep), load(p + 3 * rowStep),
            load(p + 4 * rowStep), load(p + 5 * rowStep))
          storeColumn(t + column * lanes, step: 6 * lanes, r)
        }
        for row in 0..<6 {
          let p = t + 6 * row * lanes
          let r = transformedInput(
            load(p), load(p + lanes), load(p + 2 * lanes), load(p + 3 * lanes),
            load(p + 4 * lanes), load(p + 5 * lanes))
          storeColumn(v + 6 * row * planeStep + tile * channels + c, step: planeStep, r)
        }
        c += lanes
      }
    }
  }
}

/// Transforms a row of tiles of the output's gradient, 4 x 4 pixels each, for the filter gradient.
package func winogradGradient(
  _ dy: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>, tiles: Int, rowStep: Int,
  channels: Int, planeStep: Int
) {
  withUnsafeTemporaryAllocation(byteCount: 24 * lanes * 4, alignment: 64) { memory in
    guard let t = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    for tile in 0..<tiles {
      var c = 0
      while c < channels {
        for column in 0..<4 {
          let p = dy + (4 * tile + column) * channels + c
          let r = transformedGradient(
            load(p), load(p + rowStep), load(p + 2 * rowStep), load(p + 3 * rowStep))
          storeColumn(t + column * lanes, step: 4 * lanes, r)
        }
        for row in 0..<6 {
          let p = t + 4 * row * lanes
          let r = transformedGradient(
            load(p), load(p + lanes), load(p + 2 * lanes), load(p + 3 * lanes))
          storeColumn(v + 6 * row * planeStep + tile * channels + c, step: planeStep, r)
        }
        c += lanes
      }
    }
  }
}

/// Transforms the products of a row of tiles to 4 x 4 output pixels each.
///
/// Results outside `rows` and `columns` are dropped: the map may end inside a tile.
/// - y: the first pixel of the first tile; pixels follow each other, rows are `rowStep` apart.
/// - bias: added to each channel; nil for none.
package func winogradOutput(
  _ m: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>?,
  tiles: Int, rowStep: Int, channels: Int, planeStep: Int, rows: Int, columns: Int,
  accumulates: Bool, rectifies: Bool
) {
  withUnsafeTemporaryAllocation(byteCount: 24 * lanes * 4, alignment: 64) { memory in
    guard let t = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    // Minus infinity as the floor means no rectifier: one loop for both cases.
    let floor = Vector(repeating: rectifies ? 0 : -Float.infinity)
    for tile in 0..<tiles {
      let width = columns - 4 * tile
      var c = 0
      while c < channels {
        for column in 0..<6 {
          let p = m + column * planeStep + tile * channels + c
          let r = transformedOutput(
            load(p), load(p + 6 * planeStep), load(p + 12 * planeStep), load(p + 18 * planeStep),
            load(p + 24 * planeStep), load(p + 30 * planeStep))
          let q = t + column * lanes
          store(q, r.0)
          store(q + 6 * lanes, r.1)
          store(q + 12 * lanes, r.2)
          store(q + 18 * lanes, r.3)
        }
        var offset = Vector.zero
        if let bias { offset = load(bias + c) }
        for row in 0..<4 where row < rows {
          let p = t + 6 * row * lanes
          let r = transformedOutput(
            load(p), load(p + lanes), load(p + 2 * lanes), load(p + 3 * lanes),
            load(p + 4 * lanes), load(p + 5 * lanes))
          let q = y + row * rowStep + 4 * tile * channels + c
          finish(q, r.0 + offset, floor, accumulates)
          if width > 1 { finish(q + channels, r.1 + offset, floor, accumulates) }
          if width > 2 { finish(q + 2 * channels, r.2 + offset, floor, accumulates) }
          if width > 3 { finish(q + 3 * channels, r.3 + offset, floor, accumulates) }
        }
        c += lanes
      }
    }
  }
}

@inline(__always)
private func finish(
  _ y: UnsafeMutablePointer<Float>, _ value: Vector, _ floor: Vector, _ accumulates: Bool
) {
  let sum = accumulates ? load(y) + value : value
  store(y, sum.replacing(with: floor, where: sum .< floor))
}

@inline(__always)
private func storeColumn(
  _ p: UnsafeMutablePointer<Float>, step: Int,
  _ r: (Vector, Vector, Vector, Vector, Vector, Vector)
) {
  store(p, r.0)
  store(p + step, r.1)
  store(p + 2 * step, r.2)
  store(p + 3 * step, r.3)
  store(p + 4 * step, r.4)
  store(p + 5 * step, r.5)
}

/// Transforms filters of one panel of channels, taps [3][3].
///
/// - filters: the panel's first channel in the first tap; there are `rows` rows of `width` floats,
///   whole vectors, in each tap.
/// - u: the panel in the first of the 36 planes, [row][width].
package func winogradFilters(
  _ filters: UnsafePointer<Float>, _ u: UnsafeMutablePointer<Float>, rows: Int, width: Int,
  rowStep: Int, tapStep: Int, planeStep: Int
) {
  for row in 0..<rows {
    var c = 0
    while c < width {
      let p = filters + row * rowStep + c
      let q = u + row * width + c
      let left = filterColumn(p, tapStep)
      let middle = filterColumn(p + tapStep, tapStep)
      let right = filterColumn(p + 2 * tapStep, tapStep)
      storeColumn(q, step: planeStep, transformedFilter(left.0, middle.0, right.0))
      storeColumn(
        q + 6 * planeStep, step: planeStep, transformedFilter(left.1, middle.1, right.1))
      storeColumn(
        q + 12 * planeStep, step: planeStep, transformedFilter(left.2, middle.2, right.2))
      storeColumn(
        q + 18 * planeStep, step: planeStep, transformedFilter(left.3, middle.3, right.3))
      storeColumn(
        q + 24 * planeStep, step: planeStep, transformedFilter(left.4, middle.4, right.4))
      storeColumn(
        q + 30 * planeStep, step: planeStep, transformedFilter(left.5, middle.5, right.5))
      c += lanes
    }
  }
}

@inline(__always)
private func filterColumn(
  _ p: UnsafePointer<Float>, _ tapStep: Int
) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
  transformedFilter(load(p), load(p + 3 * tapStep), load(p + 6 * tapStep))
}

/// Adds the transformed sums of products in 36 planes to a filter gradient, taps [3][3].
///
/// - p: `count` floats of the first plane, whole vectors.
/// - gradient: the same floats of the first tap; taps are `tapStep` apart.
package func winogradFilterGradient(
  _ p: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int, planeStep: Int,
  tapStep: Int, accumulates: Bool
) {
  withUnsafeTemporaryAllocation(byteCount: 18 * lanes * 4, alignment: 64) { memory in
    guard let t = memory.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    var i = 0
    while i < count {
      for column in 0..<6 {
        let q = p + column * planeStep + i
        let r = transformedProduct(
          load(q), load(q + 6 * planeStep), load(q + 12 * planeStep), load(q + 18 * planeStep),
          load(q + 24 * planeStep), load(q + 30 * planeStep))
        store(t + column * lanes, r.0)
        store(t + (6 + column) * lanes, r.1)
        store(t + (12 + column) * lanes, r.2)
      }
      for row in 0..<3 {
        let q = t + 6 * row * lanes
        let r = transformedProduct(
          load(q), load(q + lanes), load(q + 2 * lanes), load(q + 3 * lanes),
          load(q + 4 * lanes), load(q + 5 * lanes))
        let d = gradient + 3 * row * tapStep + i
        store(d, accumulates ? load(d) + r.0 : r.0)
        store(d + tapStep, accumulates ? load(d + tapStep) + r.1 : r.1)
        store(d + 2 * tapStep, accumulates ? load(d + 2 * tapStep) + r.2 : r.2)
      }
      i += lanes
    }
  }
}
