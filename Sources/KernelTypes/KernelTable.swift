/// Memory that a kernel reads.
package typealias Input = UnsafePointer<Float>
/// Memory that a kernel writes.
package typealias Output = UnsafeMutablePointer<Float>

/// How convolutions are computed.
public enum ConvolutionMethod: String, Sendable, CaseIterable {
  /// Chosen by a fixed rule from the layer's shape and the instruction set.
  case auto
  /// Always the direct method.
  case direct
  /// Winograd's method wherever it applies: 3 x 3 filters, stride 1, whole vectors of channels.
  case winograd
}

/// The kernels of one instruction set: leaf functions over pointers and integers.
///
/// Every function computes one task of a loop; the callers split the work, by problem size only.
/// The functions are documented in the module Kernels.
package struct KernelTable: Sendable {
  /// Floats in one vector register.
  package let lanes: Int
  /// The method of convolutions.
  package var convolutionMethod = ConvolutionMethod.auto
  /// Convolutions and matrix products.
  package let convolution: ConvolutionKernels
  /// Transforms of Winograd's method.
  package let winograd: WinogradKernels
  /// Batch normalization and sums over pixels.
  package let normalization: NormalizationKernels
  /// Pooling.
  package let pooling: PoolingKernels
  /// Activation functions.
  package let activations: ActivationKernels
  /// Loops over flat memory.
  package let elementwise: ElementwiseKernels
  /// Optimizer steps.
  package let optimizers: OptimizerKernels
  /// Resizing and sampling pictures.
  package let images: ImageKernels
  /// The peak of the arithmetic units.
  package let peak: PeakKernels

  /// A table of all kernels of one module.
  package init(
    lanes: Int, convolution: ConvolutionKernels, winograd: WinogradKernels,
    normalization: NormalizationKernels, pooling: PoolingKernels,
    activations: ActivationKernels, elementwise: ElementwiseKernels,
    optimizers: OptimizerKernels, images: ImageKernels, peak: PeakKernels
  ) {
    self.lanes = lanes
    self.convolution = convolution
    self.winograd = winograd
    self.normalization = normalization
    self.pooling = pooling
    self.activations = activations
    self.elementwise = elementwise
    self.optimizers = optimizers
    self.images = images
    self.peak = peak
  }

  /// Channels in a full panel of packed filters.
  package var panelWidth: Int { 2 * lanes }

  /// Channels rounded up to whole vectors: the width of all panels together.
  package func padded(_ channels: Int) -> Int { (channels + lanes - 1) / lanes * lanes }
}
