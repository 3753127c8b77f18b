/// The kernels of one instruction set: leaf functions over pointers and integers.
///
/// Every function computes one task of a loop; the callers split the work, by problem size only.
package struct KernelTable: Sendable {
  /// Floats in one vector register.
  package let lanes: Int
  /// What works on pictures.
  package let images: ImageKernels

  /// Puts a table together; each kernel module does so once.
  package init(lanes: Int, images: ImageKernels) {
    self.lanes = lanes
    self.images = images
  }
}
