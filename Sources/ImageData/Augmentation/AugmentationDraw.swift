internal import Glibc
package import Primitives

/// The changes of one image in one epoch.
///
/// Geometry runs from the target to the source about the centre, in Keras's order (legacy
/// `apply_affine_transform`): mirror, crop and zoom, shear, shift, rotate.
package struct AugmentationDraw: Sendable, Hashable {
  /// Rotation in radians.
  package var rotation = 0.0
  /// Shear in radians.
  package var shear = 0.0
  /// Factors of the columns and rows; below 1 magnifies.
  package var zoomX = 1.0
  /// See `zoomX`.
  package var zoomY = 1.0
  /// Shifts as parts of the width and height.
  package var shiftX = 0.0
  /// See `shiftX`.
  package var shiftY = 0.0
  /// Mirroring left and right.
  package var flipsX = false
  /// Mirroring top and bottom.
  package var flipsY = false
  /// The part of the width and height that is cut out.
  package var cropWidth = 1.0
  /// See `cropWidth`.
  package var cropHeight = 1.0
  /// The centre of that part, from the image's centre, as parts of the width and height.
  package var cropX = 0.0
  /// See `cropX`.
  package var cropY = 0.0
  /// Added to all channels, in units of the deviation.
  package var brightness = 0.0
  /// The factor of the distance from the mean.
  package var contrast = 1.0
  /// The factor of the distance from grey, the mean of the scaled channels.
  package var saturation = 1.0
  /// The side of the square that is set to the mean, and its centre, as parts of the sides.
  package var cutout = 0.0
  /// See `cutout`.
  package var cutoutX = 0.5
  /// See `cutout`.
  package var cutoutY = 0.5

  package init() {}

  /// Draws the changes of one image from the stream.
  ///
  /// Every draw takes the same numbers in the same order, so a range that
  /// is changed changes no other.
  package init(_ augmentation: Augmentation, _ stream: inout RandomStream) {
    func spread(_ width: Double) -> Double {
      width * (2 * Double(stream.uniform()) - 1)
    }
    let radians = Double.pi / 180
    rotation = spread(augmentation.rotationDegrees) * radians
    shear = spread(augmentation.shearDegrees) * radians
    zoomY = 1 + spread(augmentation.zoom)
    zoomX = 1 + spread(augmentation.zoom)
    shiftY = spread(augmentation.shift)
    shiftX = spread(augmentation.shift)
    let coins = (stream.uniform() < 0.5, stream.uniform() < 0.5)
    flipsX = coins.0 && (augmentation.flip == .h || augmentation.flip == .hv)
    flipsY = coins.1 && (augmentation.flip == .v || augmentation.flip == .hv)
    func between(_ interval: Interval) -> Double {
      interval.lower + (interval.upper - interval.lower) * Double(stream.uniform())
    }
    let area = between(augmentation.cropScale)
    let aspect = exp(
      between(Interval(log(augmentation.cropAspect.lower), log(augmentation.cropAspect.upper))))
    cropWidth = min(1, (area * aspect).squareRoot())
    cropHeight = min(1, (area / aspect).squareRoot())
    cropX = spread((1 - cropWidth) / 2)
    cropY = spread((1 - cropHeight) / 2)
    brightness = spread(augmentation.brightness)
    contrast = 1 + spread(augmentation.contrast)
    saturation = 1 + spread(augmentation.saturation)
    cutout = augmentation.cutout
    cutoutX = Double(stream.uniform())
    cutoutY = Double(stream.uniform())
  }

  /// The 21 parameters of `ImageKernels.SampleAffine` for a source and a target of these sizes.
  ///
  /// The target's values are multiplied by `share`.
  package func parameters(
    source: (width: Int, height: Int), target: (width: Int, height: Int),
    _ preprocessing: Preprocessing, share: Double = 1
  ) -> [Float] {
    Array(unsafeUninitializedCapacity: 21) { floats, count in
      guard let base = floats.baseAddress else { return }
      write(source: source, target: target, preprocessing, share: share, to: base)
      count = 21
    }
  }

  /// Writes the 21 parameters.
  func write(
    source: (width: Int, height: Int), target: (width: Int, height: Int),
    _ preprocessing: Preprocessing, share: Double, to floats: UnsafeMutablePointer<Float>
  ) {
    writeGeometry(source: source, target: target, to: floats)
    writeColours(preprocessing, share, to: floats + 6)
    for channel in 0..<3 { floats[18 + channel] = preprocessing.mean[channel] }
  }

  /// x' = m0 x + m1 y + m2 and y' = m3 x + m4 y + m5, from target to source pixel centres.
  private func writeGeometry(
    source: (width: Int, height: Int), target: (width: Int, height: Int),
    to floats: UnsafeMutablePointer<Float>
  ) {
    let width = Double(source.width)
    let height = Double(source.height)
    // From the target's pixels to the source's, about both centres.
    let scaleX = width / Double(target.width) * zoomX * cropWidth * (flipsX ? -1 : 1)
    let scaleY = height / Double(target.height) * zoomY * cropHeight * (flipsY ? -1 : 1)
    // The shear moves columns and shortens rows.
    let (sinR, cosR) = (sin(rotation), cos(rotation))
    let (sinS, cosS) = (sin(shear), cos(shear))
    let x = (cosR * scaleX, (-cosR * sinS - sinR * cosS) * scaleY)
    let y = (sinR * scaleX, (-sinR * sinS + cosR * cosS) * scaleY)
    let shift = (x: shiftX * width, y: shiftY * height)
    let centerX = (width - 1) / 2 + cropX * width + cosR * shift.x - sinR * shift.y
    let centerY = (height - 1) / 2 + cropY * height + sinR * shift.x + cosR * shift.y
    let middle = (x: (Double(target.width) - 1) / 2, y: (Double(target.height) - 1) / 2)
    floats[0] = Float(x.0)
    floats[1] = Float(x.1)
    floats[2] = Float(centerX - x.0 * middle.x - x.1 * middle.y)
    floats[3] = Float(y.0)
    floats[4] = Float(y.1)
    floats[5] = Float(centerY - y.0 * middle.x - y.1 * middle.y)
  }

  /// The rows of the 3 x 4 matrix from (red, green, blue, 1) in 0...255 to the scaled channels.
  private func writeColours(
    _ preprocessing: Preprocessing, _ share: Double, to floats: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<3 {
      var start = brightness
      for other in 0..<3 {
        let own = channel == other ? saturation : 0
        let factor = contrast * (own + (1 - saturation) / 3)
        let deviation = Double(preprocessing.deviation[other])
        floats[4 * channel + other] = Float(share * (factor / deviation))
        start -= factor * Double(preprocessing.mean[other]) / deviation
      }
      floats[4 * channel + 3] = Float(share * start)
    }
  }
}
