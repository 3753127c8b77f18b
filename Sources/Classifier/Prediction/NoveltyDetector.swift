internal import CNN

/// How far a photo lies from the classes of a model, in the space of its features.
///
/// A feature x becomes its fourth root, sign(x) · |x|^¼, which makes the few large features of a
/// photo count less. The distance to class c is that of Mahalanobis, √(zᵀ Σ⁻¹ z / F) with z the
/// F roots minus their mean in c, under one covariance Σ of all classes (Lee and others 2018, "A
/// simple unified framework for detecting out-of-distribution samples", equation 2). Σ has
/// variances of their own along its leading directions and one along all others (Tipping and Bishop
/// 1999, "Probabilistic principal component analysis"). A photo of the classes has about 1.
///
/// Beside it are the distances of training photos to models that had not seen them: what share of
/// the model's own photos lies nearer than a threshold.
package struct NoveltyDetector: Sendable, Hashable {
  /// The distance of a photo to the nearest class.
  package struct Measure: Codable, Sendable, Hashable {
    package var distance: Double
    /// The index of that class.
    package var nearest: Int
  }

  /// The arrays of a detector.
  package struct Arrays: Sendable, Hashable {
    /// The mean roots, a row per class.
    package var means: [Float]
    /// The leading directions, each of length 1, a row each.
    package var directions: [Float]
    /// The variance along each of them, and last the one along every other direction.
    package var variances: [Float]
    /// Distances of training photos out of fold, the smallest first.
    package var distances: [Float]

    package init(
      means: [Float], directions: [Float], variances: [Float], distances: [Float]
    ) {
      (self.means, self.directions) = (means, directions)
      (self.variances, self.distances) = (variances, distances)
    }
  }

  /// Numbers of a photo.
  package let features: Int
  package let classes: Int
  package let arrays: Arrays

  /// The share of the model's own photos that `auto` keeps.
  package static let automaticShare = 0.95
  /// Directions, and distances of training photos, at most.
  package static let (mostDirections, mostDistances) = (256, 1024)

  /// The directions of the covariance.
  package var directionCount: Int { arrays.variances.count - 1 }

  /// The threshold of `auto`.
  package var automaticThreshold: Double { threshold(keeping: NoveltyDetector.automaticShare) }

  /// A detector of arrays that fit each other; `problem` tells those that do not.
  package init(features: Int, classes: Int, arrays: Arrays) {
    (self.features, self.classes, self.arrays) = (features, classes, arrays)
  }

  /// The fourth root of a feature.
  package static func root(_ value: Float) -> Float {
    let root = abs(value).squareRoot().squareRoot()
    return value < 0 ? -root : root
  }

  /// The distance within which this share of the model's own photos lies.
  ///
  /// It is the one of rank ⌈share · (n + 1)⌉ of n training photos out of fold, which keeps at least
  /// this share of new photos on average (Vovk and others 2005, conformal prediction); the largest
  /// where there is none of that rank.
  package func threshold(keeping share: Double) -> Double {
    let count = arrays.distances.count
    let rank = (share * Double(count + 1)).rounded(.up)
    return Double(arrays.distances[Int(min(max(rank, 1), Double(count))) - 1])
  }

  /// At most `mostDistances` of sorted distances, evenly chosen.
  package static func kept(of distances: [Float]) -> [Float] {
    guard distances.count > mostDistances else { return distances }
    return (0..<mostDistances).map {
      distances[(2 * $0 + 1) * distances.count / (2 * mostDistances)]
    }
  }
}

extension NoveltyDetector {
  /// The names of its arrays in a model file.
  enum ArrayName: String, CaseIterable {
    case means
    case directions
    case variances
    case distances

    var inFile: String { TensorFile.noveltyPrefix + rawValue }
  }

  /// The arrays as a model file holds them.
  var tensors: [TensorFile.Tensor] {
    ArrayName.allCases.map { name in
      let (shape, values): ([Int], [Float]) =
        switch name {
        case .means: ([classes, features], arrays.means)
        case .directions: ([directionCount, features], arrays.directions)
        case .variances: ([arrays.variances.count], arrays.variances)
        case .distances: ([arrays.distances.count], arrays.distances)
        }
      return TensorFile.Tensor(name: name.inFile, shape: shape, values: values)
    }
  }

  /// The reason why the places of a file hold no detector for a model with so many classes and
  /// features, before their values are read; nil if they do.
  static func problem(
    of places: [TensorFile.Layout.Place], classes: Int, features: Int?
  ) -> String? {
    guard let features else { return "the network has no features" }
    let shapes = Dictionary(
      places.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    let names = ArrayName.allCases.map(\.inFile)
    if let name = names.first(where: { shapes[$0] == nil }) { return "there is no \(name)" }
    if let name = shapes.keys.filter({ !names.contains($0) }).sorted().first {
      return "unknown array \(name)"
    }
    let directions = shapes[ArrayName.directions.inFile]?.first ?? 0
    for name in ArrayName.allCases {
      let shape = shapes[name.inFile] ?? []
      let isRight =
        switch name {
        case .means: shape == [classes, features]
        case .directions:
          shape == [directions, features] && (1...mostDirections).contains(directions)
        case .variances: shape == [directions + 1]
        case .distances: shape.count == 1 && shape[0] <= mostDistances
        }
      guard isRight else {
        return "\(name.inFile) has the shape \(shape), which does not fit \(classes) classes, "
          + "\(features) features and \(directions) directions"
      }
    }
    return nil
  }

  /// The reason why the values of arrays are none of a detector; nil if they are.
  ///
  /// All of them are finite, as everything that is read from a file.
  static func problem(of arrays: Arrays) -> String? {
    if !arrays.variances.allSatisfy({ $0.isNormal && $0 > 0 }) {
      return "\(ArrayName.variances.inFile) has a variance that is not above 0"
    }
    let distances = arrays.distances
    if distances.contains(where: { $0 < 0 })
      || zip(distances, distances.dropFirst()).contains(where: { $0 > $1 })
    {
      return "\(ArrayName.distances.inFile) is not sorted, or has a distance below 0"
    }
    return nil
  }
}
