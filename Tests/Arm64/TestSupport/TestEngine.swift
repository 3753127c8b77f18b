package import Compute

/// The levels of the instruction set under test: the one that this processor has.
package enum TestEngine {
  package static var instructionSets: [InstructionSet] { [.neon] }
}
