/// An image: three bytes per pixel (red, green, blue), row after row, no padding.
package struct RGBImage: Sendable, Hashable {
  /// Pixels across.
  package var width: Int
  /// Pixels down.
  package var height: Int
  /// 3 * width * height bytes.
  package var pixels: [UInt8]

  /// An image of the given pixels; their count must fit the size.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == 3 * width * height,
      "an image has three bytes per pixel")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
