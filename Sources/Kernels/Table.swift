package import KernelInterface

/// The kernels of this module, built for one instruction set.
package func makeKernelTable() -> KernelTable {
  KernelTable(lanes: 4, images: makeImageKernels())
}
