/// The kernels for convolutions and matrix products.
package struct ConvolutionKernels: Sendable {
  package let packPanel:
    @Sendable (_ filters: Input, _ panel: Output, _ indices: Int, _ channels: Int, _ channel: Int)
      -> Void
  package let packTurnedPanel:
    @Sendable (
      _ filters: Input, _ panel: Output, _ kernelColumns: Int, _ inputChannels: Int,
      _ outputChannels: Int, _ stride: Int, _ firstRow: Int, _ rows: Int, _ firstColumn: Int,
      _ columns: Int, _ channel: Int
    ) -> Void
  package let padBand: @Sendable (_ image: Input, _ band: Output, _ shape: BandShape) -> Void
  package let padNormalizedBand:
    @Sendable (
      _ image: Input, _ band: Output, _ factor: Input, _ offset: Input, _ shape: BandShape,
      _ channels: Int, _ rectifies: Bool, _ ceiling: Float
    ) -> Void
  package let correlateBand:
    @Sendable (
      _ band: Input, _ weights: Input, _ bias: Input?, _ output: Output, _ shape: CorrelationShape
    ) -> Void
  package let accumulateFilterGradient:
    @Sendable (_ band: Input, _ dy: Input, _ gradient: Output, _ shape: FilterGradientShape) -> Void
  package let correlateDepthwise:
    @Sendable (
      _ band: Input, _ weights: Input, _ bias: Input?, _ output: Output, _ shape: CorrelationShape
    ) -> Void
  package let accumulateDepthwiseGradient:
    @Sendable (_ band: Input, _ dy: Input, _ gradient: Output, _ shape: FilterGradientShape) -> Void

  package init(
    packPanel: @escaping @Sendable (Input, Output, Int, Int, Int) -> Void,
    packTurnedPanel:
      @escaping @Sendable (Input, Output, Int, Int, Int, Int, Int, Int, Int, Int, Int) -> Void,
    padBand: @escaping @Sendable (Input, Output, BandShape) -> Void,
    padNormalizedBand:
      @escaping @Sendable (Input, Output, Input, Input, BandShape, Int, Bool, Float) -> Void,
    correlateBand: @escaping @Sendable (Input, Input, Input?, Output, CorrelationShape) -> Void,
    accumulateFilterGradient:
      @escaping @Sendable (Input, Input, Output, FilterGradientShape) -> Void,
    correlateDepthwise:
      @escaping @Sendable (Input, Input, Input?, Output, CorrelationShape) -> Void,
    accumulateDepthwiseGradient:
      @escaping @Sendable (Input, Input, Output, FilterGradientShape) -> Void
  ) {
    self.packPanel = packPanel
    self.packTurnedPanel = packTurnedPanel
    self.padBand = padBand
    self.padNormalizedBand = padNormalizedBand
    self.correlateBand = correlateBand
    self.accumulateFilterGradient = accumulateFilterGradient
    self.correlateDepthwise = correlateDepthwise
    self.accumulateDepthwiseGradient = accumulateDepthwiseGradient
  }
}

/// The transforms of Winograd's method; the products between them are those of `ConvolutionKernels`.
package struct WinogradKernels: Sendable {
  package let transformFilters:
    @Sendable (
      _ filters: Input, _ u: Output, _ rows: Int, _ width: Int, _ rowStep: Int, _ tapStep: Int,
      _ planeStep: Int
    ) -> Void
  package let transformInput:
    @Sendable (
      _ x: Input, _ v: Output, _ tiles: Int, _ rowStep: Int, _ channels: Int, _ planeStep: Int
    ) -> Void
  package let multiply:
    @Sendable (_ v: Input, _ u: Input, _ m: Output, _ shape: WinogradProductShape) -> Void
  package let multiplyGradient:
    @Sendable (
      _ v: Input, _ d: Input, _ sums: Output, _ planes: Int, _ tiles: Int, _ inputs: Int,
      _ outputs: Int, _ vStep: Int, _ dStep: Int, _ sumStep: Int, _ channels: Range<Int>,
      _ accumulates: Bool
    ) -> Void
  package let transformOutput:
    @Sendable (
      _ m: Input, _ y: Output, _ bias: Input?, _ tiles: Int, _ rowStep: Int, _ channels: Int,
      _ planeStep: Int, _ rows: Int, _ columns: Int, _ accumulates: Bool, _ rectifies: Bool
    ) -> Void
  package let transformGradient:
    @Sendable (
      _ dy: Input, _ v: Output, _ tiles: Int, _ rowStep: Int, _ channels: Int, _ planeStep: Int
    ) -> Void
  package let transformFilterGradient:
    @Sendable (
      _ p: Input, _ gradient: Output, _ count: Int, _ planeStep: Int, _ tapStep: Int,
      _ accumulates: Bool
    ) -> Void

  package init(
    transformFilters: @escaping @Sendable (Input, Output, Int, Int, Int, Int, Int) -> Void,
    transformInput: @escaping @Sendable (Input, Output, Int, Int, Int, Int) -> Void,
    multiply: @escaping @Sendable (Input, Input, Output, WinogradProductShape) -> Void,
    multiplyGradient:
      @escaping @Sendable (
        Input, Input, Output, Int, Int, Int, Int, Int, Int, Int, Range<Int>, Bool
      ) -> Void,
    transformOutput:
      @escaping @Sendable (Input, Output, Input?, Int, Int, Int, Int, Int, Int, Bool, Bool) -> Void,
    transformGradient: @escaping @Sendable (Input, Output, Int, Int, Int, Int) -> Void,
    transformFilterGradient: @escaping @Sendable (Input, Output, Int, Int, Int, Bool) -> Void
  ) {
    self.transformFilters = transformFilters
    self.transformInput = transformInput
    self.multiply = multiply
    self.multiplyGradient = multiplyGradient
    self.transformOutput = transformOutput
    self.transformGradient = transformGradient
    self.transformFilterGradient = transformFilterGradient
  }
}

/// The kernels for batch normalization and sums over pixels.
package struct NormalizationKernels: Sendable {
  package let moments:
    @Sendable (
      _ x: Input, _ shift: Input, _ pixels: Int, _ channels: Int, _ sums: Output, _ squares: Output
    ) -> Void
  package let scaleChannels:
    @Sendable (
      _ x: Input, _ factor: Input, _ offset: Input, _ y: Output, _ pixels: Int, _ channels: Int,
      _ rectifies: Bool, _ ceiling: Float
    ) -> Void
  package let normalizationSums:
    @Sendable (
      _ x: Input, _ factor: Input?, _ offset: Input, _ dy: Input, _ mean: Input, _ ceiling: Float,
      _ pixels: Int, _ channels: Int, _ sums: Output, _ products: Output
    ) -> Void
  package let normalizationGradient:
    @Sendable (
      _ x: Input, _ factor: Input?, _ offset: Input, _ dy: Input, _ mean: Input, _ a: Input,
      _ b: Input, _ d: Input, _ dx: Output, _ ceiling: Float, _ pixels: Int, _ channels: Int,
      _ accumulates: Bool
    ) -> Void
  package let addChannels:
    @Sendable (
      _ a: Input, _ aFactor: Input?, _ aOffset: Input?, _ b: Input, _ bFactor: Input?,
      _ bOffset: Input?, _ y: Output, _ pixels: Int, _ channels: Int, _ rectifies: Bool
    ) -> Void
  package let columnSums:
    @Sendable (_ x: Input, _ pixels: Int, _ channels: Int, _ sums: Output) -> Void

  package init(
    moments: @escaping @Sendable (Input, Input, Int, Int, Output, Output) -> Void,
    scaleChannels:
      @escaping @Sendable (Input, Input, Input, Output, Int, Int, Bool, Float) -> Void,
    normalizationSums:
      @escaping @Sendable (
        Input, Input?, Input, Input, Input, Float, Int, Int, Output, Output
      ) -> Void,
    normalizationGradient:
      @escaping @Sendable (
        Input, Input?, Input, Input, Input, Input, Input, Input, Output, Float, Int, Int, Bool
      ) -> Void,
    addChannels:
      @escaping @Sendable (
        Input, Input?, Input?, Input, Input?, Input?, Output, Int, Int, Bool
      ) -> Void,
    columnSums: @escaping @Sendable (Input, Int, Int, Output) -> Void
  ) {
    self.moments = moments
    self.scaleChannels = scaleChannels
    self.normalizationSums = normalizationSums
    self.normalizationGradient = normalizationGradient
    self.addChannels = addChannels
    self.columnSums = columnSums
  }
}

/// The kernels for pooling.
package struct PoolingKernels: Sendable {
  package let maxPool:
    @Sendable (_ x: Input, _ y: Output, _ codes: UnsafeMutablePointer<UInt8>?, _ shape: PoolShape)
      -> Void
  package let maxPoolGradient:
    @Sendable (_ codes: UnsafePointer<UInt8>, _ dy: Input, _ dx: Output, _ shape: PoolShape) -> Void
  package let averagePool: @Sendable (_ x: Input, _ y: Output, _ shape: PoolShape) -> Void
  package let averagePoolGradient: @Sendable (_ dy: Input, _ dx: Output, _ shape: PoolShape) -> Void

  package init(
    maxPool: @escaping @Sendable (Input, Output, UnsafeMutablePointer<UInt8>?, PoolShape) -> Void,
    maxPoolGradient: @escaping @Sendable (UnsafePointer<UInt8>, Input, Output, PoolShape) -> Void,
    averagePool: @escaping @Sendable (Input, Output, PoolShape) -> Void,
    averagePoolGradient: @escaping @Sendable (Input, Output, PoolShape) -> Void
  ) {
    self.maxPool = maxPool
    self.maxPoolGradient = maxPoolGradient
    self.averagePool = averagePool
    self.averagePoolGradient = averagePoolGradient
  }
}

/// The kernels for loops over flat memory.
package struct ElementwiseKernels: Sendable {
  package let rectify: @Sendable (_ input: Input, _ output: Output, _ count: Int) -> Void
  package let rectifyGradient:
    @Sendable (_ output: Input, _ dy: Input, _ dx: Output, _ count: Int, _ accumulates: Bool) ->
      Void
  package let add:
    @Sendable (_ a: Input, _ b: Input, _ output: Output, _ count: Int, _ rectifies: Bool) -> Void
  package let accumulate:
    @Sendable (_ source: Input, _ target: Output, _ count: Int, _ accumulates: Bool) -> Void
  package let sumParts:
    @Sendable (_ source: Input, _ parts: Int, _ step: Int, _ target: Output, _ count: Int) -> Void
  package let interpolate:
    @Sendable (_ value: Output, _ other: Input, _ weight: Float, _ count: Int) -> Void
  package let scale: @Sendable (_ values: Output, _ factor: Float, _ count: Int) -> Void
  package let sumOfSquares: @Sendable (_ values: Input, _ count: Int) -> Double

  package init(
    rectify: @escaping @Sendable (Input, Output, Int) -> Void,
    rectifyGradient: @escaping @Sendable (Input, Input, Output, Int, Bool) -> Void,
    add: @escaping @Sendable (Input, Input, Output, Int, Bool) -> Void,
    accumulate: @escaping @Sendable (Input, Output, Int, Bool) -> Void,
    sumParts: @escaping @Sendable (Input, Int, Int, Output, Int) -> Void,
    interpolate: @escaping @Sendable (Output, Input, Float, Int) -> Void,
    scale: @escaping @Sendable (Output, Float, Int) -> Void,
    sumOfSquares: @escaping @Sendable (Input, Int) -> Double
  ) {
    self.rectify = rectify
    self.rectifyGradient = rectifyGradient
    self.add = add
    self.accumulate = accumulate
    self.sumParts = sumParts
    self.interpolate = interpolate
    self.scale = scale
    self.sumOfSquares = sumOfSquares
  }
}

/// The kernels for optimizer steps.
package struct OptimizerKernels: Sendable {
  package let adamStep:
    @Sendable (
      _ w: Output, _ g: Input, _ m: Output, _ v: Output, _ beta1: Float, _ beta2: Float,
      _ epsilon: Float, _ rate: Float, _ correction: Float, _ keep: Float, _ count: Int
    ) -> Void
  package let momentumStep:
    @Sendable (
      _ w: Output, _ g: Input, _ b: Output, _ momentum: Float, _ nesterov: Bool, _ decay: Float,
      _ rate: Float, _ count: Int
    ) -> Void

  package init(
    adamStep:
      @escaping @Sendable (
        Output, Input, Output, Output, Float, Float, Float, Float, Float, Float, Int
      ) -> Void,
    momentumStep:
      @escaping @Sendable (Output, Input, Output, Float, Bool, Float, Float, Int) -> Void
  ) {
    self.adamStep = adamStep
    self.momentumStep = momentumStep
  }
}

/// The kernel that measures how fast the arithmetic units are.
package struct PeakKernels: Sendable {
  /// The number of floats that the chains work on.
  package let floats: Int
  package let multiplyAddChains: @Sendable (_ values: Output, _ factor: Float, _ steps: Int) -> Void

  package init(
    floats: Int, multiplyAddChains: @escaping @Sendable (Output, Float, Int) -> Void
  ) {
    self.floats = floats
    self.multiplyAddChains = multiplyAddChains
  }
}
