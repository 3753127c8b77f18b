// Callers of an engine choose how it computes convolutions, and a layer names its activation
// function; the rest stays in the package.
@_exported public import enum KernelTypes.ActivationFunction
@_exported public import enum KernelTypes.ConvolutionMethod
