internal import Primitives

/// Whom one picture is blended with in one epoch, and how much of it stays.
///
/// Zhang, Cissé, Dauphin and Lopez-Paz, "mixup: beyond empirical risk minimization" (ICLR 2018):
/// x = λ a + (1 - λ) b with λ of Beta(α, α) and the same for the targets. The partner is any
/// picture of the training set, as in the paper's equation, not one of the same batch, as in its
/// program: so a blend depends on (seed, epoch, sample) alone, whatever the batches are. The greater
/// of λ and 1 - λ is the picture's own: as either of the two may be called the first, the blends
/// are distributed as without that rule, and every epoch still shows every picture.
package struct MixupDraw: Sendable, Hashable {
  /// The place of the picture that is blended in, among all there are.
  package var partner: Int
  /// The picture's own share, 1/2 to 1.
  package var share: Float

  /// The blend of a picture with one of `count`.
  package init(alpha: Double, count: Int, seed: UInt64, epoch: Int, sample: Int) {
    var stream = RandomStream(seed: seed, purpose: .mixup, epoch: epoch, sample: sample)
    let lambda = stream.symmetricBeta(alpha)
    share = Float(max(lambda, 1 - lambda))
    partner = stream.index(below: count)
  }
}

/// What is blended into the pictures of a batch.
package struct BatchMixture: Sendable, Hashable {
  /// The index in the store of each picture's partner.
  package var samples: [Int]
  /// The partners' classes.
  package var targets: [Int32]
  /// Each picture's own share; the rest is its partner's.
  package var shares: [Float]
}
