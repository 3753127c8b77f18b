// Resampling as Pillow's for 8-bit pictures (src/libImaging/Resample.c): fixed-point coefficients
// with 22 bits after the point, rounded and clipped to a byte after each of the two passes.

private let precision: Int32 = 22
private let half: Int32 = 1 << 21

/// See `ImageKernels.ResampleRows`. One vector holds one pixel of each of four rows.
@Sendable
func resampleRows(
  _ source: UnsafePointer<UInt8>, _ sourceStride: Int, _ target: UnsafeMutablePointer<UInt8>,
  _ targetStride: Int, _ rows: Int, _ width: Int, _ firsts: UnsafePointer<Int32>,
  _ counts: UnsafePointer<Int32>, _ coefficients: UnsafePointer<Int32>, _ taps: Int
) {
  // With fewer than four rows the last is computed again and written over itself.
  let row1 = min(1, rows - 1)
  let row2 = min(2, rows - 1)
  let row3 = min(3, rows - 1)
  let source0 = UnsafeRawPointer(source)
  let source1 = source0 + row1 * sourceStride
  let source2 = source0 + row2 * sourceStride
  let source3 = source0 + row3 * sourceStride
  let target0 = UnsafeMutableRawPointer(target)
  let target1 = target0 + row1 * targetStride
  let target2 = target0 + row2 * targetStride
  let target3 = target0 + row3 * targetStride
  for x in 0..<width {
    var position = 3 * Int(firsts[x])
    let weights = coefficients + x * taps
    var sum = SIMD16<Int32>(repeating: half)
    for tap in 0..<Int(counts[x]) {
      let pixels = SIMD4<UInt32>(
        source0.loadUnaligned(fromByteOffset: position, as: UInt32.self),
        source1.loadUnaligned(fromByteOffset: position, as: UInt32.self),
        source2.loadUnaligned(fromByteOffset: position, as: UInt32.self),
        source3.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      let bytes = unsafeBitCast(pixels, to: SIMD16<UInt8>.self)
      sum &+= SIMD16<Int32>(truncatingIfNeeded: bytes) &* weights[tap]
      position += 3
    }
    let pixels = unsafeBitCast(clipped(sum), to: SIMD4<UInt32>.self)
    let end = 3 * x
    target0.storeBytes(of: pixels[0], toByteOffset: end, as: UInt32.self)
    target1.storeBytes(of: pixels[1], toByteOffset: end, as: UInt32.self)
    target2.storeBytes(of: pixels[2], toByteOffset: end, as: UInt32.self)
    target3.storeBytes(of: pixels[3], toByteOffset: end, as: UInt32.self)
  }
}

/// See `ImageKernels.ResampleColumn`.
@Sendable
func resampleColumn(
  _ source: UnsafePointer<UInt8>, _ sourceStride: Int, _ target: UnsafeMutablePointer<UInt8>,
  _ bytes: Int, _ coefficients: UnsafePointer<Int32>, _ taps: Int
) {
  let source = UnsafeRawPointer(source)
  let target = UnsafeMutableRawPointer(target)
  var at = 0
  while at + 32 <= bytes {
    resampleBlock(source + at, sourceStride, target + at, coefficients, taps)
    resampleBlock(source + at + 16, sourceStride, target + at + 16, coefficients, taps)
    at += 32
  }
  while at < bytes {
    if at + 16 <= bytes || bytes >= 16 {
      // The last block may overlap the one before.
      at = min(at, bytes - 16)
      resampleBlock(source + at, sourceStride, target + at, coefficients, taps)
      at += 16
    } else {
      var sum = half
      for tap in 0..<taps {
        sum &+=
          Int32(source.load(fromByteOffset: tap * sourceStride + at, as: UInt8.self))
          &* coefficients[tap]
      }
      let value = UInt8(truncatingIfNeeded: max(0, min(255, sum >> precision)))
      target.storeBytes(of: value, toByteOffset: at, as: UInt8.self)
      at += 1
    }
  }
}

/// Sixteen bytes of one target row.
@inline(__always)
private func resampleBlock(
  _ source: UnsafeRawPointer, _ stride: Int, _ target: UnsafeMutableRawPointer,
  _ coefficients: UnsafePointer<Int32>, _ taps: Int
) {
  var sum = SIMD16<Int32>(repeating: half)
  for tap in 0..<taps {
    let bytes = (source + tap * stride).loadUnaligned(as: SIMD16<UInt8>.self)
    sum &+= SIMD16<Int32>(truncatingIfNeeded: bytes) &* coefficients[tap]
  }
  target.storeBytes(of: clipped(sum), as: SIMD16<UInt8>.self)
}

/// The whole parts of fixed-point sums as bytes.
@inline(__always)
private func clipped(_ sum: SIMD16<Int32>) -> SIMD16<UInt8> {
  let whole = sum &>> SIMD16(repeating: precision)
  return SIMD16<UInt8>(
    truncatingIfNeeded: whole.clamped(
      lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: 255)))
}
