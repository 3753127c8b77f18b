/// The way in which an image of another shape is fitted to the network's size.
package enum ResizeMode: String, Codable, Sendable, CaseIterable {
  /// Both sides are scaled by themselves; the aspect ratio is not kept.
  case stretch
  /// The middle of the image that has the network's shape; the rest is cut off.
  case crop
  /// The whole image in its own shape, in the middle of a black square.
  case pad
}

/// The interpolation of a resized pixel.
package enum ResizeFilter: String, Codable, Sendable, CaseIterable {
  /// The pixel under the centre, as Pillow's and Keras's nearest.
  case nearest
  /// A triangle, widened when shrinking.
  case bilinear
  /// Keys's cubic with a = -0.5, widened when shrinking.
  case bicubic
  /// The mean of the pixels that are covered.
  case area

  /// The pixels that must be left for one of the result where a JPEG is decoded smaller, 0 for
  /// never.
  ///
  /// Chosen so that the distance from an ideal reduction (Lanczos, 3 lobes, of the image before
  /// it was compressed) grows by a tenth at most over decoding at full size, on the mean of 40
  /// photos at sizes from 30 to 180 pixels. See `ShrunkFit`.
  package var shrinkMargin: Double {
    switch self {
    case .nearest: 0
    case .area, .bilinear: 1.1
    case .bicubic: 1.5
    }
  }
}

/// Whether images are turned according to their EXIF orientation.
package enum ExifPolicy: String, Codable, Sendable, CaseIterable {
  /// Orientations 1 to 8 are applied.
  case apply
  /// The stored rows are taken as they are.
  case ignore
}

/// Everything between a file and the numbers a network sees: (pixel - mean) / deviation of the
/// resized RGB image, height x width x 3.
package struct Preprocessing: Codable, Sendable, Hashable {
  package var width: Int
  package var height: Int
  package var resize: ResizeMode
  /// The share of the sides that a crop leaves of what it could: 1 for all, and for other modes.
  package var cropShare: Double
  package var filter: ResizeFilter
  package var exif: ExifPolicy
  /// JPEGs are decoded at 1/2, 1/4 or 1/8 where so many pixels are left for one of the result.
  ///
  /// 0 for always at full size.
  package var shrinkMargin: Double
  /// The mean subtracted from red, green and blue, in units of 0...255.
  package var mean: [Float]
  /// The divisor of red, green and blue, in units of 0...255.
  package var deviation: [Float]
  /// Images of more pixels are refused before memory is allocated for them.
  package var maxPixels: Int

  /// The limit on pixels unless told otherwise.
  package static let defaultMaxPixels = 64_000_000

  /// Preprocessing to the given size; the default scaling is 1/255.
  package init(
    width: Int, height: Int, resize: ResizeMode = .stretch, cropShare: Double = 1,
    filter: ResizeFilter = .bilinear, exif: ExifPolicy = .apply, shrinkMargin: Double = 0,
    mean: [Float] = [0, 0, 0],
    deviation: [Float] = [255, 255, 255], maxPixels: Int = Preprocessing.defaultMaxPixels
  ) {
    (self.width, self.height, self.resize, self.cropShare) = (width, height, resize, cropShare)
    (self.filter, self.exif, self.shrinkMargin, self.mean) = (filter, exif, shrinkMargin, mean)
    (self.deviation, self.maxPixels) = (deviation, maxPixels)
  }

  /// The reason why these values cannot be used; nil if they can.
  ///
  /// To be asked before values from a file or a command line are used.
  package var problem: String? {
    let sides = 1...4096
    if !sides.contains(width) || !sides.contains(height) {
      return "image sides must be in 1...4096, found \(width) x \(height)"
    }
    if !(0.1...1).contains(cropShare) || cropShare != 1 && resize != .crop {
      return "the share of a crop must be in 0.1...1, and 1 without one, found \(cropShare)"
    }
    if mean.count != 3 || deviation.count != 3 {
      return "mean and deviation must have 3 values, found \(mean.count) and \(deviation.count)"
    }
    if !mean.allSatisfy(\.isFinite) || !deviation.allSatisfy({ $0.isFinite && $0 >= 1e-3 }) {
      return "mean must be finite and deviation at least 0.001, found \(mean) and \(deviation)"
    }
    if shrinkMargin != 0 && !(1...1000).contains(shrinkMargin) {
      return "the margin of shrinking must be 0 or in 1...1000, found \(shrinkMargin)"
    }
    if !(1...1_000_000_000).contains(maxPixels) {
      return "the largest number of pixels must be in 1...1000000000, found \(maxPixels)"
    }
    return nil
  }

  private enum CodingKeys: String, CodingKey {
    case width, height, resize, cropShare, filter, exif, shrinkMargin, mean, deviation, maxPixels
  }

  /// Reads values, those of models written before images were shrunk while decoding, or cropped
  /// to a share, among them.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      width: try values.decode(Int.self, forKey: .width),
      height: try values.decode(Int.self, forKey: .height),
      resize: try values.decode(ResizeMode.self, forKey: .resize),
      cropShare: try values.decodeIfPresent(Double.self, forKey: .cropShare) ?? 1,
      filter: try values.decode(ResizeFilter.self, forKey: .filter),
      exif: try values.decode(ExifPolicy.self, forKey: .exif),
      shrinkMargin: try values.decodeIfPresent(Double.self, forKey: .shrinkMargin) ?? 0,
      mean: try values.decode([Float].self, forKey: .mean),
      deviation: try values.decode([Float].self, forKey: .deviation),
      maxPixels: try values.decode(Int.self, forKey: .maxPixels))
  }

  /// Writes all values; a share of a crop only where there is one, so that the bytes of other models
  /// stay what they were.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(width, forKey: .width)
    try values.encode(height, forKey: .height)
    try values.encode(resize, forKey: .resize)
    if cropShare != 1 { try values.encode(cropShare, forKey: .cropShare) }
    try values.encode(filter, forKey: .filter)
    try values.encode(exif, forKey: .exif)
    try values.encode(shrinkMargin, forKey: .shrinkMargin)
    try values.encode(mean, forKey: .mean)
    try values.encode(deviation, forKey: .deviation)
    try values.encode(maxPixels, forKey: .maxPixels)
  }

  /// The same steps to another size.
  package func sized(width: Int, height: Int) -> Preprocessing {
    var copy = self
    copy.width = width
    copy.height = height
    return copy
  }

  /// The geometry that brings an image of the given upright size to the network's.
  package func geometry(width: Int, height: Int) -> ResizeGeometry {
    ResizeGeometry(
      resize, width: width, height: height, targetWidth: self.width, targetHeight: self.height,
      cropShare: cropShare)
  }

  /// The divisor at which a JPEG of the given upright size is decoded: 1, 2, 4 or 8.
  package func shrink(width: Int, height: Int) -> Int {
    guard shrinkMargin > 0, filter != .nearest else { return 1 }
    let geometry = geometry(width: width, height: height)
    let scale = min(geometry.across.scale, geometry.down.scale)
    return [8, 4, 2].first { scale >= shrinkMargin * Double($0) } ?? 1
  }

  /// Numbers of one tensor: height * width * 3.
  package var tensorCount: Int { 3 * width * height }

  /// The factor of each channel: 1 / deviation.
  package var scale: [Float] { deviation.map { Float(1 / Double($0)) } }

  /// The offset of each channel: -mean / deviation.
  package var offset: [Float] {
    zip(mean, deviation).map { Float(-Double($0) / Double($1)) }
  }
}
