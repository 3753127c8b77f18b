package import Compute
import Glibc

/// The engines under test: the one place where tests learn which level they run at.
package enum TestEngine {
  /// Thread counts whose results must agree, more threads than most test machines have among them.
  package static let threadCounts = [1, 2, 3]

  /// The name that `CNNCTL_ISA` holds; nil where it is unset or empty.
  private static let named: String? = getenv("CNNCTL_ISA").map { String(cString: $0) }
    .flatMap { $0.isEmpty ? nil : $0 }

  /// Whether `CNNCTL_ISA` chose the level.
  package static var isChosen: Bool { named != nil }

  /// The variable that hands the chosen level on to a program.
  package static var variables: [String: String] { named.map { ["CNNCTL_ISA": $0] } ?? [:] }

  /// The level of the instruction set under test: `CNNCTL_ISA`, or the best that runs here.
  ///
  /// Says once which one it is. An unknown name or an unsupported level stops the tests: never
  /// silently another level.
  package static let instructionSet: InstructionSet = {
    let available = InstructionSet.available
    var level = available[available.count - 1]
    if let named {
      guard let set = InstructionSet(rawValue: named), available.contains(set) else {
        preconditionFailure("CNNCTL_ISA=\(named) is none of \(available)")
      }
      level = set
    }
    print("tests compute at level \(level.rawValue)")
    return level
  }()

  /// An engine of the level under test.
  package static func make(
    threads: Int? = 2, convolution: ConvolutionMethod = .auto
  ) throws -> Engine {
    try Engine(threads: threads, instructionSet: instructionSet, convolution: convolution)
  }

  /// Every level that runs here, or the one that `CNNCTL_ISA` names.
  package static var instructionSets: [InstructionSet] {
    isChosen ? [instructionSet] : InstructionSet.available
  }
}
