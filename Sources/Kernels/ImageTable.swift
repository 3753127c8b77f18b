internal import KernelTypes

/// The picture kernels of this module.
func makeImageKernels() -> ImageKernels {
  ImageKernels(
    resampleRow: resampleRow, resampleColumn: resampleColumn, normalize: normalizePixels,
    sampleAffine: sampleAffine, nearHashes: nearHashes)
}
