package import Primitives

/// An image as it was decoded: perhaps smaller than the file's, and not turned yet.
package struct DecodedImage: Sendable, Hashable {
  /// The pixels as they are stored: the full sides divided by `shrink`, rounded up.
  package var image: RGBImage
  /// Pixels across of the whole image as stored.
  package var fullWidth: Int
  /// Pixels down of the whole image as stored.
  package var fullHeight: Int
  /// The reduction in each direction: one pixel stands for 1, 2, 4 or 8 pixels of the file.
  package var shrink: Int
  /// The EXIF orientation, 1 to 8.
  package var orientation: Int
  /// Bytes of nothing that the decoder met, those behind the last block among them.
  package var strayBytes = 0

  /// An image of the given pixels and of the sides that it had in its file.
  package init(
    image: RGBImage, fullWidth: Int, fullHeight: Int, shrink: Int, orientation: Int
  ) {
    (self.image, self.fullWidth, self.fullHeight) = (image, fullWidth, fullHeight)
    (self.shrink, self.orientation) = (shrink, orientation)
  }

  /// Whether turning exchanges rows and columns.
  var isTransposed: Bool { orientation >= 5 }

  package var upright: RGBImage { image.upright(from: orientation) }
}

extension ImageReader {
  /// The image in the bytes of a file, at its full size and upright; the first or primary one.
  ///
  /// The first bytes alone determine the kind. Grey becomes equal channels, CMYK and alpha are
  /// treated as Pillow's `convert("RGB")` does, 16 bits are scaled to 8.
  package static func decode(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels
  ) throws(ImageFailure) -> RGBImage {
    try decodeImage(bytes: bytes, exif: exif, maxPixels: maxPixels).upright
  }

  /// The image in a file's bytes, decoded at the size that `shrink` chooses.
  ///
  /// `shrink` is given the sides of the whole image, upright, and answers 1, 2, 4 or 8. It is
  /// asked for JPEG alone, whose decoder makes smaller images for less work; others are always
  /// whole. The limits and the verdict are those of the whole image whatever the prediction.
  package static func decodeImage(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels,
    shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }
  ) throws(ImageFailure) -> DecodedImage {
    try decodeWithFacts(bytes: bytes, exif: exif, maxPixels: maxPixels, shrink: shrink).image
  }

  /// The results of `decodeImage` and `facts`, for the cost of one.
  ///
  /// `codecs` are the libraries that are opened when a kind of file needs them.
  package static func decodeWithFacts(
    bytes: [UInt8], exif: ExifPolicy = .apply, maxPixels: Int = Preprocessing.defaultMaxPixels,
    codecs: CodecFiles = .system, shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }
  ) throws(ImageFailure) -> (image: DecodedImage, facts: ImageFacts) {
    guard let kind = FileKind(bytes) else { throw .notAnImage(bytes) }
    let header = try ImageHeader(of: bytes, kind: kind, maxPixels: maxPixels, codecs: codecs)
    let facts = header.facts
    let (width, height) = (facts.width, facts.height)
    let orientation = exif == .apply ? facts.orientation : 1
    let upright = orientation >= 5 ? (height, width) : (width, height)
    let divisor = kind == .jpeg ? shrink(upright.0, upright.1) : 1
    precondition([1, 2, 4, 8].contains(divisor), "images shrink by 1, 2, 4 or 8")
    let (stored, strayBytes) = try header.pixels(shrink: divisor)
    var image = DecodedImage(
      image: stored, fullWidth: width, fullHeight: height, shrink: divisor,
      orientation: orientation)
    image.strayBytes = strayBytes
    return (image, facts)
  }
}
