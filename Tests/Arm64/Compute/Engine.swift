package import KernelTypes
internal import Kernels

/// The one level of the instruction set of this processor.
package enum InstructionSet: CustomStringConvertible, Sendable {
  case neon

  package var description: String { "neon" }
}

/// The kernels alone, each counted; no threads.
package struct Engine {
  package let kernels: KernelTable

  package init(threads: Int, instructionSet: InstructionSet) {
    kernels = counted(makeKernelTable())
  }
}
