/// See `ImageKernels.Normalize`.
func normalizePixels(
  _ source: UnsafePointer<UInt8>, _ pixels: Int, _ scale: UnsafePointer<Float>,
  _ offset: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
) {
  // Sixteen pixels are three vectors, whose lanes repeat red, green and blue from 0, 1 and 2.
  var scales = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
  var offsets = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
  for lane in 0..<16 {
    scales.0[lane] = scale[lane % 3]
    scales.1[lane] = scale[(lane + 1) % 3]
    scales.2[lane] = scale[(lane + 2) % 3]
    offsets.0[lane] = offset[lane % 3]
    offsets.1[lane] = offset[(lane + 1) % 3]
    offsets.2[lane] = offset[(lane + 2) % 3]
  }
  let bytes = UnsafeRawPointer(source)
  let floats = UnsafeMutableRawPointer(target)
  let count = 3 * pixels
  var at = 0
  while at + 48 <= count {
    scaleBlock(bytes + at, floats + 4 * at, scales.0, offsets.0)
    scaleBlock(bytes + at + 16, floats + 4 * at + 64, scales.1, offsets.1)
    scaleBlock(bytes + at + 32, floats + 4 * at + 128, scales.2, offsets.2)
    at += 48
  }
  while at < count {
    target[at] = Float(source[at]) * scale[at % 3] + offset[at % 3]
    at += 1
  }
}

/// Sixteen bytes to floats.
///
/// Rounded twice on every level, so that a picture's tail and body agree.
@inline(__always)
func scaleBlock(
  _ bytes: UnsafeRawPointer, _ floats: UnsafeMutableRawPointer, _ scale: SIMD16<Float>,
  _ offset: SIMD16<Float>
) {
  let values = raised(bytes.loadUnaligned(as: SIMD16<UInt8>.self)) - 0x1p23
  floats.storeBytes(of: values * scale + offset, as: SIMD16<Float>.self)
}

/// Pixels of a row whose positions are worked out before they are sampled.
@inline(__always) private var chunk: Int { 128 }

/// See `ImageKernels.SampleAffine`.
///
/// Bilinear; positions beyond the border are first moved onto the picture, so that the inner
/// loop has no branch.
func sampleAffine(
  _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
  _ target: UnsafeMutablePointer<Float>, _ targetWidth: Int, _ targetHeight: Int,
  _ parameters: UnsafePointer<Float>, _ border: Int, _ scratch: UnsafeMutablePointer<Float>
) {
  let places = UnsafeMutableRawPointer(scratch)
  for y in 0..<targetHeight {
    var x = 0
    while x < targetWidth {
      let count = min(chunk, targetWidth - x)
      locate(places, from: x, count: count, row: y, parameters, width, height, border)
      let isLast = y == targetHeight - 1 && x + count == targetWidth
      // The last pixel of all is sampled apart, so that nothing is written past the target.
      let start = target + 3 * (y * targetWidth + x)
      sampleRow(source, width, height, start, isLast ? count - 1 : count, parameters, places)
      if isLast {
        let last = samplePixel(source, width, height, count - 1, parameters, places)
        start[3 * count - 3] = last[0]
        start[3 * count - 2] = last[1]
        start[3 * count - 1] = last[2]
      }
      x += count
    }
  }
}

/// Works out where `count` pixels of a row are sampled.
///
/// `places` gets the weight of the pixel to the right, the weight of the pixel below, and the
/// offset of the pixel to the left and above in bytes, -1 for the border's colour.
@inline(__always)
func locate(
  _ places: UnsafeMutableRawPointer, from: Int, count: Int, row: Int,
  _ parameters: UnsafePointer<Float>, _ width: Int, _ height: Int, _ border: Int
) {
  let line = Float(row)
  let startX = parameters[1] * line + parameters[2]
  let startY = parameters[4] * line + parameters[5]
  let limitX = Float(max(0, width - 2))
  let limitY = Float(max(0, height - 2))
  let stride = Int32(truncatingIfNeeded: 3 * width)
  var lane = SIMD16<Float>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) + Float(from)
  var at = 0
  while at < count {
    let exactX = lane * parameters[0] + startX
    let exactY = lane * parameters[3] + startY
    var x = exactX
    var y = exactY
    if border == 1 {
      x = mirrored(x, Float(width))
      y = mirrored(y, Float(height))
    }
    x = limited(x, Float(width - 1))
    y = limited(y, Float(height - 1))
    let left = wholePart(x, limitX)
    let top = wholePart(y, limitY)
    var offset = integers(top) &* stride &+ integers(left) &* 3
    if border == 2 {
      offset.replace(with: -1, where: isOutside(exactX, Float(width)))
      offset.replace(with: -1, where: isOutside(exactY, Float(height)))
    }
    let place = places + 4 * at
    place.storeBytes(of: x - left, as: SIMD16<Float>.self)
    (place + 4 * chunk).storeBytes(of: y - top, as: SIMD16<Float>.self)
    (place + 8 * chunk).storeBytes(of: offset, as: SIMD16<Int32>.self)
    lane += 16
    at += 16
  }
}

/// The whole number at or below each position, or at a whole position perhaps the one before; at
/// most `limit`.
@inline(__always)
func wholePart(_ position: SIMD16<Float>, _ limit: Float) -> SIMD16<Float> {
  var below = nearest(position - 0.5)
  below.replace(with: limit, where: below .> limit)
  below.replace(with: 0, where: below .< 0)
  return below
}

/// Whether positions lie beyond the area of `size` pixels, from -1/2 to size - 1/2.
@inline(__always)
func isOutside(_ position: SIMD16<Float>, _ size: Float) -> SIMDMask<SIMD16<Int32>> {
  (position .< -0.5) .| (position .> size - 0.5)
}

/// Positions mirrored at the edges of the area of `size` pixels, -1/2 and size - 1/2.
@inline(__always)
func mirrored(_ position: SIMD16<Float>, _ size: Float) -> SIMD16<Float> {
  // Off by whole periods, then by less than half of one: mirrored is the distance from zero.
  let edge = position + 0.5
  let period = 2 * size
  let within = edge - nearest(edge * (1 / period)) * period
  return within.replacing(with: -within, where: within .< 0) - 0.5
}

/// Positions brought to 0...limit; what is no number becomes 0.
@inline(__always)
func limited(_ position: SIMD16<Float>, _ limit: Float) -> SIMD16<Float> {
  let positive = SIMD16<Float>.zero.replacing(with: position, where: position .> 0)
  return positive.replacing(with: limit, where: positive .> limit)
}

/// Samples `count` pixels and mixes their channels; writes a float past the last.
@inline(__always)
func sampleRow(
  _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
  _ target: UnsafeMutablePointer<Float>, _ count: Int, _ parameters: UnsafePointer<Float>,
  _ places: UnsafeMutableRawPointer
) {
  let floats = UnsafeMutableRawPointer(target)
  for x in 0..<count {
    let pixel = samplePixel(source, width, height, x, parameters, places)
    (floats + 12 * x).storeBytes(of: pixel, as: SIMD4<Float>.self)
  }
}

/// One pixel, sampled and mixed.
@inline(__always)
func samplePixel(
  _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int, _ x: Int,
  _ parameters: UnsafePointer<Float>, _ places: UnsafeMutableRawPointer
) -> SIMD4<Float> {
  let p = parameters + 6
  // A picture one pixel wide or high has no neighbour: the pixel itself stands for it.
  let below = height > 1 ? 3 * width : 0
  let place = places + 4 * x
  let offset = Int((place + 8 * chunk).load(as: Int32.self))
  var pixel = SIMD4<Float>(p[12], p[13], p[14], 0)
  if offset >= 0 {
    let at = UnsafeRawPointer(source) + offset
    let next = width > 1 ? 3 : 0
    let right = place.load(as: Float.self)
    let upper = between(raised(at), raised(at + next), right)
    let lower = between(raised(at + below), raised(at + below + next), right)
    pixel = multiplyAdd(upper, lower - upper, (place + 4 * chunk).load(as: Float.self))
  }
  var mixed = SIMD4<Float>(p[3], p[7], p[11], 0)
  mixed = multiplyAdd(mixed, SIMD4(p[0], p[4], p[8], 0), pixel[0])
  mixed = multiplyAdd(mixed, SIMD4(p[1], p[5], p[9], 0), pixel[1])
  return multiplyAdd(mixed, SIMD4(p[2], p[6], p[10], 0), pixel[2])
}

/// A value between two that are raised by 2^23.
@inline(__always)
func between(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ weight: Float) -> SIMD4<Float> {
  multiplyAdd(a - 0x1p23, b - a, weight)
}
