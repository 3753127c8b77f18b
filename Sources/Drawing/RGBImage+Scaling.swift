package import Primitives

extension RGBImage {
  /// The image at another size.
  ///
  /// Each pixel is a mean of those around its place, weighted by a triangle that is two pixels wide
  /// of the coarser of the two grids (Pillow's bilinear filter). The same size gives the same pixels.
  package func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
    precondition(newWidth > 0 && newHeight > 0, "a picture has pixels")
    guard newWidth != width || newHeight != height else { return self }
    let columns = RGBImage.weights(from: width, to: newWidth)
    let lines = RGBImage.weights(from: height, to: newHeight)
    var narrow = [Float](repeating: 0, count: 3 * newWidth * height)
    for y in 0..<height {
      for (x, column) in columns.enumerated() {
        for (i, weight) in column.weights.enumerated() {
          let source = 3 * (y * width + column.first + i)
          for channel in 0..<3 {
            narrow[3 * (y * newWidth + x) + channel] += weight * Float(pixels[source + channel])
          }
        }
      }
    }
    var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
    for (y, line) in lines.enumerated() {
      for x in 0..<(3 * newWidth) {
        var sum: Float = 0
        for (i, weight) in line.weights.enumerated() {
          sum += weight * narrow[3 * newWidth * (line.first + i) + x]
        }
        result[3 * newWidth * y + x] = UInt8(max(0, min(255, sum.rounded())))
      }
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: result)
  }

  /// The image scaled so that its longer side is `side` pixels.
  package func fitted(into side: Int) -> RGBImage {
    let longer = Double(max(width, height))
    func scaled(_ length: Int) -> Int {
      max(1, Int((Double(length) * Double(side) / longer).rounded()))
    }
    return resized(width: scaled(width), height: scaled(height))
  }

  /// For each place of the new side the first place of the old one that counts, and the weights.
  static func weights(from old: Int, to new: Int) -> [(first: Int, weights: [Float])] {
    let step = Double(old) / Double(new)
    let reach = max(1, step)
    return (0..<new).map { index in
      let center = (Double(index) + 0.5) * step
      let first = max(0, Int((center - reach).rounded(.down)))
      let last = max(first, min(old - 1, Int((center + reach).rounded(.up)) - 1))
      let triangle = (first...last).map { max(0, 1 - abs(Double($0) + 0.5 - center) / reach) }
      let sum = triangle.reduce(0, +)
      return (first, triangle.map { Float($0 / sum) })
    }
  }
}
