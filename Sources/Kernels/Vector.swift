// The vector of this module's instruction set, and how many registers of it a tile may use.
//
// Everything in this module is a leaf over pointers and integers: a generic of another module, an
// array or a closure here could be specialised into an object built for AVX-512 whose copy the
// linker then keeps for everyone, and kill an older processor. Generics of this module are safe:
// their copies bear its name.

#if KERNELS_AVX512
  typealias Vector = SIMD16<Float>
  typealias IndexVector = SIMD16<Int32>
  typealias ByteVector = SIMD16<UInt8>
  @inline(__always) var lanes: Int { 16 }
#elseif KERNELS_AVX2
  typealias Vector = SIMD8<Float>
  typealias IndexVector = SIMD8<Int32>
  typealias ByteVector = SIMD8<UInt8>
  @inline(__always) var lanes: Int { 8 }
#else
  typealias Vector = SIMD4<Float>
  typealias IndexVector = SIMD4<Int32>
  typealias ByteVector = SIMD4<UInt8>
  @inline(__always) var lanes: Int { 4 }
#endif

/// Accumulators of one tile: 24 of the 32 registers of AVX-512 and NEON, 12 of the 16 elsewhere.
#if KERNELS_AVX512 || arch(arm64)
  typealias Accumulators = InlineArray<24, Vector>
  @inline(__always) var widestTile: Int { 12 }
#else
  typealias Accumulators = InlineArray<12, Vector>
  @inline(__always) var widestTile: Int { 6 }
#endif

/// All accumulators at zero.
///
/// A literal, because `init(repeating:)` is a generic of the standard library whose specialised
/// copy would be a weak symbol of this object.
@inline(__always) func clearedAccumulators() -> Accumulators {
  let z = Vector.zero
  #if KERNELS_AVX512 || arch(arm64)
    return [z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z]
  #else
    return [z, z, z, z, z, z, z, z, z, z, z, z]
  #endif
}

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func load(_ p: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ p: UnsafeMutablePointer<Float>, _ v: Vector) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}

/// The first `count` floats, followed by zeros.
@inline(__always) func load(_ p: UnsafePointer<Float>, first count: Int) -> Vector {
  var v = Vector.zero
  for i in 0..<count { v[i] = p[i] }
  return v
}

@inline(__always) func store(_ p: UnsafeMutablePointer<Float>, _ v: Vector, first count: Int) {
  for i in 0..<count { p[i] = v[i] }
}

/// sum + a · b, with one rounding if the instruction set has a fused instruction.
@inline(__always) func multiplyAdd(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector {
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    return sum.addingProduct(a, b)
  #else
    // Without the instruction, addingProduct is a call of fmaf per lane.
    return sum + a * b
  #endif
}

@inline(__always) func multiplyAdd(_ sum: Float, _ a: Float, _ b: Float) -> Float {
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    return sum.addingProduct(a, b)
  #else
    return sum + a * b
  #endif
}

/// max(v, 0); NaN stays NaN.
@inline(__always) func rectified(_ v: Vector) -> Vector {
  v.replacing(with: Vector.zero, where: v .< Vector.zero)
}

/// max(v, floor); NaN stays NaN.
@inline(__always) func raised(_ v: Vector, _ floor: Vector) -> Vector {
  v.replacing(with: floor, where: v .< floor)
}

/// min(v, ceiling); NaN stays NaN.
@inline(__always) func lowered(_ v: Vector, _ ceiling: Vector) -> Vector {
  v.replacing(with: ceiling, where: v .> ceiling)
}

/// The length of part `index` if `count` is divided into `parts` parts of nearly equal length.
@inline(__always) func part(_ index: Int, of count: Int, parts: Int) -> Int {
  count / parts + (index < count % parts ? 1 : 0)
}
