// Stands for the modules of the wider instruction sets, which are the same sources compiled again:
// without them the targets are built in a third of the time.

package import KernelTypes
internal import Kernels

/// The kernels of every processor.
package func makeKernelTable() -> KernelTable { Kernels.makeKernelTable() }
