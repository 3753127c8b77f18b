internal import ImageData
package import Primitives

/// The method of explaining a prediction.
package enum ExplanationMethod: String, Sendable, Hashable, CaseIterable {
  /// By the gradient of the class's logit: where the last maps hold what raises it.
  case gradcam
  /// By covering parts of the image: where that lowers the class's probability.
  case occlusion
}

/// Numbers on a grid over what a network is shown of an image: where it looks.
package struct ExplanationMap: Sendable, Hashable {
  /// The method, which gives the numbers their meaning.
  package var method: ExplanationMethod
  /// Cells across.
  package var width: Int
  /// Cells down.
  package var height: Int
  /// Row by row.
  ///
  /// Grad-CAM: 0...1, the greatest 1 unless all are 0. Occlusion: by how much the class's
  /// probability falls where the cell is covered; below 0 where it rises.
  package var values: [Float]
}

/// A prediction for an image, and where the model found it.
package struct Explanation: Sendable {
  /// The prediction as `Predictor` gives it, or why the image could not be read.
  package var prediction: Prediction
  /// The class whose maps these are; nil if the image could not be read.
  package var classIndex: Int?
  /// A map for each method that was asked for.
  package var maps: [ExplanationMap] = []
  /// The image as the model's preprocessing turns it, in its own shape; nil if none was asked for.
  package var photo: RGBImage?
  /// The position of the image in the network's input.
  var view: View?

  /// The geometry by which an image becomes an input of `width` x `height`.
  struct View {
    var geometry: ResizeGeometry
    var width: Int
    var height: Int
  }

  package var probability: Double? { classIndex.map { prediction.probabilities[$0] } }

  /// A map's numbers at the photo's pixels, row by row; 0 where the network is shown nothing.
  ///
  /// Bilinear between the middles of the map's cells, and beyond these as at them.
  package func onPhoto(_ map: ExplanationMap) -> [Float] {
    guard let photo, let view else { return [] }
    let across = places(photo.width, view.geometry.across, of: view.width, cells: map.width)
    let down = places(photo.height, view.geometry.down, of: view.height, cells: map.height)
    return down.flatMap { row in
      across.map { column in
        guard let row, let column else { return 0 }
        func mixed(_ line: Int) -> Float {
          let (first, second) = (line * map.width + column.first, line * map.width + column.second)
          return map.values[first] + (map.values[second] - map.values[first]) * column.share
        }
        let (upper, lower) = (mixed(row.first), mixed(row.second))
        return upper + (lower - upper) * row.share
      }
    }
  }

  private typealias Place = (first: Int, second: Int, share: Float)

  /// For each of the photo's pixels along an axis the two cells it lies between, and the share of
  /// the second.
  private func places(
    _ pixels: Int, _ axis: ResizeGeometry.Axis, of inputs: Int, cells: Int
  ) -> [Place?] {
    (0..<pixels).map { pixel in
      let source = (Double(pixel) + 0.5) / Double(pixels) * Double(axis.size)
      guard source >= axis.lower, source <= axis.upper else { return nil }
      let input = Double(axis.start) + (source - axis.lower) / axis.scale
      let cell = max(0, min(Double(cells - 1), input * Double(cells) / Double(inputs) - 0.5))
      let first = min(cells - 1, Int(cell))
      return (first, min(cells - 1, first + 1), Float(cell - Double(first)))
    }
  }
}
