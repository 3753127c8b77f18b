/// A part of an image, as what is cut off at its sides, in parts of them.
struct PictureCrop: Hashable {
  var left = 0.0
  var right = 0.0
  var top = 0.0
  var bottom = 0.0

  static let whole = PictureCrop()

  /// The same cut off at every side.
  static func centre(_ part: Double) -> PictureCrop {
    PictureCrop(left: part, right: part, top: part, bottom: part)
  }

  /// What is looked for besides whole images: a hash hardly changes with a hundredth more or less.
  ///
  /// Of 200 photos cut by 2 % or 4 % at each side, or by 4 % at one, each differs in at most 11 bits
  /// from the whole or one of the two centres; by 4 % at two neighbouring sides 193, with the
  /// corners all.
  static let searched =
    [centre(0.02), centre(0.04)]
    + [
      PictureCrop(left: 0.04, top: 0.04), PictureCrop(right: 0.04, top: 0.04),
      PictureCrop(left: 0.04, bottom: 0.04), PictureCrop(right: 0.04, bottom: 0.04),
    ]

  /// The same of the mirror image.
  var mirrored: PictureCrop {
    PictureCrop(left: right, right: left, top: top, bottom: bottom)
  }

  /// The places in the whole tiny copy, across or down, of the points of the part's.
  ///
  /// The outer edges lie half a point outside of the middles of the outer points.
  static func places(_ low: Double, _ high: Double) -> [Double] {
    let side = Double(PerceptualHash.side)
    return (0..<PerceptualHash.side).map {
      low * side + (1 - low - high) * (Double($0) + 0.5) - 0.5
    }
  }

  /// The place of the part's points in the whole.
  var alignment: Alignment {
    Alignment(
      scaleX: 1 - left - right, shiftX: left - right, scaleY: 1 - top - bottom,
      shiftY: top - bottom)
  }
}

/// The place (scaleX · u + shiftX, scaleY · v + shiftY) in one image of the point (u, v) of another.
///
/// Both run from -1 to 1 between the middles of the first and the last point.
struct Alignment {
  var scaleX = 1.0
  var shiftX = 0.0
  var scaleY = 1.0
  var shiftY = 0.0

  /// How much a part may differ from the whole: a fifth of a side.
  private static let most = 0.2

  /// Whether one image is about the other, and no small part of it.
  var isSlight: Bool {
    let most = Alignment.most
    return [scaleX - 1, scaleY - 1, shiftX, shiftY].allSatisfy { abs($0) <= most }
  }
}
