/// sum + a · b of vectors of any width, in one rounding where the instruction set has that.
@inline(__always) func multiplyAdd<V: SIMD>(_ sum: V, _ a: V, _ b: V) -> V
where V.Scalar == Float {
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    return sum.addingProduct(a, b)
  #else
    return sum + a * b
  #endif
}
