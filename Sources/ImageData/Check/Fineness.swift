internal import Primitives

/// The fineness of an image's detail.
///
/// Photos have detail at every scale: shrunk to half, one is about as rough as before. An image
/// that was enlarged smoothly, or is out of focus, is rough only at the scale of its detail. Below
/// that, where it is a smooth surface, twice the scale makes second differences four times as large
/// and their squares sixteen times; compression and the filter that enlarged it leave six to ten.
enum Fineness {
  /// Pixels per side that are looked at, in the middle of an image: more would take longer and tell
  /// no more of a class.
  private static let window = 128
  /// The greatest scale in pixels that is told apart.
  private static let coarsest = 16
  /// Growth of the roughness from one scale to twice as much from which an image counts as smooth
  /// between them.
  ///
  /// Of 600 photos of cats and dogs 99 in 100 grow by less than 4.6 at each scale; photos enlarged by
  /// two or four with a bilinear, bicubic or Lanczos filter and compressed by 6.1 to 9.1 in the
  /// median, by one and a half by 4.3.
  private static let smoothGrowth: Float = 5
  /// Roughness below which there is nothing to see: rounding to whole grey levels alone makes one.
  private static let leastRoughness: Float = 1
  /// Sides of fewer points have too few second differences.
  private static let leastPoints = 6

  /// The greatest power of two, up to 16, such that nothing in the image is finer than so many
  /// pixels; 1 for most photos, nil for an image that is too small or has nothing in it.
  static func pixels(of image: RGBImage) -> Int? {
    var surface = Surface(image, window: window)
    var finer: Float?
    var pixels: Int?
    var scale = 1
    while scale <= coarsest, min(surface.width, surface.height) >= leastPoints {
      let roughness = surface.roughness
      if let finer, roughness >= leastRoughness {
        let isSmooth = roughness >= smoothGrowth * max(finer, .leastNormalMagnitude)
        pixels = isSmooth ? scale : pixels ?? 1
      }
      finer = roughness
      surface = surface.halved
      scale *= 2
    }
    return pixels
  }
}

/// Greys as a surface over the pixels.
private struct Surface {
  var width: Int
  var height: Int
  /// Row after row, 0 to 255.
  var greys: [Float]

  init(_ image: RGBImage, window: Int) {
    width = min(window, image.width)
    height = min(window, image.height)
    let (left, top) = ((image.width - width) / 2, (image.height - height) / 2)
    greys = []
    greys.reserveCapacity(width * height)
    for y in top..<(top + height) {
      var at = 3 * (y * image.width + left)
      for _ in 0..<width {
        // ITU-R BT.601.
        let red = 0.299 * Float(image.pixels[at])
        let green = 0.587 * Float(image.pixels[at + 1])
        greys.append(red + green + 0.114 * Float(image.pixels[at + 2]))
        at += 3
      }
    }
  }

  private init(width: Int, height: Int, greys: [Float]) {
    (self.width, self.height, self.greys) = (width, height, greys)
  }

  /// The mean square of the second differences across plus that of those down.
  var roughness: Float {
    var sum: Float = 0
    for y in 1..<(height - 1) {
      for at in (y * width + 1)..<(y * width + width - 1) {
        let twice = 2 * greys[at]
        let across = greys[at - 1] - twice + greys[at + 1]
        let down = greys[at - width] - twice + greys[at + width]
        sum += across * across + down * down
      }
    }
    return sum / Float((height - 2) * (width - 2))
  }

  /// The means of two by two points; an odd last row or column is omitted.
  var halved: Surface {
    let (columns, rows) = (width / 2, height / 2)
    var means: [Float] = []
    means.reserveCapacity(columns * rows)
    for y in 0..<rows {
      var at = 2 * y * width
      for _ in 0..<columns {
        let upper = greys[at] + greys[at + 1]
        means.append((upper + greys[at + width] + greys[at + width + 1]) / 4)
        at += 2
      }
    }
    return Surface(width: columns, height: rows, greys: means)
  }
}
