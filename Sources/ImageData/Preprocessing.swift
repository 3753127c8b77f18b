/// How a picture of another shape becomes one of the network's size.
package enum ResizeMode: String, Codable, Sendable, CaseIterable {
  /// Both sides are scaled by themselves; the aspect ratio is not kept.
  case stretch
}

/// How a pixel of the resized picture is put together.
package enum ResizeFilter: String, Codable, Sendable, CaseIterable {
  /// The pixel under the centre, as Pillow's and Keras's nearest.
  case nearest
  /// A triangle, widened when shrinking.
  case bilinear
  /// Keys's cubic with a = -0.5, widened when shrinking.
  case bicubic
  /// The mean of the pixels that are covered.
  case area
}

/// Whether pictures are turned upright as their EXIF data says.
package enum ExifPolicy: String, Codable, Sendable, CaseIterable {
  /// Orientations 1 to 8 are applied.
  case apply
  /// The stored rows are taken as they are.
  case ignore
}

/// Everything between a file and the numbers a network sees: (pixel - mean) / deviation of the
/// resized RGB picture, height x width x 3.
package struct Preprocessing: Codable, Sendable, Hashable {
  /// Pixels across after resizing.
  package var width: Int
  /// Pixels down after resizing.
  package var height: Int
  /// How the shape changes.
  package var resize: ResizeMode
  /// How pixels are put together.
  package var filter: ResizeFilter
  /// Whether EXIF orientation is applied.
  package var exif: ExifPolicy
  /// What is taken off red, green and blue, in units of 0...255.
  package var mean: [Float]
  /// What red, green and blue are divided by, in units of 0...255.
  package var deviation: [Float]
  /// Pictures of more pixels are refused before memory is allocated for them.
  package var maxPixels: Int

  /// The limit on pixels unless told otherwise.
  package static let defaultMaxPixels = 64_000_000

  /// Preprocessing to the given size; the default scaling is 1/255.
  package init(
    width: Int, height: Int, resize: ResizeMode = .stretch, filter: ResizeFilter = .bilinear,
    exif: ExifPolicy = .apply, mean: [Float] = [0, 0, 0], deviation: [Float] = [255, 255, 255],
    maxPixels: Int = Preprocessing.defaultMaxPixels
  ) {
    self.width = width
    self.height = height
    self.resize = resize
    self.filter = filter
    self.exif = exif
    self.mean = mean
    self.deviation = deviation
    self.maxPixels = maxPixels
  }

  /// Why these values cannot be used, or nil if they can.
  ///
  /// To be asked before values from a file or a command line are used.
  package var problem: String? {
    let sides = 1...4096
    if !sides.contains(width) || !sides.contains(height) {
      return "image sides must be in 1...4096, found \(width) x \(height)"
    }
    if mean.count != 3 || deviation.count != 3 {
      return "mean and deviation must have 3 values, found \(mean.count) and \(deviation.count)"
    }
    if !mean.allSatisfy(\.isFinite) || !deviation.allSatisfy({ $0.isFinite && $0 >= 1e-3 }) {
      return "mean must be finite and deviation at least 0.001, found \(mean) and \(deviation)"
    }
    if !(1...1_000_000_000).contains(maxPixels) {
      return "the largest number of pixels must be in 1...1000000000, found \(maxPixels)"
    }
    return nil
  }

  /// The same steps to another size.
  package func sized(width: Int, height: Int) -> Preprocessing {
    var copy = self
    copy.width = width
    copy.height = height
    return copy
  }

  /// Numbers of one tensor: height * width * 3.
  package var tensorCount: Int { 3 * width * height }

  /// The factor of each channel: 1 / deviation.
  package var scale: [Float] { deviation.map { Float(1 / Double($0)) } }

  /// What each channel starts from: -mean / deviation.
  package var offset: [Float] {
    zip(mean, deviation).map { Float(-Double($0) / Double($1)) }
  }
}
