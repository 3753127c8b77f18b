/// The source of pixels beyond an image's border.
package enum BorderFill: String, Codable, Sendable, CaseIterable {
  /// Mirrored at the border.
  case reflect
  /// The border's pixel repeated.
  case nearest
  /// The mean of the preprocessing.
  case constant
}

/// Mirroring, each axis with a chance of one half.
package enum FlipMode: String, Codable, Sendable, CaseIterable {
  /// Left and right.
  case h
  /// Top and bottom.
  case v
  /// Both, independently.
  case hv
  /// Never.
  case none
}

/// The bounds of a factor.
package struct Interval: Codable, Sendable, Hashable {
  package var lower: Double
  package var upper: Double

  package init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }
}

/// The random changes of training images, as ranges.
///
/// One image's changes are drawn from a stream keyed by (seed, epoch, sample), so neither order
/// nor threads change them.
package struct Augmentation: Codable, Sendable, Hashable {
  /// Rotation is drawn from ± this, in degrees.
  package var rotationDegrees: Double
  /// The zoom of each axis is drawn by itself from 1 ± this; below 1 magnifies (Keras).
  package var zoom: Double
  /// Shear is drawn from ± this, in degrees (Keras).
  package var shearDegrees: Double
  /// The shift of each axis is drawn from ± this part of the side.
  package var shift: Double
  package var flip: FlipMode
  /// A shift of all channels is drawn from ± this, in units of the deviation.
  package var brightness: Double
  /// The factor of the distance from the mean is drawn from 1 ± this.
  package var contrast: Double
  /// The factor of the distance from grey is drawn from 1 ± this.
  package var saturation: Double
  /// The part of the image's area that is cut out and enlarged.
  package var cropScale: Interval
  /// The bounds of that part's width over height, evenly spread in the logarithm.
  package var cropAspect: Interval
  /// The side of a square set to the mean, as a part of the image's shorter side; 0 for none.
  package var cutout: Double
  /// The α of the Beta(α, α) that images' shares in a blend of two are drawn from; 0 for none.
  package var mixup: Double
  /// The α of the Beta(α, α) that the share of an image is drawn from of which a window is
  /// another's; 0 for none.
  package var cutmix: Double
  /// The fill beyond the border.
  package var fill: BorderFill

  package init(
    rotationDegrees: Double = 0, zoom: Double = 0, shearDegrees: Double = 0, shift: Double = 0,
    flip: FlipMode = .none, brightness: Double = 0, contrast: Double = 0, saturation: Double = 0,
    cropScale: Interval = Interval(1, 1), cropAspect: Interval = Interval(1, 1),
    cutout: Double = 0, mixup: Double = 0, cutmix: Double = 0, fill: BorderFill = .reflect
  ) {
    (self.rotationDegrees, self.zoom, self.shearDegrees) = (rotationDegrees, zoom, shearDegrees)
    (self.shift, self.flip, self.brightness, self.contrast) = (shift, flip, brightness, contrast)
    (self.saturation, self.cropScale, self.cropAspect) = (saturation, cropScale, cropAspect)
    (self.cutout, self.mixup, self.cutmix, self.fill) = (cutout, mixup, cutmix, fill)
  }

  package var blends: Bool { mixup > 0 || cutmix > 0 }

  package static let none = Augmentation()

  /// The tutorial's: Keras's zoom_range 0.2, shear_range 0.2 (degrees since 2017), horizontal flip.
  package static let seed = Augmentation(zoom: 0.2, shearDegrees: 0.2, flip: .h, fill: .nearest)

  /// As `standard`, with narrower crops and rotations: what few epochs can learn from.
  package static let light = Augmentation(
    rotationDegrees: 5, flip: .h, brightness: 0.3, contrast: 0.3, saturation: 0.3,
    cropScale: Interval(0.6, 1), cropAspect: Interval(0.75, 4.0 / 3), fill: .reflect)

  /// Crop, small rotation, mirroring and colour.
  package static let standard = Augmentation(
    rotationDegrees: 11.5, flip: .h, brightness: 0.3, contrast: 0.3, saturation: 0.3,
    cropScale: Interval(0.35, 1), cropAspect: Interval(0.75, 4.0 / 3), fill: .reflect)

  /// As `standard`, with wider ranges and a square cut out.
  package static let strong = Augmentation(
    rotationDegrees: 15, shearDegrees: 5, flip: .h, brightness: 0.4, contrast: 0.4,
    saturation: 0.4, cropScale: Interval(0.25, 1), cropAspect: Interval(0.67, 1.5),
    cutout: 0.25, fill: .reflect)

  private static let presets = [
    ("none", none), ("seed", seed), ("light", light), ("standard", standard), ("strong", strong),
  ]

  package static let presetNames = presets.map(\.0)

  /// The preset of a name.
  package static func preset(_ name: String) -> Augmentation? {
    presets.first { $0.0 == name }?.1
  }

  /// The side at which training images are kept for a network of side `side`: a quarter larger
  /// where parts are cut out and enlarged, so that detail is left.
  package func storeSide(for side: Int) -> Int {
    cropScale.lower < 1 ? side + side / 4 : side
  }
}

extension Augmentation {
  /// Reads values, those of runs from before CutMix among them.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      rotationDegrees: try values.decode(Double.self, forKey: .rotationDegrees),
      zoom: try values.decode(Double.self, forKey: .zoom),
      shearDegrees: try values.decode(Double.self, forKey: .shearDegrees),
      shift: try values.decode(Double.self, forKey: .shift),
      flip: try values.decode(FlipMode.self, forKey: .flip),
      brightness: try values.decode(Double.self, forKey: .brightness),
      contrast: try values.decode(Double.self, forKey: .contrast),
      saturation: try values.decode(Double.self, forKey: .saturation),
      cropScale: try values.decode(Interval.self, forKey: .cropScale),
      cropAspect: try values.decode(Interval.self, forKey: .cropAspect),
      cutout: try values.decode(Double.self, forKey: .cutout),
      mixup: try values.decode(Double.self, forKey: .mixup),
      cutmix: try values.decodeIfPresent(Double.self, forKey: .cutmix) ?? 0,
      fill: try values.decode(BorderFill.self, forKey: .fill))
  }
}
