internal import KernelTypes

/// How often each kernel of the table was called.
package enum KernelCalls {
  package nonisolated(unsafe) static var counts: [(name: StaticString, calls: Int)] = []
}

/// The place of a kernel in the list of counts.
private func place(_ name: StaticString) -> Int {
  for (place, known) in KernelCalls.counts.enumerated()
  where known.name.utf8Start == name.utf8Start { return place }
  KernelCalls.counts.append((name, 0))
  return KernelCalls.counts.count - 1
}

/// Counts a call that has been made.
private func call<Result>(_ place: Int, _ result: Result) -> Result {
  KernelCalls.counts[place].calls += 1
  return result
}

/// The same kernels, each counted: the types want every kernel of the table, so that one
/// that is missing here does not compile, and one that no test calls keeps a count of zero.
func counted(_ k: KernelTable) -> KernelTable {
  KernelTable(
    lanes: k.lanes, convolution: counted(k.convolution), winograd: counted(k.winograd),
    normalization: counted(k.normalization), pooling: counted(k.pooling),
    activations: counted(k.activations), elementwise: counted(k.elementwise),
    optimizers: counted(k.optimizers), images: counted(k.images), peak: counted(k.peak))
}

// Not inlined: the compiler for Embedded Swift crashes where all of these become one function.

@inline(never)
private func counted(_ k: ConvolutionKernels) -> ConvolutionKernels {
  (
    packPanel: { [p = place("packPanel")] in call(p, k.packPanel($0, $1, $2, $3, $4)) },
    packTurnedPanel: { [p = place("packTurnedPanel")] in
      call(p, k.packTurnedPanel($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))
    },
    padBand: { [p = place("padBand")] in call(p, k.padBand($0, $1, $2)) },
    padNormalizedBand: { [p = place("padNormalizedBand")] in
      call(p, k.padNormalizedBand($0, $1, $2, $3, $4, $5, $6, $7))
    },
    correlateBand: { [p = place("correlateBand")] in call(p, k.correlateBand($0, $1, $2, $3, $4)) },
    accumulateFilterGradient: { [p = place("accumulateFilterGradient")] in
      call(p, k.accumulateFilterGradient($0, $1, $2, $3))
    },
    correlateDepthwise: { [p = place("correlateDepthwise")] in
      call(p, k.correlateDepthwise($0, $1, $2, $3, $4))
    },
    accumulateDepthwiseGradient: { [p = place("accumulateDepthwiseGradient")] in
      call(p, k.accumulateDepthwiseGradient($0, $1, $2, $3))
    }
  )
}

@inline(never)
private func counted(_ k: WinogradKernels) -> WinogradKernels {
  (
    transformFilters: { [p = place("transformFilters")] in
      call(p, k.transformFilters($0, $1, $2, $3, $4, $5, $6))
    },
    transformInput: { [p = place("transformInput")] in
      call(p, k.transformInput($0, $1, $2, $3, $4, $5))
    },
    multiply: { [p = place("multiply")] in call(p, k.multiply($0, $1, $2, $3)) },
    multiplyGradient: { [p = place("multiplyGradient")] in
      call(p, k.multiplyGradient($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))
    },
    transformOutput: { [p = place("transformOutput")] in
      call(p, k.transformOutput($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10))
    },
    transformGradient: { [p = place("transformGradient")] in
      call(p, k.transformGradient($0, $1, $2, $3, $4, $5))
    },
    transformFilterGradient: { [p = place("transformFilterGradient")] in
      call(p, k.transformFilterGradient($0, $1, $2, $3, $4, $5))
    }
  )
}

@inline(never)
private func counted(_ k: NormalizationKernels) -> NormalizationKernels {
  (
    moments: { [p = place("moments")] in call(p, k.moments($0, $1, $2, $3, $4, $5)) },
    scaleChannels: { [p = place("scaleChannels")] in
      call(p, k.scaleChannels($0, $1, $2, $3, $4, $5, $6, $7))
    },
    normalizationSums: { [p = place("normalizationSums")] in
      call(p, k.normalizationSums($0, $1, $2, $3, $4, $5, $6, $7, $8, $9))
    },
    normalizationGradient: { [p = place("normalizationGradient")] in
      call(p, k.normalizationGradient($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))
    },
    addChannels: { [p = place("addChannels")] in
      call(p, k.addChannels($0, $1, $2, $3, $4, $5, $6, $7, $8, $9))
    },
    columnSums: { [p = place("columnSums")] in call(p, k.columnSums($0, $1, $2, $3)) }
  )
}

@inline(never)
private func counted(_ k: PoolingKernels) -> PoolingKernels {
  (
    maxPool: { [p = place("maxPool")] in call(p, k.maxPool($0, $1, $2, $3)) },
    maxPoolGradient: { [p = place("maxPoolGradient")] in
      call(p, k.maxPoolGradient($0, $1, $2, $3))
    },
    averagePool: { [p = place("averagePool")] in call(p, k.averagePool($0, $1, $2)) },
    averagePoolGradient: { [p = place("averagePoolGradient")] in
      call(p, k.averagePoolGradient($0, $1, $2))
    }
  )
}

@inline(never)
private func counted(_ k: ActivationKernels) -> ActivationKernels {
  (
    activate: { [p = place("activate")] in call(p, k.activate($0, $1, $2, $3, $4, $5, $6)) },
    activateGradient: { [p = place("activateGradient")] in
      call(p, k.activateGradient($0, $1, $2, $3, $4, $5, $6, $7, $8))
    }
  )
}

@inline(never)
private func counted(_ k: ElementwiseKernels) -> ElementwiseKernels {
  (
    rectify: { [p = place("rectify")] in call(p, k.rectify($0, $1, $2)) },
    rectifyGradient: { [p = place("rectifyGradient")] in
      call(p, k.rectifyGradient($0, $1, $2, $3, $4))
    },
    add: { [p = place("add")] in call(p, k.add($0, $1, $2, $3, $4)) },
    accumulate: { [p = place("accumulate")] in call(p, k.accumulate($0, $1, $2, $3)) },
    sumParts: { [p = place("sumParts")] in call(p, k.sumParts($0, $1, $2, $3, $4)) },
    interpolate: { [p = place("interpolate")] in call(p, k.interpolate($0, $1, $2, $3)) },
    scale: { [p = place("scale")] in call(p, k.scale($0, $1, $2)) },
    sumOfSquares: { [p = place("sumOfSquares")] in call(p, k.sumOfSquares($0, $1)) }
  )
}

@inline(never)
private func counted(_ k: OptimizerKernels) -> OptimizerKernels {
  (
    adamStep: { [p = place("adamStep")] in
      call(p, k.adamStep($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10))
    },
    momentumStep: { [p = place("momentumStep")] in
      call(p, k.momentumStep($0, $1, $2, $3, $4, $5, $6, $7))
    }
  )
}

@inline(never)
private func counted(_ k: ImageKernels) -> ImageKernels {
  (
    resampleRow: { [p = place("resampleRow")] in call(p, k.resampleRow($0, $1, $2, $3, $4, $5)) },
    resampleColumn: { [p = place("resampleColumn")] in
      call(p, k.resampleColumn($0, $1, $2, $3, $4, $5))
    },
    normalize: { [p = place("normalize")] in call(p, k.normalize($0, $1, $2, $3, $4)) },
    sampleAffine: { [p = place("sampleAffine")] in
      call(p, k.sampleAffine($0, $1, $2, $3, $4, $5, $6, $7, $8, $9))
    },
    nearHashes: { [p = place("nearHashes")] in call(p, k.nearHashes($0, $1, $2, $3)) }
  )
}

@inline(never)
private func counted(_ k: PeakKernels) -> PeakKernels {
  (
    floats: k.floats,
    multiplyAddChains: { [p = place("multiplyAddChains")] in
      call(p, k.multiplyAddChains($0, $1, $2))
    }
  )
}
