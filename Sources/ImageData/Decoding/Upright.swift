internal import Primitives

extension RGBImage {
  /// The image turned upright, given the orientation it is stored in (1 to 8, EXIF 2.3).
  func upright(from orientation: Int) -> RGBImage {
    guard (2...8).contains(orientation) else { return self }
    let isTransposed = orientation >= 5
    let newWidth = isTransposed ? height : width
    let newHeight = isTransposed ? width : height
    // The stored pixel of the new corner, and the steps along a new row and a new column.
    let right = width - 1
    let bottom = height - 1
    let (x, y, across, down) =
      switch orientation {
      case 2: (right, 0, -3, 3 * width)
      case 3: (right, bottom, -3, -3 * width)
      case 4: (0, bottom, 3, -3 * width)
      case 5: (0, 0, 3 * width, 3)
      case 6: (0, bottom, -3 * width, 3)
      case 7: (right, bottom, -3 * width, -3)
      default: (right, 0, 3 * width, -3)
      }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      count = pixels.count
      pixels.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        // Square by square, so that neither reading nor writing leaves the cache at every pixel.
        let side = 32
        for top in stride(from: 0, to: newHeight, by: side) {
          for left in stride(from: 0, to: newWidth, by: side) {
            let length = min(side, newWidth - left)
            for row in top..<min(top + side, newHeight) {
              copyPixels(
                from + (3 * (y * width + x) + row * down + left * across), step: across,
                to: to + 3 * (row * newWidth + left), count: length)
            }
          }
        }
      }
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: turned)
  }
}

/// Copies pixels that stand `step` bytes apart to pixels side by side.
@inline(__always)
private func copyPixels(
  _ source: UnsafePointer<UInt8>, step: Int, to target: UnsafeMutablePointer<UInt8>, count: Int
) {
  var source = source
  var target = target
  for index in 0..<count {
    target[0] = source[0]
    target[1] = source[1]
    target[2] = source[2]
    target += 3
    if index < count - 1 { source += step }
  }
}
