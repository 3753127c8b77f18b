// Callers of an engine choose how it computes convolutions; the rest stays in the package.
@_exported public import enum KernelTypes.ConvolutionMethod
