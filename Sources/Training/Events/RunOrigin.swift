internal import Primitives

/// The model that a run starts from, and what of it was taken over.
package struct RunOrigin: Codable, Sendable, Hashable {
  /// The run folder or file.
  package var model: String
  /// SHA-256 of its weights file.
  package var weightsSHA256: String
  package var classes: [String]
  package var tensors: Int
  package var allTensors: Int
  /// Whether the last layer of the model is kept.
  package var keepsHead: Bool
  /// Epochs in which only the last layer is trained.
  package var frozenEpochs = 0
  /// The backbone's factor of the learning rate afterwards, or that of its last layer.
  package var backboneRate = 1.0
  /// That of its first layer; nil: of all.
  package var stemRate: Double?
  /// Whether normalizations keep the model's statistics; nil for no.
  package var freezesStatistics: Bool?
  /// Whether the last layer is solved before the epochs; nil for no.
  package var solvesHead: Bool?
  /// The number of times the features of each training image are computed before training; nil if
  /// every step computes them.
  package var views: Int?

  enum CodingKeys: String, CodingKey {
    case model
    case weightsSHA256 = "weights_sha256"
    case classes, tensors
    case allTensors = "all_tensors"
    case keepsHead = "keeps_head"
    case frozenEpochs = "frozen_epochs"
    case backboneRate = "backbone_lr"
    case stemRate = "stem_lr"
    case freezesStatistics = "freeze_bn"
    case solvesHead = "solves_head"
    case views
  }

  /// Two lines at most, for a run of the given number of epochs and classes.
  func lines(epochs: Int, classes count: Int) -> [String] {
    let head =
      solvesHead == true
      ? "head solved for \(count) classes"
      : keepsHead ? "head kept" : "new head for \(count) classes"
    // Of a large network the first ten names say less than their number.
    let known =
      classes.count > 10 ? counted(classes.count, "class", "classes") : listed(classes)
    let first = "from \(model) (\(known)): \(tensors) of \(allTensors) tensors, " + head
    if frozenEpochs >= epochs {
      let how =
        views.map { "features are computed once, for " + counted($0, "view") }
        ?? "features are computed in every step"
      return [first, "the backbone is frozen; its \(how)" + (views == nil ? "" : " per image")]
    }
    var text = frozenEpochs > 0 ? "the backbone is frozen for \(frozenEpochs) epochs" : ""
    if let stemRate {
      text +=
        "learning rates: \(backboneRate) of the last layer's in the layer before it, falling to "
        + "\(stemRate) in the first"
    } else if backboneRate != 1 {
      text +=
        (text.isEmpty ? "the backbone's learning rate is" : ", then its learning rate is")
        + " \(backboneRate) of the head's"
    }
    if freezesStatistics == true {
      text += (text.isEmpty ? "" : "; ") + "batch normalization keeps the model's statistics"
    }
    return text.isEmpty ? [first] : [first, text]
  }
}
