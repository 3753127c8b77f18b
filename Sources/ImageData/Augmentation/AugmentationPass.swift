internal import KernelTypes
internal import Primitives

/// An image's bytes, three a pixel; some bytes past the last can be read.
struct ImageBytes {
  var pixels: UnsafePointer<UInt8>
  var size: (width: Int, height: Int)
}

/// An image blended over another one, or into a window of it.
struct BlendedImage {
  var image: ImageBytes
  /// The remaining share of the image that this one is blended into.
  var share: Float
  /// The window filled by this one; nil if the two are mixed everywhere.
  var window: PixelWindow?
}

/// From a stored image to the tensor of one epoch.
///
/// In this order: geometry and border (one bilinear sampling), colours and scaling (one matrix in
/// the same pass), mixup or CutMix, cutout.
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
  /// What is blended into it has changes of its own.
  func write(
    _ image: ImageBytes, sample: Int, epoch: Int, blend: BlendedImage? = nil,
    size: (width: Int, height: Int), into target: UnsafeMutablePointer<Float>
  ) {
    if augmentation == .none && image.size == size {
      kernels.normalize(
        image.pixels, size.width * size.height, scale, offset, target)
      return
    }
    var stream = RandomStream(seed: seed, purpose: .augmentation, epoch: epoch, sample: sample)
    let draw = AugmentationDraw(augmentation, &stream)
    withUnsafeTemporaryAllocation(byteCount: 4 * 1328, alignment: 64) { bytes in
      let floats = bytes.bindMemory(to: Float.self)
      guard let scratch = floats.baseAddress else { return }
      let sampler = Sampler(
        kernels: kernels, preprocessing: preprocessing, fill: augmentation.fill, size: size,
        parameters: scratch + 1296, scratch: scratch)
      guard let blend else {
        sampler.put(image, draw, into: target)
        return
      }
      var stream = RandomStream(seed: seed, purpose: .partner, epoch: epoch, sample: sample)
      let other = AugmentationDraw(augmentation, &stream)
      if let window = blend.window {
        sampler.put(image, draw, into: target)
        sampler.put(blend.image, other, window, into: target)
      } else {
        sampler.put(image, draw, share: blend.share, into: target)
        sampler.put(blend.image, other, share: 1 - blend.share, adds: true, into: target)
      }
    }
    cutOut(draw, size, target)
  }

  /// Sets a square to the mean, which is zero after scaling.
  ///
  /// Its centre is anywhere in the image, so that parts of it may lie outside (DeVries and
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

/// Samples images for tensors of one size, on one thread.
private struct Sampler {
  let kernels: ImageKernels
  let preprocessing: Preprocessing
  let fill: BorderFill
  let size: (width: Int, height: Int)
  let parameters: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>

  /// Writes an image's share of the tensor, or adds it to what is there.
  func put(
    _ image: ImageBytes, _ draw: AugmentationDraw, share: Float = 1, adds: Bool = false,
    into target: UnsafeMutablePointer<Float>
  ) {
    draw.write(
      source: image.size, target: size, preprocessing, share: Double(share), to: parameters)
    sample(image, size, adds, target)
  }

  /// Writes a window of the tensor alone.
  func put(
    _ image: ImageBytes, _ draw: AugmentationDraw, _ window: PixelWindow,
    into target: UnsafeMutablePointer<Float>
  ) {
    draw.write(source: image.size, target: size, preprocessing, share: 1, to: parameters)
    let (x, y) = (Float(window.columns.lowerBound), Float(window.rows.lowerBound))
    parameters[2] += parameters[0] * x + parameters[1] * y
    parameters[5] += parameters[3] * x + parameters[4] * y
    let row = 3 * window.columns.count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: row * window.rows.count) { pixels in
      guard let base = pixels.baseAddress, !pixels.isEmpty else { return }
      sample(image, (window.columns.count, window.rows.count), false, base)
      for (index, line) in window.rows.enumerated() {
        (target + 3 * (line * size.width + window.columns.lowerBound))
          .update(from: base + index * row, count: row)
      }
    }
  }

  private func sample(
    _ image: ImageBytes, _ size: (width: Int, height: Int), _ adds: Bool,
    _ target: UnsafeMutablePointer<Float>
  ) {
    kernels.sampleAffine(
      image.pixels, image.size.width, image.size.height, target, size.width, size.height,
      parameters, fill.kernelCode, adds, scratch)
  }
}

extension BorderFill {
  /// The code for `ImageKernels.SampleAffine`.
  var kernelCode: Int {
    switch self {
    case .nearest: 0
    case .reflect: 1
    case .constant: 2
    }
  }
}
