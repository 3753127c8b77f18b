internal import Primitives

/// Whom one image is blended with in one epoch, and how much of it stays.
///
/// mixup (Zhang, Cissé, Dauphin and Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR
/// 2018): x = λ a + (1 - λ) b with λ of Beta(α, α) and the same for the targets. CutMix (Yun, Han,
/// Oh, Chun, Choe and Yoo, "CutMix: regularization strategy to train strong classifiers with
/// localizable features", ICCV 2019): a window with 1 - λ of the area is b's, the rest a's; what the
/// border leaves of the window decides the targets' shares.
///
/// The partner is any image of the training set, as in the papers' equations, not one of the same
/// batch, as in their programs: so a blend depends on (seed, epoch, sample) alone, whatever the
/// batches are.
package struct BlendDraw: Sendable, Hashable {
  /// The place of the image that is blended in, among all there are.
  package var partner: Int
  /// The image's own share, 0 to 1.
  package var share: Float
  /// The window filled by the partner; nil if the two images are mixed everywhere.
  package var window: PixelWindow?

  /// The blend of an image, as large as the network sees it, with one of `count`.
  ///
  /// Nil without mixup and CutMix. With both, each image is blended in one of the two ways, with a
  /// chance of one half.
  package init?(
    _ augmentation: Augmentation, count: Int, size: (width: Int, height: Int), seed: UInt64,
    epoch: Int, sample: Int
  ) {
    func stream(_ purpose: RandomPurpose) -> RandomStream {
      RandomStream(seed: seed, purpose: purpose, epoch: epoch, sample: sample)
    }
    var cuts = stream(.cutmix)
    let isHeads = cuts.uniform() < 0.5
    if augmentation.cutmix > 0 && (isHeads || augmentation.mixup == 0) {
      self.init(cutmix: augmentation.cutmix, count: count, size: size, &cuts)
    } else if augmentation.mixup > 0 {
      var stream = stream(.mixup)
      self.init(mixup: augmentation.mixup, count: count, &stream)
    } else {
      return nil
    }
  }

  /// The greater of λ and 1 - λ is the image's own: as either of the two may be called the first,
  /// the blends are distributed as without that rule, and every epoch still shows every image.
  private init(mixup alpha: Double, count: Int, _ stream: inout RandomStream) {
    let lambda = stream.symmetricBeta(alpha)
    share = Float(max(lambda, 1 - lambda))
    partner = stream.index(below: count)
  }

  /// The window has the form of the image and its centre anywhere in it.
  private init(
    cutmix alpha: Double, count: Int, size: (width: Int, height: Int),
    _ stream: inout RandomStream
  ) {
    let side = (1 - stream.symmetricBeta(alpha)).squareRoot()
    func span(_ extent: Int) -> Range<Int> {
      let center = Double(stream.uniform()) * Double(extent)
      let half = side * Double(extent) / 2
      let lower = max(0, Int((center - half).rounded()))
      return lower..<max(lower, min(extent, Int((center + half).rounded())))
    }
    let window = PixelWindow(columns: span(size.width), rows: span(size.height))
    partner = stream.index(below: count)
    share = 1 - Float(window.count) / Float(size.width * size.height)
    self.window = window
  }
}

/// A rectangle of pixels.
package struct PixelWindow: Sendable, Hashable {
  package var columns: Range<Int>
  package var rows: Range<Int>

  package var count: Int { columns.count * rows.count }
}

/// The blending of the images of a batch.
package struct BatchMixture: Sendable, Hashable {
  /// The index in the store of each image's partner.
  package var samples: [Int]
  /// The partners' classes.
  package var targets: [Int32]
  /// Each image's own share; the rest is its partner's.
  package var shares: [Float]
  /// The windows filled by the partners; nil if the two images are mixed everywhere.
  package var windows: [PixelWindow?]
}
