internal import CSystem
internal import KernelTypes
internal import Kernels

#if arch(x86_64)
  internal import KernelsAVX2
  internal import KernelsAVX512
#endif

/// A level of the processor's instruction set for which the kernels are built.
public enum InstructionSet: String, Sendable, CaseIterable, Codable {
  /// Any x86-64 processor.
  case baseline
  /// AVX2 and FMA: x86-64-v3.
  case avx2
  /// AVX-512 F, BW, CD, DQ and VL: x86-64-v4.
  case avx512
  /// Any arm64 processor. The same code; its tests run in an emulator, since there was no machine.
  case neon

  /// The levels that this processor and operating system can run, lowest first.
  public static var available: [InstructionSet] {
    #if arch(x86_64)
      var sets = [InstructionSet.baseline]
      if csystem_supports_avx2() {
        sets.append(.avx2)
        if csystem_supports_avx512() { sets.append(.avx512) }
      }
      return sets
    #else
      return [.neon]
    #endif
  }

  /// The kernels of this level.
  var kernels: KernelTable {
    #if arch(x86_64)
      switch self {
      case .baseline, .neon: Kernels.makeKernelTable()
      case .avx2: KernelsAVX2.makeKernelTable()
      case .avx512: KernelsAVX512.makeKernelTable()
      }
    #else
      Kernels.makeKernelTable()
    #endif
  }
}
