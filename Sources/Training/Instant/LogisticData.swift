package import CNN
package import Compute
internal import Glibc
internal import KernelTypes

/// Features of images and their classes, on which last layers are fitted: multinomial logistic
/// regression with a squared penalty on the weights.
///
/// For weights W (features x outputs) and biases b the function of a fit is the sum over its images
/// of the cross-entropy of W·x + b, plus penalty / 2 · ‖W‖²: scikit-learn's `LogisticRegression`
/// with C = 1 / penalty. Two classes have one output, the logit of the second class. Biases are not
/// penalized, so that features may be moved: they are moved to a mean of 0 and scaled to a mean
/// squared length of 1, which gives penalties the same meaning for every network. A class because
/// it owns the features' memory.
package final class LogisticData {
  /// One of several fits that are computed together.
  package struct Fit {
    /// The weights, a row of outputs per feature, and behind them the biases.
    package var coefficients: [Double]
    package var penalty: Double
    /// The fold whose images it does not see; nil for none.
    package var heldOut: Int?

    /// A fit that sees all images unless it holds a fold out.
    package init(coefficients: [Double], penalty: Double, heldOut: Int? = nil) {
      (self.coefficients, self.penalty, self.heldOut) = (coefficients, penalty, heldOut)
    }
  }

  let images: Int
  let features: Int
  /// Logits of an image.
  package let outputs: Int
  private let targets: [Int]
  private let folds: [Int]
  private let engine: Engine
  private let rows: FloatMemory
  private let mean: [Double]
  private let scale: Double
  /// Logits and then their gradients, weights and then theirs, and packed weights, for the most
  /// fits so far.
  private var work: (logits: FloatMemory, weights: FloatMemory, packed: FloatMemory)?

  /// Takes features, a row per image, which are moved and scaled in place.
  ///
  /// `folds` has the fold of each image.
  package init(
    _ rows: FloatMemory, features: Int, targets: [Int], folds: [Int], classes: Int,
    engine: Engine
  ) {
    precondition(rows.count == targets.count * features, "a row of features per image")
    precondition(folds.count == targets.count, "a fold per image")
    (self.rows, self.features, self.targets, self.folds) = (rows, features, targets, folds)
    (images, self.engine) = (targets.count, engine)
    outputs = classes == 2 ? 1 : classes
    var mean = [Double](repeating: 0, count: features)
    for row in 0..<images {
      let values = rows.base + row * features
      for i in 0..<features { mean[i] += Double(values[i]) }
    }
    for i in mean.indices { mean[i] /= Double(max(1, images)) }
    var square = 0.0
    for row in 0..<images {
      let values = rows.base + row * features
      for i in 0..<features {
        let difference = Double(values[i]) - mean[i]
        square += difference * difference
      }
    }
    // Images that are all the same have nothing to scale.
    scale = square > 0 ? (Double(images) / square).squareRoot() : 1
    self.mean = mean
    for row in 0..<images {
      let values = rows.base + row * features
      for i in 0..<features { values[i] = Float((Double(values[i]) - mean[i]) * scale) }
    }
  }

  /// Bytes that fits of so many images take beside the features.
  static func memoryBytes(images: Int, features: Int, classes: Int, fits: Int) -> Int {
    let columns = fits * (classes == 2 ? 1 : classes)
    // Coefficients in double precision: those of the search and its memory.
    return 4 * images * columns + 3 * 4 * features * (columns + 64) + 30 * 8 * features * columns
  }

  package var coefficientCount: Int { (features + 1) * outputs }

  /// The value of each fit's function and its gradient.
  package func evaluate(_ fits: [Fit]) throws(ModelError) -> [(value: Double, gradient: [Double])] {
    let columns = fits.count * outputs
    let work = try computeLogits(fits)
    let (sums, biases) = residuals(fits, work.logits.base)
    let products = MatrixProducts(engine: engine, packed: work.packed.base)
    products.multiplyTransposed(
      Input(rows.base), Input(work.logits.base), into: work.weights.base, rows: images,
      inner: features, columns: columns)
    return fits.enumerated().map { place, fit in
      var gradient = [Double](repeating: 0, count: coefficientCount)
      var square = 0.0
      for feature in 0..<features {
        for output in 0..<outputs {
          let index = feature * outputs + output
          let weight = fit.coefficients[index]
          square += weight * weight
          gradient[index] =
            Double(work.weights.base[feature * columns + place * outputs + output])
            + fit.penalty * weight
        }
      }
      for output in 0..<outputs {
        gradient[features * outputs + output] = biases[place * outputs + output]
      }
      return (sums[place] + fit.penalty / 2 * square, gradient)
    }
  }

  /// The logits that each fit gives all images, image by image.
  package func logits(_ fits: [Fit]) throws(ModelError) -> [[Double]] {
    let columns = fits.count * outputs
    let values = try computeLogits(fits).logits.base
    return fits.enumerated().map { place, fit in
      (0..<(images * outputs)).map { index in
        let (row, output) = (index / outputs, index % outputs)
        return Double(values[row * columns + place * outputs + output])
          + fit.coefficients[features * outputs + output]
      }
    }
  }

  /// The weights and biases of a fit for features as they were given.
  package func layer(_ fit: Fit) -> (weights: [Float], bias: [Float]) {
    let count = features * outputs
    let weights = fit.coefficients[..<count].map { $0 * scale }
    var bias = Array(fit.coefficients[count...])
    for feature in 0..<features {
      for output in 0..<outputs {
        bias[output] -= mean[feature] * weights[feature * outputs + output]
      }
    }
    return (weights.map { Float($0) }, bias.map { Float($0) })
  }

  /// Logits without biases, a row per image, the fits' columns side by side.
  private func computeLogits(
    _ fits: [Fit]
  ) throws(ModelError) -> (logits: FloatMemory, weights: FloatMemory, packed: FloatMemory) {
    let columns = fits.count * outputs
    let work: (logits: FloatMemory, weights: FloatMemory, packed: FloatMemory)
    if let kept = self.work, kept.weights.count >= features * columns {
      work = kept
    } else {
      work = (
        try FloatMemory(count: images * columns), try FloatMemory(count: features * columns),
        try FloatMemory(
          count: MatrixProducts.packedCount(
            rows: features, columns: columns, kernels: engine.kernels))
      )
      self.work = work
    }
    for (place, fit) in fits.enumerated() {
      precondition(fit.coefficients.count == coefficientCount, "coefficients of this data")
      for feature in 0..<features {
        for output in 0..<outputs {
          work.weights.base[feature * columns + place * outputs + output] = Float(
            fit.coefficients[feature * outputs + output])
        }
      }
    }
    MatrixProducts(engine: engine, packed: work.packed.base).multiply(
      Input(rows.base), Input(work.weights.base), into: work.logits.base, rows: images,
      inner: features, columns: columns)
    return work
  }

  /// Replaces logits by the gradients of the cross-entropy; returns the sums of the cross-entropy
  /// and of the gradients over the images that each fit sees.
  ///
  /// Sums of a few images each are added in order: the bits do not depend on the threads.
  private func residuals(
    _ fits: [Fit], _ logits: UnsafeMutablePointer<Float>
  ) -> (losses: [Double], biases: [Double]) {
    let columns = fits.count * outputs
    let block = 64
    let starts = Array(stride(from: 0, to: images, by: block))
    nonisolated(unsafe) let base = logits
    let parts = engine.workers.map(starts) { start, _ in
      var losses = [Double](repeating: 0, count: fits.count)
      var biases = [Double](repeating: 0, count: columns)
      var row = [Double](repeating: 0, count: self.outputs)
      for image in start..<min(start + block, self.images) {
        for (place, fit) in fits.enumerated() {
          let values = base + image * columns + place * self.outputs
          guard fit.heldOut != self.folds[image] || fit.heldOut == nil else {
            for output in 0..<self.outputs { values[output] = 0 }
            continue
          }
          for output in 0..<self.outputs {
            row[output] =
              Double(values[output]) + fit.coefficients[self.features * self.outputs + output]
          }
          losses[place] += crossEntropy(&row, truth: self.targets[image])
          for output in 0..<self.outputs {
            values[output] = Float(row[output])
            biases[place * self.outputs + output] += row[output]
          }
        }
      }
      return (losses, biases)
    }
    var losses = [Double](repeating: 0, count: fits.count)
    var biases = [Double](repeating: 0, count: columns)
    for part in parts {
      for i in losses.indices { losses[i] += part.0[i] }
      for i in biases.indices { biases[i] += part.1[i] }
    }
    return (losses, biases)
  }
}

/// The cross-entropy of a row of logits, which its gradient replaces.
private func crossEntropy(_ row: inout [Double], truth: Int) -> Double {
  if row.count == 1 {
    let x = truth == 1 ? row[0] : -row[0]
    let power = exp(-abs(x))
    // 1 - σ(x) is the gradient's size.
    let missing = x >= 0 ? power / (1 + power) : 1 / (1 + power)
    row[0] = truth == 1 ? -missing : missing
    return max(-x, 0) + log1p(power)
  }
  let most = row.max() ?? 0
  let own = row[truth]
  var sum = 0.0
  for i in row.indices {
    row[i] = exp(row[i] - most)
    sum += row[i]
  }
  for i in row.indices { row[i] /= sum }
  row[truth] -= 1
  return most + log(sum) - own
}
