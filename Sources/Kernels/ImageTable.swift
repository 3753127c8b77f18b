internal import KernelInterface

/// The picture kernels of this module.
func makeImageKernels() -> ImageKernels {
  ImageKernels(
    resampleRows: resampleRows, resampleColumn: resampleColumn, normalize: normalizePixels,
    sampleAffine: sampleAffine)
}
