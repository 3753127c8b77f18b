package import KernelTypes
internal import Primitives

/// The cost of augmenting training images.
package struct AugmentationMeasurement: Sendable, Hashable {
  /// Median over images of one thread's time for one tensor, in microseconds.
  package var microsecondsPerImage: Double
  /// Tensors that were timed.
  package var images: Int

  /// Times the pass that training takes from stored bytes to tensors of `side` x `side`.
  ///
  /// On the calling thread. Images of noise, of the size at which training keeps them and too many
  /// for the caches, as a dataset is; each of `epochs` passes over `images` of them draws new
  /// changes, and a first pass warms up.
  package init(
    _ augmentation: Augmentation, side: Int, kernels: KernelTable, images: Int = 512,
    epochs: Int = 2
  ) {
    precondition(side > 0 && images > 0 && epochs > 0, "something to measure")
    let stored = augmentation.storeSide(for: side)
    let slot = 3 * stored * stored + 16
    var stream = RandomStream(seed: 0, purpose: .benchmark)
    let noise = (0..<slot).map { _ in UInt8(stream.index(below: 256)) }
    let bytes = Array(repeatElement(noise, count: images).joined())
    let pass = AugmentationPass(
      augmentation,
      Preprocessing(width: side, height: side, mean: [124, 116, 104], deviation: [58, 57, 57]),
      seed: 0, kernels: kernels.images)
    var tensor = [Float](repeating: 0, count: 3 * side * side)
    var seconds: [Double] = []
    seconds.reserveCapacity(images * epochs)
    bytes.withUnsafeBufferPointer { bytes in
      tensor.withUnsafeMutableBufferPointer { tensor in
        guard let base = bytes.baseAddress, let tensor = tensor.baseAddress else { return }
        func image(_ index: Int) -> ImageBytes {
          ImageBytes(pixels: base + index * slot, size: (stored, stored))
        }
        for epoch in 0...epochs {
          for index in 0..<images {
            let start = ContinuousClock.now
            let draw = BlendDraw(
              augmentation, count: images, size: (side, side), seed: 0, epoch: epoch,
              sample: index)
            let blend = draw.map {
              BlendedImage(image: image($0.partner), share: $0.share, window: $0.window)
            }
            pass.write(
              image(index), sample: index, epoch: epoch, blend: blend, size: (side, side),
              into: tensor)
            if epoch > 0 { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
          }
        }
      }
    }
    self.images = seconds.count
    microsecondsPerImage = seconds.sorted()[seconds.count / 2] * 1e6
  }
}
