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
/// Where `factor` is given, dy counts only where x · factor + offset is positive: the gradient of a
/// rectifier behind. The sign is that of `scaleChannels`, computed in the same way.
package func normalizationSums(
  _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>?, _ offset: UnsafePointer<Float>,
  _ dy: UnsafePointer<Float>,
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
      let value = load(x + i)
      var d = load(dy + i)
      if let factor {
        let y = multiplyAdd(load(offset + c), value, load(factor + c))
        d = Vector.zero.replacing(with: d, where: y .> Vector.zero)
      }
      sum += d
      product = multiplyAdd(product, d, value - center)
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
      if let factor, !(multiplyAdd(offset[c], x[i], factor[c]) > 0) { d = 0 }
      sum += d
      product = multiplyAdd(product, d, x[i] - mean[c])
    }
    sums[c] = sum
    products[c] = product
    c += 1
  }
}

/// dx = dy · a[c] + (x - mean[c]) · b[c] + d[c], with dy masked as in `normalizationSums`.
///
/// dx may be dy.
package func normalizationGradient(
  _ x: UnsafePointer<Float>, _ factor: UnsafePointer<Float>?, _ offset: UnsafePointer<Float>,
  _ dy: UnsafePointer<Float>,
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
      let value = load(x + i)
      var g = load(dy + i)
      if let factor {
        let y = multiplyAdd(load(offset + c), value, load(factor + c))
        g = Vector.zero.replacing(with: g, where: y .> Vector.zero)
      }
      let r = multiplyAdd(multiplyAdd(vd, value - center, vb), g, va)
      store(dx + i, accumulates ? load(dx + i) + r : r)
    }
    c += lanes
  }
  while c < channels {
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      var g = dy[i]
      if let factor, !(multiplyAdd(offset[c], x[i], factor[c]) > 0) { g = 0 }
      let r = multiplyAdd(multiplyAdd(d[c], x[i] - mean[c], b[c]), g, a[c])
      dx[i] = accumulates ? dx[i] + r : r
    }
    c += 1
  }
}

/// y = (a · aFactor[c] + aOffset[c]) + (b · bFactor[c] + bOffset[c]), then the greater of that and
/// zero where `rectifies`; a factor that is nil stands for 1 and its offset for 0.
package func addChannels(
  _ a: UnsafePointer<Float>, _ aFactor: UnsafePointer<Float>?, _ aOffset: UnsafePointer<Float>?,
  _ b: UnsafePointer<Float>, _ bFactor: UnsafePointer<Float>?, _ bOffset: UnsafePointer<Float>?,
  _ y: UnsafeMutablePointer<Float>, pixels: Int, channels: Int, rectifies: Bool
) {
  let floor = Vector(repeating: rectifies ? 0 : -Float.infinity)
  var c = 0
  while c + lanes <= channels {
    let af = aFactor.map { load($0 + c) } ?? Vector(repeating: 1)
    let ao = aOffset.map { load($0 + c) } ?? Vector.zero
    let bf = bFactor.map { load($0 + c) } ?? Vector(repeating: 1)
    let bo = bOffset.map { load($0 + c) } ?? Vector.zero
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      let v = multiplyAdd(ao, load(a + i), af) + multiplyAdd(bo, load(b + i), bf)
      store(y + i, v.replacing(with: floor, where: v .< floor))
    }
    c += lanes
  }
  while c < channels {
    for pixel in 0..<pixels {
      let i = pixel * channels + c
      let v =
        multiplyAdd(aOffset?[c] ?? 0, a[i], aFactor?[c] ?? 1)
        + multiplyAdd(bOffset?[c] ?? 0, b[i], bFactor?[c] ?? 1)
      y[i] = rectifies && v < 0 ? 0 : v
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
