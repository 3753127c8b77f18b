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
/// Rounded twice at every instruction set, so that the last pixels agree with the others.
@inline(__always)
func scaleBlock(
  _ bytes: UnsafeRawPointer, _ floats: UnsafeMutableRawPointer, _ scale: SIMD16<Float>,
  _ offset: SIMD16<Float>
) {
  let values = raised(bytes.loadUnaligned(as: SIMD16<UInt8>.self)) - 0x1p23
  floats.storeBytes(of: values * scale + offset, as: SIMD16<Float>.self)
}
