/// The kernels that work on pictures: resizing, sampling, scaling to floats, finding similar ones.
///
/// Pictures have three bytes per pixel, row after row.
package struct ImageKernels: Sendable {
  /// Resamples one row.
  ///
  /// (source row, target row, target width, byte offset of each target pixel's first source pixel,
  /// coefficients [target width][vectors][16], vectors). A vector of coefficients is for five
  /// source pixels, three times the same for each, with a zero behind; they are fixed point with
  /// 22 bits after the point. Reads sixteen bytes for every vector, writes one byte past the
  /// target row.
  package typealias ResampleRow =
    @Sendable (
      UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, Int, UnsafePointer<Int32>,
      UnsafePointer<Int32>, Int
    ) -> Void

  /// Resamples across rows for one target row.
  ///
  /// (first source row, source stride, target row, bytes in a row, coefficients, taps)
  package typealias ResampleColumn =
    @Sendable (
      UnsafePointer<UInt8>, Int, UnsafeMutablePointer<UInt8>, Int, UnsafePointer<Int32>, Int
    ) -> Void

  /// Turns bytes to floats: target = source * scale + offset.
  ///
  /// (source, pixels, scale[3], offset[3], target)
  package typealias Normalize =
    @Sendable (
      UnsafePointer<UInt8>, Int, UnsafePointer<Float>, UnsafePointer<Float>,
      UnsafeMutablePointer<Float>
    ) -> Void

  /// Samples a picture at transformed positions and mixes its channels.
  ///
  /// (source, width, height, target, target width, target height, parameters[21], border 0
  /// nearest, 1 reflect, 2 constant, whether the values are added to the target's, scratch[1296]).
  /// The parameters: the source position of target pixel (x, y)
  /// is (p0 x + p1 y + p2, p3 x + p4 y + p5) in pixel centres; then the rows of the 3 x 4 matrix
  /// that turns (red, green, blue, 1) into the target's channels; then the colour of the border.
  /// Reads up to five bytes past the source.
  package typealias SampleAffine =
    @Sendable (
      UnsafePointer<UInt8>, Int, Int, UnsafeMutablePointer<Float>, Int, Int, UnsafePointer<Float>,
      Int, Bool, UnsafeMutablePointer<Float>
    ) -> Void

  /// Finds hashes that differ in few bits from one.
  ///
  /// (hashes, at most 64 of them, hash, most bits): a bit for each hash that differs in no more, that
  /// of the first the lowest.
  package typealias NearHashes = @Sendable (UnsafePointer<UInt64>, Int, UInt64, Int) -> UInt64

  /// Resampling along a row.
  package let resampleRow: ResampleRow
  /// Resampling across rows.
  package let resampleColumn: ResampleColumn
  /// Bytes to floats.
  package let normalize: Normalize
  /// The augmentation pass.
  package let sampleAffine: SampleAffine
  /// The search for similar pictures.
  package let nearHashes: NearHashes

  /// The kernels of one instruction set.
  package init(
    resampleRow: @escaping ResampleRow, resampleColumn: @escaping ResampleColumn,
    normalize: @escaping Normalize, sampleAffine: @escaping SampleAffine,
    nearHashes: @escaping NearHashes
  ) {
    self.resampleRow = resampleRow
    self.resampleColumn = resampleColumn
    self.normalize = normalize
    self.sampleAffine = sampleAffine
    self.nearHashes = nearHashes
  }
}
