internal import KernelInterface
internal import Primitives

/// A picture's bytes, three a pixel; some bytes past the last can be read.
struct PictureBytes {
  var pixels: UnsafePointer<UInt8>
  var size: (width: Int, height: Int)
}

/// From a stored picture to the tensor of one epoch.
///
/// In this order: geometry and border (one bilinear sampling), colours and scaling (one matrix in
/// the same pass), mixup, cutout.
struct AugmentationPass: Sendable {
  private let augmentation: Augmentation
  private let preprocessing: Preprocessing
  private let scale: [Float]
  private let offset: [Float]
  private let kernels: ImageKernels
  private let seed: UInt64

  /// A pass of these changes; the preprocessing gives mean and deviation.
  init(
    _ augmentation: Augmentation, _ preprocessing: Preprocessing, seed: UInt64,
    kernels: ImageKernels
  ) {
    self.augmentation = augmentation
    self.preprocessing = preprocessing
    scale = preprocessing.scale
    offset = preprocessing.offset
    self.seed = seed
    self.kernels = kernels
  }

  /// Writes the tensor of a sample, `size` pixels large.
  ///
  /// With a partner the two are blended, each with changes of its own; `share` is the sample's.
  func write(
    _ picture: PictureBytes, sample: Int, epoch: Int, partner: PictureBytes? = nil,
    share: Float = 1, size: (width: Int, height: Int), into target: UnsafeMutablePointer<Float>
  ) {
    if augmentation == .none && picture.size == size {
      kernels.normalize(
        picture.pixels, size.width * size.height, scale, offset, target)
      return
    }
    var stream = RandomStream(seed: seed, purpose: .augmentation, epoch: epoch, sample: sample)
    let draw = AugmentationDraw(augmentation, &stream)
    withUnsafeTemporaryAllocation(byteCount: 4 * 1328, alignment: 64) { bytes in
      let floats = bytes.bindMemory(to: Float.self)
      guard let scratch = floats.baseAddress else { return }
      func put(_ picture: PictureBytes, _ draw: AugmentationDraw, _ share: Float, adds: Bool) {
        let parameters = scratch + 1296
        draw.write(
          source: picture.size, target: size, preprocessing, share: Double(share), to: parameters)
        kernels.sampleAffine(
          picture.pixels, picture.size.width, picture.size.height, target, size.width, size.height,
          parameters, augmentation.fill.kernelCode, adds, scratch)
      }
      put(picture, draw, share, adds: false)
      if let partner {
        var stream = RandomStream(seed: seed, purpose: .partner, epoch: epoch, sample: sample)
        put(partner, AugmentationDraw(augmentation, &stream), 1 - share, adds: true)
      }
    }
    cutOut(draw, size, target)
  }

  /// Sets a square to the mean, which is zero after scaling.
  ///
  /// Its centre is anywhere in the picture, so that parts of it may lie outside (DeVries and
  /// Taylor 2017).
  private func cutOut(
    _ draw: AugmentationDraw, _ size: (width: Int, height: Int),
    _ target: UnsafeMutablePointer<Float>
  ) {
    guard draw.cutout > 0 else { return }
    let length = draw.cutout * Double(min(size.width, size.height))
    func span(_ center: Double, _ side: Int) -> Range<Int> {
      let first = Int((center * Double(side) - length / 2).rounded())
      let lower = min(side, max(0, first))
      return lower..<max(lower, min(side, first + Int(length.rounded())))
    }
    let columns = span(draw.cutoutX, size.width)
    for row in span(draw.cutoutY, size.height) {
      (target + 3 * (row * size.width + columns.lowerBound))
        .update(repeating: 0, count: 3 * columns.count)
    }
  }
}

extension BorderFill {
  /// How `ImageKernels.SampleAffine` names it.
  var kernelCode: Int {
    switch self {
    case .nearest: 0
    case .reflect: 1
    case .constant: 2
    }
  }
}
