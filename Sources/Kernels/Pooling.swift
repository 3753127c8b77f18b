package import KernelTypes

/// The range of a window's rows (or columns) inside the input.
@inline(__always)
private func clipped(_ output: Int, _ s: PoolShape, pad: Int, extent: Int) -> (Int, Int) {
  let first = output * s.stride - pad
  let end = first + s.size
  return (first < 0 ? 0 : first, end > extent ? extent : end)
}

/// The maximum of each window of one image, and its position.
///
/// - codes: row in the window times its side plus column, of the first maximum. May be nil.
package func maxPool(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  _ codes: UnsafeMutablePointer<UInt8>?, _ s: PoolShape
) {
  if halves(s) {
    if let codes {
      maxPoolOfHalves(x, y, codes, s)
    } else {
      for oy in 0..<s.outputHeight { maximaOfHalves(x, y, nil, row: oy, 0..<s.outputWidth, s) }
    }
    return
  }
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    let (top, bottom) = clipped(oy, s, pad: s.padTop, extent: s.height)
    for ox in 0..<s.outputWidth {
      let (left, right) = clipped(ox, s, pad: s.padLeft, extent: s.width)
      let at = (oy * s.outputWidth + ox) * s.channels
      let firstCode =
        (top - oy * s.stride + s.padTop) * s.size + left - ox * s.stride + s.padLeft
      var c = 0
      while c < s.channels {
        let whole = c + lanes <= s.channels
        let width = whole ? lanes : s.channels - c
        let start = x + top * rowStep + left * s.channels + c
        var best = whole ? load(start) : load(start, first: width)
        var code = IndexVector(repeating: Int32(truncatingIfNeeded: firstCode))
        for iy in top..<bottom {
          for ix in left..<right {
            let p = x + iy * rowStep + ix * s.channels + c
            let v = whole ? load(p) : load(p, first: width)
            // NaN counts as the maximum: it must reach the loss, not vanish here.
            let wins = (v .> best) .| ((v .!= v) .& (best .== best))
            best.replace(with: v, where: wins)
            let place = (iy - oy * s.stride + s.padTop) * s.size + ix - ox * s.stride + s.padLeft
            code.replace(
              with: IndexVector(repeating: Int32(truncatingIfNeeded: place)), where: wins)
          }
        }
        if whole {
          store(y + at + c, best)
        } else {
          store(y + at + c, best, first: width)
        }
        if let codes {
          if whole {
            UnsafeMutableRawPointer(codes + at + c).storeBytes(
              of: ByteVector(truncatingIfNeeded: code), as: ByteVector.self)
          } else {
            for i in 0..<width { codes[at + c + i] = UInt8(truncatingIfNeeded: code[i]) }
          }
        }
        c += lanes
      }
    }
  }
}

/// The gradient of max pooling: adds each dy to dx at the position of its code.
///
/// Without `accumulates` it writes all of dx: the sums, and zeros elsewhere.
package func maxPoolGradient(
  _ codes: UnsafePointer<UInt8>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
  _ s: PoolShape
) {
  if !s.accumulates {
    if halves(s) {
      maxPoolGradientOfHalves(codes, dy, dx, s)
      return
    }
    dx.update(repeating: 0, count: s.height * s.width * s.channels)
  }
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    let (top, bottom) = clipped(oy, s, pad: s.padTop, extent: s.height)
    for ox in 0..<s.outputWidth {
      let (left, right) = clipped(ox, s, pad: s.padLeft, extent: s.width)
      let at = (oy * s.outputWidth + ox) * s.channels
      var c = 0
      while c + lanes <= s.channels {
        let code = IndexVector(
          truncatingIfNeeded: UnsafeRawPointer(codes + at + c).loadUnaligned(as: ByteVector.self))
        let d = load(dy + at + c)
        for iy in top..<bottom {
          for ix in left..<right {
            let place = (iy - oy * s.stride + s.padTop) * s.size + ix - ox * s.stride + s.padLeft
            let isHere = code .== IndexVector(repeating: Int32(truncatingIfNeeded: place))
            let p = dx + iy * rowStep + ix * s.channels + c
            store(p, load(p) + Vector.zero.replacing(with: d, where: isHere))
          }
        }
        c += lanes
      }
      let corner = ((oy * s.stride - s.padTop) * s.width + ox * s.stride - s.padLeft) * s.channels
      while c < s.channels {
        let code = Int(codes[at + c])
        let row = code / s.size
        let column = code - row * s.size
        dx[corner + (row * s.width + column) * s.channels + c] += dy[at + c]
        c += 1
      }
    }
  }
}

/// The mean of each window of one image, over the pixels inside the image only.
package func averagePool(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ s: PoolShape
) {
  if halves(s) {
    averagePoolOfHalves(x, y, s)
    return
  }
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    let (top, bottom) = clipped(oy, s, pad: s.padTop, extent: s.height)
    for ox in 0..<s.outputWidth {
      let (left, right) = clipped(ox, s, pad: s.padLeft, extent: s.width)
      let share = 1 / Float((bottom - top) * (right - left))
      let at = (oy * s.outputWidth + ox) * s.channels
      var c = 0
      while c < s.channels {
        let whole = c + lanes <= s.channels
        let width = whole ? lanes : s.channels - c
        var sum = Vector.zero
        for iy in top..<bottom {
          for ix in left..<right {
            let p = x + iy * rowStep + ix * s.channels + c
            sum += whole ? load(p) : load(p, first: width)
          }
        }
        let mean = sum * share
        if whole {
          store(y + at + c, mean)
        } else {
          store(y + at + c, mean, first: width)
        }
        c += lanes
      }
    }
  }
}

/// The gradient of average pooling: adds dy divided by the number of pixels to every dx of a
/// window.
///
/// Without `accumulates` it writes all of dx: the sums, and zeros outside all windows.
package func averagePoolGradient(
  _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ s: PoolShape
) {
  if !s.accumulates {
    if halves(s) {
      averagePoolGradientOfHalves(dy, dx, s)
      return
    }
    dx.update(repeating: 0, count: s.height * s.width * s.channels)
  }
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    let (top, bottom) = clipped(oy, s, pad: s.padTop, extent: s.height)
    for ox in 0..<s.outputWidth {
      let (left, right) = clipped(ox, s, pad: s.padLeft, extent: s.width)
      let share = 1 / Float((bottom - top) * (right - left))
      let at = (oy * s.outputWidth + ox) * s.channels
      for iy in top..<bottom {
        for ix in left..<right {
          let p = dx + iy * rowStep + ix * s.channels
          var c = 0
          while c + lanes <= s.channels {
            store(p + c, multiplyAdd(load(p + c), load(dy + at + c), Vector(repeating: share)))
            c += lanes
          }
          while c < s.channels {
            p[c] = multiplyAdd(p[c], dy[at + c], share)
            c += 1
          }
        }
      }
    }
  }
}
