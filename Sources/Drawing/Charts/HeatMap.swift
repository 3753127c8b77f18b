package import Primitives

/// Numbers over an image, as colours: where a model looks.
package struct HeatMap: Sendable, Hashable {
  /// Cells across.
  package var width: Int
  /// Cells down.
  package var height: Int
  /// Numbers row by row; the greatest is drawn strongest.
  package var values: [Float]
  /// The value that is transparent, as are all lower ones; nil for the lowest value.
  package var clear: Float?

  /// Numbers on a grid of this size.
  package init(width: Int, height: Int, values: [Float], clear: Float? = nil) {
    precondition(
      width > 0 && height > 0 && values.count == width * height,
      "a heat map has one number per cell")
    self.width = width
    self.height = height
    self.values = values
    self.clear = clear
  }

  /// Numbers brought to 0...1: what is not finite, and all where none is above what is clear, to 0.
  package var normalized: [Float] {
    let finite = values.filter(\.isFinite)
    guard let low = clear ?? finite.min(), let high = finite.max(), high > low else {
      return [Float](repeating: 0, count: values.count)
    }
    return values.map { $0.isFinite ? max(0, ($0 - low) / (high - low)) : 0 }
  }

  /// The colours from nothing to the greatest number, over a mid-grey photo: a legend's bar.
  package static func bar(width: Int) -> RGBImage {
    let grey = RGBImage(
      width: width, height: 1, pixels: [UInt8](repeating: 150, count: 3 * width))
    return HeatMap(width: width, height: 1, values: (0..<width).map(Float.init)).over(grey)
  }

  /// The image in grey with the map laid over it in colours.
  ///
  /// The map is made as large as the image, bilinear between the middles of its cells.
  /// `strength` is the opacity of the greatest number, 0...1.
  package func over(_ picture: RGBImage, strength: Float = 0.75) -> RGBImage {
    let normalized = normalized
    let columns = RGBImage.weights(from: width, to: picture.width)
    let lines = RGBImage.weights(from: height, to: picture.height)
    var pixels = picture.pixels
    for (y, line) in lines.enumerated() {
      let row = (0..<width).map { x in
        line.weights.enumerated().reduce(Float(0)) { sum, item in
          sum + item.element * normalized[(line.first + item.offset) * width + x]
        }
      }
      for (x, column) in columns.enumerated() {
        let value = column.weights.enumerated().reduce(Float(0)) { sum, item in
          sum + item.element * row[column.first + item.offset]
        }
        let at = 3 * (y * picture.width + x)
        let color = HeatMap.color(value)
        // Little heat leaves the photo as it is; more takes its colours, then its place.
        let opacity = strength * min(1, value * 1.6)
        let grey =
          0.299 * Float(pixels[at]) + 0.587 * Float(pixels[at + 1]) + 0.114 * Float(pixels[at + 2])
        for channel in 0..<3 {
          let photo = Float(pixels[at + channel])
          let ground = photo + (grey - photo) * min(1, value * 1.6)
          let mixed = ground + (color[channel] - ground) * opacity * 0.8
          pixels[at + channel] = UInt8(max(0, min(255, mixed.rounded())))
        }
      }
    }
    return RGBImage(width: picture.width, height: picture.height, pixels: pixels)
  }

  /// A scale from violet over red and orange to yellow whose brightness only grows.
  ///
  /// After matplotlib's `inferno`, without its black end.
  private static let scale: [[Float]] = [
    [66, 10, 104], [120, 28, 109], [165, 44, 96], [207, 68, 70], [237, 105, 37], [251, 155, 6],
    [247, 209, 61], [252, 255, 164],
  ]

  /// The colour of a number of 0...1.
  static func color(_ value: Float) -> [Float] {
    let place = max(0, min(1, value)) * Float(scale.count - 1)
    let index = min(scale.count - 2, Int(place))
    return zip(scale[index], scale[index + 1]).map { $0 + ($1 - $0) * (place - Float(index)) }
  }
}
