// Tuples, so that each signature stands here alone: a struct would need it again in an initializer,
// as the one that Swift writes is not for other modules.

/// The kernels for convolutions and matrix products.
package typealias ConvolutionKernels = (
  packPanel:
    @Sendable (_ filters: Input, _ panel: Output, _ indices: Int, _ channels: Int, _ channel: Int)
    -> Void,
  packTurnedPanel:
    @Sendable (
      _ filters: Input, _ panel: Output, _ kernelColumns: Int, _ inputChannels: Int,
      _ outputChannels: Int, _ outputs: Int, _ stride: Int, _ firstRow: Int, _ rows: Int,
      _ firstColumn: Int, _ columns: Int, _ channel: Int
    ) -> Void,
  padBand: @Sendable (_ image: Input, _ band: Output, _ shape: BandShape) -> Void,
  padNormalizedBand:
    @Sendable (
      _ image: Input, _ band: Output, _ factor: Input, _ offset: Input, _ shape: BandShape,
      _ channels: Int, _ rectifies: Bool, _ ceiling: Float
    ) -> Void,
  correlateBand:
    @Sendable (
      _ band: Input, _ weights: Input, _ bias: Input?, _ output: Output, _ shape: CorrelationShape
    ) -> Void,
  accumulateFilterGradient:
    @Sendable (_ band: Input, _ dy: Input, _ gradient: Output, _ shape: FilterGradientShape) -> Void,
  correlateDepthwise:
    @Sendable (
      _ band: Input, _ weights: Input, _ bias: Input?, _ output: Output, _ shape: CorrelationShape
    ) -> Void,
  accumulateDepthwiseGradient:
    @Sendable (_ band: Input, _ dy: Input, _ gradient: Output, _ shape: FilterGradientShape) -> Void
)

/// The transforms of Winograd's method; the products between them are those of `ConvolutionKernels`.
package typealias WinogradKernels = (
  transformFilters:
    @Sendable (
      _ filters: Input, _ u: Output, _ rows: Int, _ width: Int, _ rowStep: Int, _ tapStep: Int,
      _ planeStep: Int
    ) -> Void,
  transformInput:
    @Sendable (
      _ x: Input, _ v: Output, _ tiles: Int, _ rowStep: Int, _ channels: Int, _ planeStep: Int
    ) -> Void,
  multiply:
    @Sendable (_ v: Input, _ u: Input, _ m: Output, _ shape: WinogradProductShape) -> Void,
  multiplyGradient:
    @Sendable (
      _ v: Input, _ d: Input, _ sums: Output, _ planes: Int, _ tiles: Int, _ inputs: Int,
      _ outputs: Int, _ vStep: Int, _ dStep: Int, _ sumStep: Int, _ channels: Range<Int>,
      _ accumulates: Bool
    ) -> Void,
  transformOutput:
    @Sendable (
      _ m: Input, _ y: Output, _ bias: Input?, _ tiles: Int, _ rowStep: Int, _ channels: Int,
      _ planeStep: Int, _ rows: Int, _ columns: Int, _ accumulates: Bool, _ rectifies: Bool
    ) -> Void,
  transformGradient:
    @Sendable (
      _ dy: Input, _ v: Output, _ tiles: Int, _ rowStep: Int, _ channels: Int, _ planeStep: Int
    ) -> Void,
  transformFilterGradient:
    @Sendable (
      _ p: Input, _ gradient: Output, _ count: Int, _ planeStep: Int, _ tapStep: Int,
      _ accumulates: Bool
    ) -> Void
)

/// The kernels for batch normalization and sums over pixels.
package typealias NormalizationKernels = (
  moments:
    @Sendable (
      _ x: Input, _ shift: Input, _ pixels: Int, _ channels: Int, _ sums: Output, _ squares: Output
    ) -> Void,
  scaleChannels:
    @Sendable (
      _ x: Input, _ factor: Input, _ offset: Input, _ y: Output, _ pixels: Int, _ channels: Int,
      _ rectifies: Bool, _ ceiling: Float
    ) -> Void,
  normalizationSums:
    @Sendable (
      _ x: Input, _ factor: Input?, _ offset: Input, _ dy: Input, _ mean: Input, _ ceiling: Float,
      _ pixels: Int, _ channels: Int, _ sums: Output, _ products: Output
    ) -> Void,
  normalizationGradient:
    @Sendable (
      _ x: Input, _ factor: Input?, _ offset: Input, _ dy: Input, _ mean: Input, _ a: Input,
      _ b: Input, _ d: Input, _ dx: Output, _ ceiling: Float, _ pixels: Int, _ channels: Int,
      _ accumulates: Bool
    ) -> Void,
  addChannels:
    @Sendable (
      _ a: Input, _ aFactor: Input?, _ aOffset: Input?, _ b: Input, _ bFactor: Input?,
      _ bOffset: Input?, _ y: Output, _ pixels: Int, _ channels: Int, _ rectifies: Bool
    ) -> Void,
  columnSums:
    @Sendable (_ x: Input, _ pixels: Int, _ channels: Int, _ sums: Output) -> Void
)

/// The kernels for pooling.
package typealias PoolingKernels = (
  maxPool:
    @Sendable (_ x: Input, _ y: Output, _ codes: UnsafeMutablePointer<UInt8>?, _ shape: PoolShape)
    -> Void,
  maxPoolGradient:
    @Sendable (_ codes: UnsafePointer<UInt8>, _ dy: Input, _ dx: Output, _ shape: PoolShape) -> Void,
  averagePool: @Sendable (_ x: Input, _ y: Output, _ shape: PoolShape) -> Void,
  averagePoolGradient: @Sendable (_ dy: Input, _ dx: Output, _ shape: PoolShape) -> Void
)

/// The kernels for activation functions.
package typealias ActivationKernels = (
  activate:
    @Sendable (
      _ function: ActivationFunction, _ x: Input, _ factor: Input?, _ offset: Input?, _ y: Output,
      _ pixels: Int, _ channels: Int
    ) -> Void,
  activateGradient:
    @Sendable (
      _ function: ActivationFunction, _ x: Input, _ factor: Input?, _ offset: Input?, _ dy: Input,
      _ dx: Output, _ pixels: Int, _ channels: Int, _ accumulates: Bool
    ) -> Void
)

/// The kernels for loops over flat memory.
package typealias ElementwiseKernels = (
  rectify: @Sendable (_ input: Input, _ output: Output, _ count: Int) -> Void,
  rectifyGradient:
    @Sendable (_ output: Input, _ dy: Input, _ dx: Output, _ count: Int, _ accumulates: Bool) ->
    Void,
  add:
    @Sendable (_ a: Input, _ b: Input, _ output: Output, _ count: Int, _ rectifies: Bool) -> Void,
  accumulate:
    @Sendable (_ source: Input, _ target: Output, _ count: Int, _ accumulates: Bool) -> Void,
  sumParts:
    @Sendable (_ source: Input, _ parts: Int, _ step: Int, _ target: Output, _ count: Int) -> Void,
  interpolate:
    @Sendable (_ value: Output, _ other: Input, _ weight: Float, _ count: Int) -> Void,
  scale: @Sendable (_ values: Output, _ factor: Float, _ count: Int) -> Void,
  sumOfSquares: @Sendable (_ values: Input, _ count: Int) -> Double
)

/// The kernels for optimizer steps.
package typealias OptimizerKernels = (
  adamStep:
    @Sendable (
      _ w: Output, _ g: Input, _ m: Output, _ v: Output, _ beta1: Float, _ beta2: Float,
      _ epsilon: Float, _ rate: Float, _ correction: Float, _ keep: Float, _ count: Int
    ) -> Void,
  momentumStep:
    @Sendable (
      _ w: Output, _ g: Input, _ b: Output, _ momentum: Float, _ nesterov: Bool, _ decay: Float,
      _ rate: Float, _ count: Int
    ) -> Void
)

/// The kernel that measures how fast the arithmetic units are.
package typealias PeakKernels = (
  /// The number of floats that the chains work on.
  floats: Int,
  multiplyAddChains: @Sendable (_ values: Output, _ factor: Float, _ steps: Int) -> Void
)
