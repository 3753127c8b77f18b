/// The kernels of one instruction set: leaf functions over pointers and integers.
///
/// Every function computes one task of a loop; the callers split the work, by problem size only.
package struct KernelTable: Sendable {
  /// Floats in one vector register.
  package let lanes: Int

  /// Puts a table together; each kernel module does so once.
  package init(lanes: Int) {
    self.lanes = lanes
  }
}
