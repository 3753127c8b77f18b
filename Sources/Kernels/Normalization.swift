// Batch normalization over `pixels` rows of `channels` floats (Ioffe and Szegedy 2015).

/// Sums over pixels of one stretch: sums[c] = Σ (x - shift), squares[c] = Σ (x - shift)².
///
/// The shift, a value near the data, keeps the squares small against the mean's square.
package func moments(
  _ x: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, pixels: Int, channels: Int,
  _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c + lanes <= channels {
    let center = load(shift + c)
    var sum = Vector.zero
    var square = Vector.zero
    for pixel in 0..<pixels {
      let d = load(x + pixel * channels + c) - center
      sum += d
      square = multiplyAdd(square, d, d)
    }
    store(sums + c, sum)
    store(squares + c, square)
    c += lanes
  }
  while c < channels {
    var sum: Float = 0
    var square: Float = 0
    for pixel in 0..<pixels {
      let d = x[pixel * channels + c] - shift[c]
      sum += d
      square = multiplyAdd(square, d, d)
    }
    sums[c] = sum
    squares[c] = square
    c += 1
  }
}

/// y = x · factor[c] + offset[c], then the greater of that and zero where `rectifies`.
package func scaleChannels(
  _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>, _ offset: UnsafePointer<Float>,
  _ y: UnsafeMutablePointer<Float>, pixels: Int, channels: Int, rectifies: Bool
) {
  var c = 0
  while c + lanes <= channels {
    let f = load(factor + c)
    let o = load(offset + c)
    for pixel in 0..<pixels {
      let v = multiplyAdd(o, load(x + pixel * channels + c), f)
      store(y + pixel * channels + c, rectifies ? rectified(v) : v)
    }
    c += lanes
  }
  while c < channels {
    for pixel in 0..<pixels {
      let v = multiplyAdd(offset[c], x[pixel * channels + c], factor[c])
      y[pixel * channels + c] = rectifies && v < 0 ? 0 : v
    }
    c += 1
  }
}

/// Sums over pixels of one stretch for the gradient: sums[c] = Σ dy, products[c] = Σ dy·(x - mean).
///
/// Where `y` is given, dy counts only where y is positive: the gradient of a rectifier behind.
package func normalizationSums(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, _ dy: UnsafePointer<Float>,
  _ mean: UnsafePointer<Float>, pixels: Int, channels: Int, _ sums: UnsafeMutablePointer<Float>,
  _ products: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c + lanes <= channels {
    let center = load(mean + c)
    var sum = Vector.zero
    var product = Vector.zero
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      var d = load(dy + i)
      if let y { d = Vector.zero.replacing(with: d, where: load(y + i) .> Vector.zero) }
      sum += d
      product = multiplyAdd(product, d, load(x + i) - center)
    }
    store(sums + c, sum)
    store(products + c, product)
    c += lanes
  }
  while c < channels {
    var sum: Float = 0
    var product: Float = 0
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      var d = dy[i]
      // As in whole vectors, where NaN is not above zero.
      if let y, !(y[i] > 0) { d = 0 }
      sum += d
      product = multiplyAdd(product, d, x[i] - mean[c])
    }
    sums[c] = sum
    products[c] = product
    c += 1
  }
}

/// dx = dy · a[c] + (x - mean[c]) · b[c] + d[c], with dy masked by y as in `normalizationSums`.
package func normalizationGradient(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, _ dy: UnsafePointer<Float>,
  _ mean: UnsafePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
  _ d: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, pixels: Int, channels: Int,
  accumulates: Bool
) {
  var c = 0
  while c + lanes <= channels {
    let center = load(mean + c)
    let va = load(a + c)
    let vb = load(b + c)
    let vd = load(d + c)
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      var g = load(dy + i)
      if let y { g = Vector.zero.replacing(with: g, where: load(y + i) .> Vector.zero) }
      let r = multiplyAdd(multiplyAdd(vd, load(x + i) - center, vb), g, va)
      store(dx + i, accumulates ? load(dx + i) + r : r)
    }
    c += lanes
  }
  while c < channels {
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      var g = dy[i]
      if let y, !(y[i] > 0) { g = 0 }
      let r = multiplyAdd(multiplyAdd(d[c], x[i] - mean[c], b[c]), g, a[c])
      dx[i] = accumulates ? dx[i] + r : r
    }
    c += 1
  }
}

/// Sums over pixels of one stretch: sums[c] = Σ x.
package func columnSums(
  _ x: UnsafePointer<Float>, pixels: Int, channels: Int, _ sums: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c + lanes <= channels {
    var sum = Vector.zero
    for pixel in 0..<pixels { sum += load(x + pixel * channels + c) }
    store(sums + c, sum)
    c += lanes
  }
  while c < channels {
    var sum: Float = 0
    for pixel in 0..<pixels { sum += x[pixel * channels + c] }
    sums[c] = sum
    c += 1
  }
}
