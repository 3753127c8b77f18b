internal import KernelSelection

extension Engine {
  /// The engine that the command line asks for; `--isa` goes over CNNCTL_ISA.
  ///
  /// - threads: in place of `--threads`, for a command that computes nothing.
  convenience init(
    _ arguments: Arguments, _ environment: Environment, threads: Int? = nil
  ) throws {
    let said = environment.variables["CNNCTL_ISA"].flatMap { $0.isEmpty ? nil : $0 }
    let name = arguments.text("isa") ?? said
    let set = try name.map { name throws(Failure) in
      guard let set = InstructionSet(rawValue: name) else {
        throw Failure(
          .usage, "CNNCTL_ISA: '\(name)' is no instruction set",
          expected: InstructionSet.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return set
    }
    try self.init(
      threads: threads ?? arguments.integer("threads"), instructionSet: set,
      convolution: arguments.text("conv").flatMap(ConvolutionMethod.init) ?? .auto)
  }
}
