#if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
  /// a * b + c, rounded once.
  @inline(__always)
  func multiplyAdd<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float {
    c.addingProduct(a, b)
  }

  /// a * b + c, rounded once.
  @inline(__always)
  func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
    c.addingProduct(a, b)
  }
#else
  /// a * b + c, rounded twice: there is no instruction for it at this level.
  @inline(__always)
  func multiplyAdd<V: SIMD>(_ a: V, _ b: V, _ c: V) -> V where V.Scalar == Float {
    a * b + c
  }

  /// a * b + c, rounded twice.
  @inline(__always)
  func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
    a * b + c
  }
#endif
