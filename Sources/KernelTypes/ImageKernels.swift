/// The kernels that work on pictures: resizing, sampling, scaling to floats, finding similar ones.
///
/// Pictures have three bytes per pixel, row after row.
package typealias ImageKernels = (
  /// Resamples one row.
  ///
  /// Coefficients are [width][vectors][16]: a vector of them is for five source pixels, three times
  /// the same for each, with a zero behind; they are fixed point with 22 bits after the point.
  /// `starts` are the byte offsets of each target pixel's first source pixel. Reads sixteen bytes
  /// for every vector, writes one byte past the target row.
  resampleRow:
    @Sendable (
      _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ width: Int,
      _ starts: UnsafePointer<Int32>, _ coefficients: UnsafePointer<Int32>, _ vectors: Int
    ) -> Void,

  /// Resamples across rows for one target row; `source` is the first of `taps` source rows.
  resampleColumn:
    @Sendable (
      _ source: UnsafePointer<UInt8>, _ stride: Int, _ target: UnsafeMutablePointer<UInt8>,
      _ bytes: Int, _ coefficients: UnsafePointer<Int32>, _ taps: Int
    ) -> Void,

  /// Turns bytes to floats: target = source * scale[3] + offset[3].
  normalize:
    @Sendable (
      _ source: UnsafePointer<UInt8>, _ pixels: Int, _ scale: UnsafePointer<Float>,
      _ offset: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) -> Void,

  /// Samples a picture at transformed positions and mixes its channels.
  ///
  /// The 21 parameters: the source position of target pixel (x, y)
  /// is (p0 x + p1 y + p2, p3 x + p4 y + p5) in pixel centres; then the rows of the 3 x 4 matrix
  /// that turns (red, green, blue, 1) into the target's channels; then the colour of the border,
  /// which is 0 for nearest, 1 for reflect, 2 for constant. The scratch memory has 1,296 floats.
  /// Reads up to five bytes past the source.
  sampleAffine:
    @Sendable (
      _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
      _ target: UnsafeMutablePointer<Float>, _ targetWidth: Int, _ targetHeight: Int,
      _ parameters: UnsafePointer<Float>, _ border: Int, _ accumulates: Bool,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void,

  nearHashes: NearHashes
)

/// Finds hashes that differ in few bits from one.
///
/// Of at most 64 hashes: a bit for each that differs in no more than `bits`, that of the first the
/// lowest.
package typealias NearHashes =
  @Sendable (_ hashes: UnsafePointer<UInt64>, _ count: Int, _ hash: UInt64, _ bits: Int) -> UInt64
