package import CNN
package import Classifier
package import Compute
package import ImageData
internal import Primitives

/// The fit of a novelty detector to features of training images.
///
/// Few photos and many features leave the covariance of the classes without a rank: its eigenvalues
/// are drawn to their mean by the share of Ledoit and Wolf (2004, "A well-conditioned estimator for
/// large-dimensional covariance matrices", lemma 3.2 and section 3.3). What the model's own photos
/// have for distances is measured out of fold, or on images that were held out. Everything is
/// computed in a fixed order: the bits do not depend on the threads.
package struct NoveltyFit: Sendable {
  private let rows: FloatMemory
  private let features: Int
  private let targets: [Int]
  private let classes: Int

  /// Directions of a covariance, and images that it is estimated from: more of both measured no
  /// better.
  private static let (directions, images) = (64, 256)
  /// Folds for the distances: with fewer, the models that have not seen a photo know so much less
  /// that their distances are too large.
  package static let folds = 20
  /// Images of a class that its mean is taken of, where their features are computed for it alone:
  /// more hardly move it.
  package static let imagesOfClass = 256
  /// The least variance, as a part of the mean of all.
  private static let leastVariance = 1e-6

  private init(_ rows: FloatMemory, features: Int, targets: [Int], classes: Int) {
    precondition(rows.count == targets.count * features, "a row of features per image")
    (self.rows, self.features) = (rows, features)
    (self.targets, self.classes) = (targets, classes)
  }

  /// The detector of images with the classes `targets`, calibrated by `folds`.
  ///
  /// Nil if the photos of each class, or those of all but one fold, do not differ.
  package static func detector(
    _ rows: FloatMemory, features: Int, targets: [Int], classes: Int, folds: Folds,
    engine: Engine
  ) -> NoveltyDetector? {
    precondition(folds.ofImages.count == targets.count, "a fold per image")
    let fit = NoveltyFit(rows, features: features, targets: targets, classes: classes)
    let sums = fit.sums(of: Array(targets.indices))
    let parts = engine.workers.map(Array(0..<folds.count)) { fold, _ in
      fit.distances(of: fold, folds, sums)
    }
    var distances: [Float] = []
    for part in parts {
      guard let part else { return nil }
      distances += part
    }
    return fit.arrays(of: Array(targets.indices), sums).map { fit.detector($0, distances) }
  }

  /// The detector of images with the classes `targets`, calibrated by features of images that are
  /// none of them, a row each: for a network that was trained on the images itself, so that they lie
  /// nearer than others, in every fold.
  ///
  /// Nil if the photos of each class do not differ.
  package static func detector(
    _ rows: FloatMemory, features: Int, targets: [Int], classes: Int, unseen: FloatMemory,
    engine: Engine
  ) -> NoveltyDetector? {
    let fit = NoveltyFit(rows, features: features, targets: targets, classes: classes)
    let images = Array(targets.indices)
    guard let arrays = fit.arrays(of: images, fit.sums(of: images)) else { return nil }
    let meter = NoveltyMeter(fit.detector(arrays))
    let distances = engine.workers.map(Array(0..<(unseen.count / features))) { image, _ in
      let row = unseen.values((image * features)..<((image + 1) * features))
      return Float(meter.measure(row[...]).distance)
    }
    return fit.detector(arrays, distances)
  }

  /// A detector of arrays, and of distances in any order.
  private func detector(
    _ arrays: NoveltyDetector.Arrays, _ distances: [Float] = []
  ) -> NoveltyDetector {
    var arrays = arrays
    arrays.distances = NoveltyDetector.kept(of: distances.sorted())
    return NoveltyDetector(features: features, classes: classes, arrays: arrays)
  }

  /// The sums of roots of each class, and its images.
  private struct Sums {
    /// A row per class.
    var roots: [Double]
    var counts: [Int]
  }

  private func roots(_ image: Int) -> [Float] {
    rows.values((image * features)..<((image + 1) * features)).map(NoveltyDetector.root)
  }

  private func sums(of images: [Int]) -> Sums {
    var sums = Sums(
      roots: [Double](repeating: 0, count: classes * features),
      counts: [Int](repeating: 0, count: classes))
    for image in images {
      let first = targets[image] * features
      for (index, root) in roots(image).enumerated() { sums.roots[first + index] += Double(root) }
      sums.counts[targets[image]] += 1
    }
    return sums
  }

  /// The distances of a fold's images to a detector of the others; nil if there is none.
  private func distances(of fold: Int, _ folds: Folds, _ all: Sums) -> [Float]? {
    let held = targets.indices.filter { folds.ofImages[$0] == fold }
    let own = sums(of: held)
    var others = all
    for index in others.roots.indices { others.roots[index] -= own.roots[index] }
    for label in 0..<classes { others.counts[label] -= own.counts[label] }
    let arrays = arrays(of: targets.indices.filter { folds.ofImages[$0] != fold }, others)
    guard let arrays else { return nil }
    let meter = NoveltyMeter(detector(arrays))
    return held.map { image in
      let row = rows.values((image * features)..<((image + 1) * features))
      return Float(meter.measure(row[...]).distance)
    }
  }

  /// The arrays of a detector, without distances, of images whose sums are known; nil if the images
  /// of each class do not differ.
  private func arrays(of images: [Int], _ sums: Sums) -> NoveltyDetector.Arrays? {
    let means = sums.roots.indices.map { index in
      sums.roots[index] / Double(max(1, sums.counts[index / features]))
    }
    // As many of each class as it has of all.
    let ordered = images.sorted { (targets[$0], $0) < (targets[$1], $1) }
    let count = min(ordered.count, NoveltyFit.images)
    let deviations = (0..<count).map { place in
      let image = ordered[place * ordered.count / count]
      let first = targets[image] * features
      return roots(image).enumerated().map { Double($0.element) - means[first + $0.offset] }
    }
    guard let covariance = Covariance(deviations, features: features) else { return nil }
    return NoveltyDetector.Arrays(
      means: means.map { Float($0) },
      directions: covariance.directions.flatMap { row in row.map { Float($0) } },
      variances: covariance.variances.map { Float($0) }, distances: [])
  }

  /// A covariance with variances of their own along its leading directions.
  private struct Covariance {
    let directions: [[Double]]
    /// Along each direction, and last along all others.
    let variances: [Double]

    /// The covariance of deviations from means, a row per image; nil if all are zero.
    ///
    /// The directions come from the products of the images, of which there are fewer than features.
    init?(_ deviations: [[Double]], features: Int) {
      let count = deviations.count
      var products = [Double](repeating: 0, count: count * count)
      for row in 0..<count {
        for column in 0...row {
          let product =
            innerProduct(deviations[row], deviations[column]) / Double(count)
          products[row * count + column] = product
          products[column * count + row] = product
        }
      }
      // The trace, and the sums of the squares of all elements and of those on the diagonal.
      var (trace, square, own) = (0.0, 0.0, 0.0)
      for row in 0..<count {
        let product = products[row * count + row]
        trace += product
        own += product * product
      }
      for product in products { square += product * product }
      let mean = trace / Double(features)
      guard Float(NoveltyFit.leastVariance * mean).isNormal else { return nil }
      let spread = square - Double(features) * mean * mean
      let noise = own - square / Double(count)
      let share = spread > 0 ? min(max(noise / spread, 0), 1) : 1
      let pairs = LeadingEigenpairs(
        of: products, size: count, count: min(NoveltyFit.directions, features))
      directions = pairs.vectors.enumerated().map { index, weights in
        var direction = [Double](repeating: 0, count: features)
        for (weight, row) in zip(weights, deviations) {
          for i in direction.indices { direction[i] += weight * row[i] }
        }
        let length = (pairs.values[index] * Double(count)).squareRoot()
        return direction.map { $0 / length }
      }
      let rest = max(0, trace - pairs.values.reduce(0, +))
      let others = features - pairs.values.count
      let spreads = pairs.values + [others > 0 ? rest / Double(others) : mean]
      variances = spreads.map {
        max((1 - share) * $0 + share * mean, NoveltyFit.leastVariance * mean)
      }
    }
  }
}
