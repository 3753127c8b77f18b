package import Classifier
package import Drawing
internal import ImageData
package import Primitives
internal import Training

extension Explanation {
  /// The photo with a map over it; nil if there is no photo.
  ///
  /// What is 0 or less stays clear, the map's greatest number is drawn strongest.
  package func picture(of map: ExplanationMap) -> RGBImage? {
    photo.map { photo in
      HeatMap(width: photo.width, height: photo.height, values: onPhoto(map), clear: 0)
        .over(photo)
    }
  }
}

extension Explainer {
  /// Tiles that show where the model looks in images whose class is known, one a method.
  ///
  /// They explain the model's own prediction, right or wrong, and name both classes; images that
  /// cannot be read have none. For a report: `Explainer(model:engine:photoSide: 256)`.
  package func tiles(of images: [(path: String, trueIndex: Int)]) throws -> [Tile] {
    var tiles: [Tile] = []
    var truths = images.map(\.trueIndex)[...]
    try explain(images.map(\.path)) { explanation in
      let truth = truths.removeFirst()
      guard let answer = explanation.classIndex, let probability = explanation.probability else {
        return
      }
      let caption = [
        "\(model.classes[answer]) \(percent(probability))", "is \(model.classes[truth])",
        FileSystem.lastName(of: explanation.prediction.path),
      ]
      for picture in explanation.maps.compactMap(explanation.picture) {
        tiles.append(
          Tile(picture: picture, caption: caption, verdict: answer == truth ? .right : .wrong))
      }
    }
    return tiles
  }
}
