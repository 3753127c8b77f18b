// Helpers are not private: a private one that is not inlined becomes weak code.
//
// Conversions by the bits of the numbers: those of the standard library are generic, and a copy
// of them specialised here could be the one that the linker keeps for everyone.

#if !KERNELS_AVX512
  /// sum + a · b on sixteen lanes, as on this module's vectors.
  @inline(__always)
  func multiplyAdd(
    _ sum: SIMD16<Float>, _ a: SIMD16<Float>, _ b: SIMD16<Float>
  ) -> SIMD16<Float> {
    #if KERNELS_AVX2 || arch(arm64)
      return sum.addingProduct(a, b)
    #else
      return sum + a * b
    #endif
  }
#endif

/// Bytes as integers.
///
/// Lane by lane, because a loop over the lanes is not always vectorized.
@inline(__always)
func widened(_ b: SIMD16<UInt8>) -> SIMD16<Int32> {
  SIMD16(
    Int32(truncatingIfNeeded: b[0]), Int32(truncatingIfNeeded: b[1]),
    Int32(truncatingIfNeeded: b[2]), Int32(truncatingIfNeeded: b[3]),
    Int32(truncatingIfNeeded: b[4]), Int32(truncatingIfNeeded: b[5]),
    Int32(truncatingIfNeeded: b[6]), Int32(truncatingIfNeeded: b[7]),
    Int32(truncatingIfNeeded: b[8]), Int32(truncatingIfNeeded: b[9]),
    Int32(truncatingIfNeeded: b[10]), Int32(truncatingIfNeeded: b[11]),
    Int32(truncatingIfNeeded: b[12]), Int32(truncatingIfNeeded: b[13]),
    Int32(truncatingIfNeeded: b[14]), Int32(truncatingIfNeeded: b[15]))
}

/// 2^23 as bits: a whole number below 2^23 in its low bits makes it 2^23 plus that number.
@inline(__always) private var whole: Int32 { 0x4B00_0000 }

/// Bytes plus 2^23.
@inline(__always)
func raised(_ bytes: SIMD16<UInt8>) -> SIMD16<Float> {
  unsafeBitCast(widened(bytes) | whole, to: SIMD16<Float>.self)
}

/// Whole numbers in 0..<2^23 as integers.
@inline(__always)
func integers(_ values: SIMD16<Float>) -> SIMD16<Int32> {
  unsafeBitCast(values + 0x1p23, to: SIMD16<Int32>.self) & 0x7F_FFFF
}

/// The nearest whole numbers of values between ± 2^22, halves to the even one.
@inline(__always)
func nearest(_ values: SIMD16<Float>) -> SIMD16<Float> {
  (values + 0x1.8p23) - 0x1.8p23
}
