/// See `ImageKernels.Normalize`.
@Sendable
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
    let a = SIMD16<Float>(bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self))
    let b = SIMD16<Float>(bytes.loadUnaligned(fromByteOffset: at + 16, as: SIMD16<UInt8>.self))
    let c = SIMD16<Float>(bytes.loadUnaligned(fromByteOffset: at + 32, as: SIMD16<UInt8>.self))
    let start = floats + 4 * at
    start.storeBytes(of: multiplyAdd(offsets.0, a, scales.0), as: SIMD16<Float>.self)
    (start + 64).storeBytes(of: multiplyAdd(offsets.1, b, scales.1), as: SIMD16<Float>.self)
    (start + 128).storeBytes(of: multiplyAdd(offsets.2, c, scales.2), as: SIMD16<Float>.self)
    at += 48
  }
  while at < count {
    target[at] = multiplyAdd(offset[at % 3], Float(source[at]), scale[at % 3])
    at += 1
  }
}

/// Pixels of a row whose positions are worked out before they are sampled.
private let chunk = 128

/// See `ImageKernels.SampleAffine`. Bilinear; positions beyond the border are first moved onto
/// the picture, so that the inner loop has no branch.
@Sendable
func sampleAffine(
  _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
  _ target: UnsafeMutablePointer<Float>, _ targetWidth: Int, _ targetHeight: Int,
  _ parameters: UnsafePointer<Float>, _ border: Int
) {
  // Offsets of the pixel to the left and above, and how far the position lies beyond it.
  withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: 3 * chunk / 16) { scratch in
    guard let base = scratch.baseAddress else { return }
    let across = UnsafeMutableRawPointer(base)
    let down = across + 4 * chunk
    let offsets = across + 8 * chunk
    for y in 0..<targetHeight {
      var x = 0
      while x < targetWidth {
        let count = min(chunk, targetWidth - x)
        locate(
          across, down, offsets, from: x, count: count, row: y, parameters, width, height, border)
        sampleRow(
          source, width, height, target + 3 * (y * targetWidth + x), count, parameters, across,
          down, offsets, isLast: y == targetHeight - 1 && x + count == targetWidth)
        x += count
      }
    }
  }
}

/// Where `count` pixels of a row are sampled: offset in bytes (-1 for the border's colour) and
/// the two weights.
@inline(__always)
private func locate(
  _ across: UnsafeMutableRawPointer, _ down: UnsafeMutableRawPointer,
  _ offsets: UnsafeMutableRawPointer, from: Int, count: Int, row: Int,
  _ parameters: UnsafePointer<Float>, _ width: Int, _ height: Int, _ border: Int
) {
  let y = Float(row)
  let startX = multiplyAdd(parameters[2], parameters[1], y)
  let startY = multiplyAdd(parameters[5], parameters[4], y)
  let limitX = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: max(0, width - 2)))
  let limitY = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: max(0, height - 2)))
  let stride = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: 3 * width))
  var lane = SIMD16<Float>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) + Float(from)
  var at = 0
  while at < count {
    let exactX = multiplyAdd(SIMD16(repeating: startX), lane, SIMD16(repeating: parameters[0]))
    let exactY = multiplyAdd(SIMD16(repeating: startY), lane, SIMD16(repeating: parameters[3]))
    let x = moved(exactX, onto: Float(width), border)
    let y = moved(exactY, onto: Float(height), border)
    // Positions are not negative here, so rounding towards zero rounds down.
    let left = SIMD16<Int32>(x)
    let top = SIMD16<Int32>(y)
    let clampedLeft = left.replacing(with: limitX, where: left .> limitX)
    let clampedTop = top.replacing(with: limitY, where: top .> limitY)
    var offset = clampedTop &* stride &+ clampedLeft &* 3
    if border == 2 {
      let outside =
        isOutside(exactX, Float(width)) .| isOutside(exactY, Float(height))
      offset.replace(with: -1, where: outside)
    }
    let weightX = x - SIMD16<Float>(clampedLeft)
    let weightY = y - SIMD16<Float>(clampedTop)
    across.storeBytes(of: weightX, toByteOffset: 4 * at, as: SIMD16<Float>.self)
    down.storeBytes(of: weightY, toByteOffset: 4 * at, as: SIMD16<Float>.self)
    offsets.storeBytes(of: offset, toByteOffset: 4 * at, as: SIMD16<Int32>.self)
    lane += 16
    at += 16
  }
}

/// Whether positions lie beyond the area of `size` pixels, from -1/2 to size - 1/2.
@inline(__always)
private func isOutside(_ position: SIMD16<Float>, _ size: Float) -> SIMDMask<SIMD16<Int32>> {
  (position .< -0.5) .| (position .> size - 0.5)
}

/// Positions brought to 0...size - 1, mirrored at the border's edge if `border` is 1.
@inline(__always)
private func moved(_ position: SIMD16<Float>, onto size: Float, _ border: Int) -> SIMD16<Float> {
  var moved = position
  if border == 1 {
    let edge = moved + 0.5
    let period = 2 * size
    let within = edge - (edge / period).rounded(.down) * period
    let mirrored = period - within
    moved = within.replacing(with: mirrored, where: mirrored .< within) - 0.5
  }
  moved.replace(with: 0, where: .!(moved .>= 0))
  moved.replace(with: size - 1, where: moved .> size - 1)
  return moved
}

/// Samples `count` pixels and mixes their channels.
@inline(__always)
private func sampleRow(
  _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
  _ target: UnsafeMutablePointer<Float>, _ count: Int, _ parameters: UnsafePointer<Float>,
  _ across: UnsafeRawPointer, _ down: UnsafeRawPointer, _ offsets: UnsafeRawPointer, isLast: Bool
) {
  let p = parameters + 6
  let red = SIMD4<Float>(p[0], p[4], p[8], 0)
  let green = SIMD4<Float>(p[1], p[5], p[9], 0)
  let blue = SIMD4<Float>(p[2], p[6], p[10], 0)
  let start = SIMD4<Float>(p[3], p[7], p[11], 0)
  let outside = SIMD4<Float>(p[12], p[13], p[14], 0)
  let source = UnsafeRawPointer(source)
  // A picture one pixel wide or high has no neighbour: the pixel itself stands for it.
  let below = height > 1 ? 3 * width : 0
  let single = width == 1
  let floats = UnsafeMutableRawPointer(target)
  for x in 0..<count {
    let offset = Int(offsets.load(fromByteOffset: 4 * x, as: Int32.self))
    var pixel = outside
    if offset >= 0 {
      let at = source + offset
      let upper = SIMD8<Float>(at.loadUnaligned(as: SIMD8<UInt8>.self))
      let lower = SIMD8<Float>((at + below).loadUnaligned(as: SIMD8<UInt8>.self))
      let column = multiplyAdd(
        upper, lower - upper, SIMD8(repeating: down.load(fromByteOffset: 4 * x, as: Float.self)))
      let left = column.lowHalf
      let right =
        single ? left : SIMD4<Float>(column[3], column[4], column[5], column[6])
      pixel = multiplyAdd(
        left, right - left, SIMD4(repeating: across.load(fromByteOffset: 4 * x, as: Float.self)))
    }
    var mixed = multiplyAdd(start, red, SIMD4(repeating: pixel[0]))
    mixed = multiplyAdd(mixed, green, SIMD4(repeating: pixel[1]))
    mixed = multiplyAdd(mixed, blue, SIMD4(repeating: pixel[2]))
    if isLast && x == count - 1 {
      // Nothing may be written past the target.
      target[3 * x] = mixed[0]
      target[3 * x + 1] = mixed[1]
      target[3 * x + 2] = mixed[2]
    } else {
      (floats + 12 * x).storeBytes(of: mixed, as: SIMD4<Float>.self)
    }
  }
}
