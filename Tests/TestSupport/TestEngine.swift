import Glibc
package import KernelSelection

/// The engines under test.
package enum TestEngine {
  /// Thread counts whose results must agree, more threads than most test machines have among them.
  package static let threadCounts = [1, 2, 3]

  /// The level of the instruction set under test: `CNNCTL_ISA`, or the best that runs here.
  ///
  /// An unknown name or an unsupported level stops the tests: never silently another level.
  package static let instructionSet: InstructionSet? = {
    guard let raw = getenv("CNNCTL_ISA") else { return nil }
    let name = String(cString: raw)
    if name.isEmpty { return nil }
    guard let set = InstructionSet(rawValue: name) else {
      preconditionFailure("CNNCTL_ISA=\(name) is none of \(InstructionSet.allCases)")
    }
    return set
  }()

  /// An engine of the level under test.
  package static func make(
    threads: Int = 2, convolution: ConvolutionMethod = .auto
  ) throws -> Engine {
    try Engine(threads: threads, instructionSet: instructionSet, convolution: convolution)
  }

  /// Every level that runs here, or the one that `CNNCTL_ISA` names.
  package static var instructionSets: [InstructionSet] {
    instructionSet.map { [$0] } ?? InstructionSet.available
  }
}
