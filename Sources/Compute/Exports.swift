// Likewise a layer names its activation function.
@_exported public import enum KernelTypes.ActivationFunction
// An engine's callers choose how it computes convolutions; the rest of the interface is package's own.
@_exported public import enum KernelTypes.ConvolutionMethod
