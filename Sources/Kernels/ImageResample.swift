// Resampling as Pillow's for 8-bit pictures (src/libImaging/Resample.c): fixed-point coefficients
// with 22 bits after the point, rounded and clipped to a byte after each of the two passes.

@inline(__always) private var precision: Int32 { 22 }
@inline(__always) private var half: Int32 { 1 << 21 }

/// See `ImageKernels.ResampleRow`.
///
/// A vector holds five pixels of the row and a byte of the next; its lanes are multiplied each by
/// its pixel's coefficient and the five are added at the end.
func resampleRow(
  _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ width: Int,
  _ starts: UnsafePointer<Int32>, _ coefficients: UnsafePointer<Int32>, _ vectors: Int
) {
  let source = UnsafeRawPointer(source)
  let target = UnsafeMutableRawPointer(target)
  var weights = UnsafeRawPointer(coefficients)
  for x in 0..<width {
    var pixels = source + Int(starts[x])
    var sum = SIMD16<Int32>(repeating: 0)
    for _ in 0..<vectors {
      let bytes = pixels.loadUnaligned(as: SIMD16<UInt8>.self)
      let weight = weights.loadUnaligned(as: SIMD16<Int32>.self)
      sum &+= widened(bytes) &* weight
      pixels += 15
      weights += 64
    }
    var pixel = SIMD4<Int32>(repeating: half)
    pixel &+= SIMD4(sum[0], sum[1], sum[2], sum[3])
    pixel &+= SIMD4(sum[3], sum[4], sum[5], sum[6])
    pixel &+= SIMD4(sum[6], sum[7], sum[8], sum[9])
    pixel &+= SIMD4(sum[9], sum[10], sum[11], sum[12])
    pixel &+= SIMD4(sum[12], sum[13], sum[14], sum[15])
    pixel &>>= SIMD4(repeating: precision)
    // Clamps to 0...255 with bit operations: integer comparisons would become a loop over the
    // lanes.
    pixel &= ~(pixel &>> 31)
    pixel |= (255 &- pixel) &>> 31
    pixel &= 255
    let packed = pixel[0] | pixel[1] &<< 8 | pixel[2] &<< 16
    (target + 3 * x).storeBytes(of: packed, as: Int32.self)
  }
}

/// See `ImageKernels.ResampleColumn`.
func resampleColumn(
  _ source: UnsafePointer<UInt8>, _ sourceStride: Int, _ target: UnsafeMutablePointer<UInt8>,
  _ bytes: Int, _ coefficients: UnsafePointer<Int32>, _ taps: Int
) {
  let source = UnsafeRawPointer(source)
  let target = UnsafeMutableRawPointer(target)
  var at = 0
  while at < bytes {
    if bytes >= 64 {
      // The last block may overlap the previous one.
      at = min(at, bytes - 64)
      resampleBlock(source + at, sourceStride, target + at, coefficients, taps)
      at += 64
    } else {
      var sum = half
      for tap in 0..<taps {
        let byte = source.load(fromByteOffset: tap * sourceStride + at, as: UInt8.self)
        sum &+= Int32(truncatingIfNeeded: byte) &* coefficients[tap]
      }
      let value = UInt8(truncatingIfNeeded: max(0, min(255, sum &>> precision)))
      target.storeBytes(of: value, toByteOffset: at, as: UInt8.self)
      at += 1
    }
  }
}

/// Sixty-four bytes of one target row: a lane holds four of them, each summed in a vector of its
/// own.
@inline(__always)
func resampleBlock(
  _ source: UnsafeRawPointer, _ stride: Int, _ target: UnsafeMutableRawPointer,
  _ coefficients: UnsafePointer<Int32>, _ taps: Int
) {
  var sum0 = SIMD16<Int32>(repeating: half)
  var sum1 = sum0
  var sum2 = sum0
  var sum3 = sum0
  let low = SIMD16<UInt32>(repeating: 255)
  for tap in 0..<taps {
    let four = (source + tap * stride).loadUnaligned(as: SIMD16<UInt32>.self)
    let weight = coefficients[tap]
    sum0 &+= unsafeBitCast(four & low, to: SIMD16<Int32>.self) &* weight
    sum1 &+= unsafeBitCast(four &>> 8 & low, to: SIMD16<Int32>.self) &* weight
    sum2 &+= unsafeBitCast(four &>> 16 & low, to: SIMD16<Int32>.self) &* weight
    sum3 &+= unsafeBitCast(four &>> 24, to: SIMD16<Int32>.self) &* weight
  }
  let packed =
    clipped(sum0) | clipped(sum1) &<< 8 | clipped(sum2) &<< 16 | clipped(sum3) &<< 24
  target.storeBytes(of: packed, as: SIMD16<Int32>.self)
}

/// The whole parts of fixed-point sums, in 0...255.
@inline(__always)
func clipped(_ sum: SIMD16<Int32>) -> SIMD16<Int32> {
  var whole = sum &>> SIMD16(repeating: precision)
  whole &= ~(whole &>> 31)
  whole |= (255 &- whole) &>> 31
  return whole & 255
}
