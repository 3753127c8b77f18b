internal import ImageData

/// Squares that are covered one after the other to see what the prediction rests on.
///
/// Zeiler and Fergus 2014. The input is divided into cells, 10 across and 10 down unless it has
/// fewer pixels; around the middle of each a patch with sides of a fifth of the input's is covered,
/// so that neighbours overlap by half. At the edges patches are cut off.
struct Occlusion: Sendable {
  /// Pixels of the input.
  let width: Int
  let height: Int
  /// The value of a covered pixel, one number per channel.
  let fill: [Float]

  private static let cells = 10
  private static let patchShare = 0.2

  /// Covers inputs of that preprocessing with the training images' mean, where it names one, else
  /// with grey.
  init(_ preprocessing: Preprocessing) {
    width = preprocessing.width
    height = preprocessing.height
    let knowsMean = preprocessing.mean.contains { $0 != 0 }
    fill = zip(preprocessing.mean, preprocessing.deviation).map { mean, deviation in
      ((knowsMean ? mean : Occlusion.grey) - mean) / deviation
    }
  }

  /// The middle of 0...255.
  private static let grey: Float = 127.5

  /// Cells across and down.
  var columns: Int { min(Occlusion.cells, width) }
  var rows: Int { min(Occlusion.cells, height) }
  /// Cells in all.
  var count: Int { columns * rows }

  /// A copy of a tensor with the patch of a cell covered; cells go row by row.
  func covered(_ tensor: [Float], cell: Int) -> [Float] {
    let lines = Occlusion.patch(cell / columns, of: rows, pixels: height)
    let across = Occlusion.patch(cell % columns, of: columns, pixels: width)
    var copy = tensor
    for y in lines {
      for x in across {
        for channel in fill.indices { copy[(y * width + x) * fill.count + channel] = fill[channel] }
      }
    }
    return copy
  }

  /// The pixels of one axis that a patch covers.
  static func patch(_ cell: Int, of cells: Int, pixels: Int) -> Range<Int> {
    let middle = (Double(cell) + 0.5) * Double(pixels) / Double(cells)
    let reach = max(0.5, patchShare * Double(pixels) / 2)
    let first = max(0, Int((middle - reach).rounded()))
    return first..<min(pixels, max(first + 1, Int((middle + reach).rounded())))
  }
}
