package import KernelTypes

/// The kernels of this module, built for one instruction set.
package func makeKernelTable() -> KernelTable {
  KernelTable(
    lanes: lanes,
    convolution: (
      packPanel: packPanel,
      packTurnedPanel: packTurnedPanel,
      padBand: padBand,
      padNormalizedBand: padNormalizedBand,
      correlateBand: correlateBand,
      accumulateFilterGradient: accumulateFilterGradient,
      correlateDepthwise: correlateDepthwise,
      accumulateDepthwiseGradient: accumulateDepthwiseGradient
    ),
    winograd: (
      transformFilters: winogradFilters,
      transformInput: winogradInput,
      multiply: winogradProducts,
      multiplyGradient: winogradGradientProducts,
      transformOutput: winogradOutput,
      transformGradient: winogradGradient,
      transformFilterGradient: winogradFilterGradient
    ),
    normalization: (
      moments: moments,
      scaleChannels: scaleChannels,
      normalizationSums: normalizationSums,
      normalizationGradient: normalizationGradient,
      addChannels: addChannels,
      columnSums: columnSums
    ),
    pooling: (
      maxPool: maxPool,
      maxPoolGradient: maxPoolGradient,
      averagePool: averagePool,
      averagePoolGradient: averagePoolGradient
    ),
    activations: (activate: activate, activateGradient: activateGradient),
    elementwise: (
      rectify: rectify,
      rectifyGradient: rectifyGradient,
      add: add,
      accumulate: accumulate,
      sumParts: sumParts,
      interpolate: interpolate,
      scale: scale,
      sumOfSquares: sumOfSquares
    ),
    optimizers: (
      adamStep: adamStep,
      momentumStep: momentumStep
    ),
    images: (
      resampleRow: resampleRow,
      resampleColumn: resampleColumn,
      normalize: normalizePixels,
      sampleAffine: sampleAffine,
      nearHashes: nearHashes
    ),
    peak: (floats: chainFloats, multiplyAddChains: multiplyAddChains))
}
