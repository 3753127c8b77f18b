package import KernelTypes

/// The kernels of this module, built for one instruction set.
package func makeKernelTable() -> KernelTable {
  KernelTable(
    lanes: lanes,
    convolution: ConvolutionKernels(
      packPanel: packPanel,
      packTurnedPanel: packTurnedPanel,
      padBand: padBand,
      padNormalizedBand: padNormalizedBand,
      correlateBand: correlateBand,
      accumulateFilterGradient: accumulateFilterGradient,
      correlateDepthwise: correlateDepthwise,
      accumulateDepthwiseGradient: accumulateDepthwiseGradient),
    winograd: WinogradKernels(
      transformFilters: winogradFilters,
      transformInput: winogradInput,
      multiply: winogradProducts,
      multiplyGradient: winogradGradientProducts,
      transformOutput: winogradOutput,
      transformGradient: winogradGradient,
      transformFilterGradient: winogradFilterGradient),
    normalization: NormalizationKernels(
      moments: moments,
      scaleChannels: scaleChannels,
      normalizationSums: normalizationSums,
      normalizationGradient: normalizationGradient,
      addChannels: addChannels,
      columnSums: columnSums),
    pooling: PoolingKernels(
      maxPool: maxPool,
      maxPoolGradient: maxPoolGradient,
      averagePool: averagePool,
      averagePoolGradient: averagePoolGradient),
    activations: ActivationKernels(activate: activate, activateGradient: activateGradient),
    elementwise: ElementwiseKernels(
      rectify: rectify,
      rectifyGradient: rectifyGradient,
      add: add,
      accumulate: accumulate,
      sumParts: sumParts,
      interpolate: interpolate,
      scale: scale,
      sumOfSquares: sumOfSquares),
    optimizers: OptimizerKernels(
      adamStep: adamStep,
      momentumStep: momentumStep),
    images: makeImageKernels(),
    peak: PeakKernels(floats: chainFloats, multiplyAddChains: multiplyAddChains))
}
