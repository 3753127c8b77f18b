package import Primitives

/// Images in rows and columns on one sheet, with no text.
///
/// A column is as wide as its widest image and a row as high as its highest; smaller ones lie in
/// the middle. The first column stands a little apart: it is what the others are made of.
package struct ContactSheet: Sendable {
  /// The images, row by row; rows may differ in length.
  package var rows: [[RGBImage]]

  /// White between and around the images, in pixels of the sheet.
  static let gap = 4
  /// White behind the first column.
  static let apart = 16
  /// Smaller images are enlarged by a whole factor to about this side.
  private static let readableSide = 64
  private static let white: UInt8 = 255

  /// A sheet of these images; there must be at least one.
  package init(rows: [[RGBImage]]) {
    precondition(rows.contains { !$0.isEmpty }, "a sheet without images")
    self.rows = rows
  }

  package var magnification: Int {
    let sides = rows.joined().map { max($0.width, $0.height) }
    return max(1, ContactSheet.readableSide / (sides.max() ?? 1))
  }

  package var picture: RGBImage {
    let columns = places(
      sizes: (0..<(rows.map(\.count).max() ?? 0)).map { column in
        rows.map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
      }, apart: true)
    let lines = places(sizes: rows.map { $0.map(\.height).max() ?? 0 }, apart: false)
    var sheet = [UInt8](repeating: ContactSheet.white, count: 3 * columns.total * lines.total)
    for (row, line) in zip(rows, lines.ranges) {
      for (picture, column) in zip(row, columns.ranges) {
        let left = column.lowerBound + (column.count - magnification * picture.width) / 2
        let top = line.lowerBound + (line.count - magnification * picture.height) / 2
        put(picture, left, top, into: &sheet, width: columns.total)
      }
    }
    return RGBImage(width: columns.total, height: lines.total, pixels: sheet)
  }

  /// The ranges of columns or rows of these sizes, and their total length.
  private func places(sizes: [Int], apart: Bool) -> (ranges: [Range<Int>], total: Int) {
    var ranges: [Range<Int>] = []
    var at = ContactSheet.gap
    for size in sizes {
      let end = at + magnification * size
      ranges.append(at..<end)
      at = end + (apart && ranges.count == 1 ? ContactSheet.apart : ContactSheet.gap)
    }
    return (ranges, (ranges.last?.upperBound ?? 0) + ContactSheet.gap)
  }

  private func put(
    _ picture: RGBImage, _ left: Int, _ top: Int, into sheet: inout [UInt8], width: Int
  ) {
    let factor = magnification
    for y in 0..<(factor * picture.height) {
      var at = 3 * ((top + y) * width + left)
      for x in 0..<(factor * picture.width) {
        let source = 3 * (y / factor * picture.width + x / factor)
        for channel in 0..<3 { sheet[at + channel] = picture.pixels[source + channel] }
        at += 3
      }
    }
  }
}
