package import KernelTypes

/// Copies rows of an image into a band, with zeros around them, and normalizes them while copying.
///
/// band = image · factor[channel] + offset[channel], then min(max(·, 0), ceiling) if `rectifies`. The
/// zeros around the image stay zeros.
package func padNormalizedBand(
  _ image: UnsafePointer<Float>, _ band: UnsafeMutablePointer<Float>,
  _ factor: UnsafePointer<Float>, _ offset: UnsafePointer<Float>, _ shape: BandShape,
  channels: Int, rectifies: Bool, ceiling: Float
) {
  let (begin, skipped, copied) = (shape.zeros, shape.skipped, shape.copied)
  let room = shape.bandRowStep - begin
  let floor: Float = rectifies ? 0 : -Float.infinity
  let most = rectifies ? ceiling : .infinity
  for row in 0..<shape.rows {
    let target = band + row * shape.bandRowStep
    let imageRow = shape.firstRow + row
    if imageRow < 0 || imageRow >= shape.imageRows {
      target.update(repeating: 0, count: shape.bandRowStep)
      continue
    }
    target.update(repeating: 0, count: begin)
    normalize(
      image + imageRow * shape.imageRowLength + skipped, target + begin, factor, offset,
      count: copied, channels: channels, floor: floor, ceiling: most)
    (target + begin + copied).update(repeating: 0, count: room - copied)
  }
}

/// Whole pixels of one row.
@inline(__always)
private func normalize(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ factor: UnsafePointer<Float>,
  _ offset: UnsafePointer<Float>, count: Int, channels: Int, floor: Float, ceiling: Float
) {
  let least = Vector(repeating: floor)
  let most = Vector(repeating: ceiling)
  var pixel = 0
  while pixel < count {
    var c = 0
    while c + lanes <= channels {
      let v = multiplyAdd(load(offset + c), load(x + pixel + c), load(factor + c))
      store(y + pixel + c, raised(lowered(v, most), least))
      c += lanes
    }
    while c < channels {
      let v = multiplyAdd(offset[c], x[pixel + c], factor[c])
      y[pixel + c] = v < floor ? floor : v > ceiling ? ceiling : v
      c += 1
    }
    pixel += channels
  }
}
