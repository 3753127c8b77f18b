internal import Classifier
internal import Drawing
internal import Primitives
internal import Report
internal import Training

/// Explained images as pictures: one in large, or sheets of many.
struct ExplanationSheet {
  let classes: [String]
  let methods: [ExplanationMethod]
  /// Whether there is a single image, which is shown enlarged beside its maps.
  let isSingle: Bool

  /// Images on a sheet.
  private static let tiles = 24

  /// Images on a sheet.
  var capacity: Int { isSingle ? 1 : ExplanationSheet.tiles / max(1, methods.count) }
  /// Side of an image on the sheet in CSS pixels.
  private var side: Int { isSingle ? 320 : 192 }
  /// Pixels of the file a CSS pixel.
  private var scale: Int { isSingle ? 2 : 1 }
  /// Pixels of an image's longer side in the file.
  var photoSide: Int { side * scale }

  /// The pictures of an image that could be read.
  func tiles(_ explanation: Explanation) -> [Tile] {
    guard let index = explanation.classIndex, let photo = explanation.photo else { return [] }
    let answer = explanation.prediction.index ?? index
    let label = "\(classes[answer]) \(percent(explanation.prediction.probabilities[answer]))"
    let why = "why \(classes[index]), \(percent(explanation.probability ?? 0))"
    let maps = explanation.maps.compactMap { map in
      explanation.picture(of: map).map { (map, $0) }
    }
    if isSingle {
      return [Tile(picture: photo, caption: [label])]
        + maps.map { map, picture in
          Tile(picture: picture, caption: [map.method.title + ": " + why, map.remark])
        }
    }
    return maps.map { map, picture in
      var caption = [label, FileSystem.lastName(of: explanation.prediction.path)]
      if index != answer { caption.insert(why, at: 1) }
      if methods.count > 1 { caption.append(map.method.title) }
      return Tile(picture: picture, caption: caption)
    }
  }

  /// The sheet of some tiles as a PNG file.
  func png(_ tiles: [Tile], title: String) throws(PNGError) -> [UInt8] {
    var sheet = PictureSheet(title: title, tiles: tiles)
    sheet.side = Double(side)
    sheet.isTight = true
    sheet.heat = ("none", "most")
    return try sheet.scene.png(scale: Double(scale))
  }
}

extension ExplanationMethod {
  /// The name in images.
  var title: String {
    switch self {
    case .gradcam: "Grad-CAM"
    case .occlusion: "Occlusion"
    }
  }
}

extension ExplanationMap {
  /// The meaning of its greatest value.
  fileprivate var remark: String {
    let greatest = Double(values.max() ?? 0)
    switch method {
    case .gradcam:
      return greatest > 0 ? "relative to its maximum" : "no evidence for it"
    case .occlusion:
      return greatest > 0
        ? "covered, up to \(fixed(greatest * 100, 1)) points less" : "covering never lowers it"
    }
  }
}
