/// The second classes of a batch whose images are blends of two (mixup).
///
/// Zhang et al., "mixup: beyond empirical risk minimization" (ICLR 2018): the image λ a + (1 - λ) b
/// has the target λ of a's class and 1 - λ of b's.
public struct TargetMixture: Sendable, Hashable {
  /// The class of each sample's second image.
  public var targets: [Int32]
  /// The weight λ of each sample's first image, 0 to 1.
  public var shares: [Float]

  /// Second classes and weights of the first, one per sample.
  public init(targets: [Int32], shares: [Float]) {
    self.targets = targets
    self.shares = shares
  }

  /// Refuses a mixture that does not fit the first classes of its batch.
  func check(_ first: [Int32], _ loss: Loss, outputs: Int) throws(ModelError) {
    for (name, found) in [("second targets", targets.count), ("shares", shares.count)]
    where found != first.count {
      throw .length(of: name, expected: first.count, found: found)
    }
    try loss.check(targets, outputs: outputs)
    for share in shares where !(share >= 0 && share <= 1) {
      throw .invalid(
        layer: "mixture", field: "a share", expected: "in 0...1", found: "\(share)")
    }
  }
}

/// The target distribution of a sample: one class, or a mixture of two.
struct SoftTarget {
  private let first: Int
  private let second: Int
  /// The probability of the first class where the second is another.
  private let share: Double
  /// The class that counts as correct.
  let label: Int

  /// The target of a sample and the factor of its loss; see `Loss.evaluate`.
  static func weighted(
    _ row: Int, _ targets: [Int32], _ mixture: TargetMixture?, _ weights: [Double]?
  ) -> (SoftTarget, weight: Double) {
    let first = Int(targets[row])
    let firstWeight = weights?[first] ?? 1
    guard let mixture else {
      return (SoftTarget(first: first, second: first, share: 1, label: first), firstWeight)
    }
    let second = Int(mixture.targets[row])
    let share = Double(mixture.shares[row])
    let part = share * firstWeight
    let weight = part + (1 - share) * (weights?[second] ?? 1)
    let target = SoftTarget(
      first: first, second: second, share: weight > 0 ? part / weight : share,
      label: share >= 0.5 ? first : second)
    return (target, weight)
  }

  /// The probability of a class before smoothing.
  func probability(of label: Int) -> Double {
    if first == second { return label == first ? 1 : 0 }
    return label == first ? share : label == second ? 1 - share : 0
  }
}
