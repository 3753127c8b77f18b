internal import Compute
internal import Primitives
internal import Training

extension Engine {
  /// The memory in bytes needed to read any model and start threads.
  private static let leastMemory = 48_000_000

  /// The engine that the command line requests; `--isa` takes precedence over CNNCTL_ISA.
  ///
  /// - threads: replaces `--threads`, for a command that computes nothing.
  /// - run: the defaults, so that a resumed run gives the same bits; an instruction set that this
  ///   processor lacks is ignored.
  /// - highest: the highest instruction set to choose if none is requested.
  convenience init(
    _ arguments: Arguments, _ environment: Environment, threads: Int? = nil,
    like run: RunRecord? = nil, upTo highest: InstructionSet? = nil
  ) throws {
    if let available = AvailableMemory().bytes, available < Engine.leastMemory {
      throw Failure(
        .unavailable, "not enough memory to start", found: "\(byteCount(available)) free",
        expected: "at least \(byteCount(Engine.leastMemory))")
    }
    let said = environment.variables["CNNCTL_ISA"].flatMap { $0.isEmpty ? nil : $0 }
    let set =
      try arguments[SharedOption.isa]
      ?? said.map { name throws(Failure) in
        guard let set = InstructionSet(rawValue: name) else {
          throw Failure(
            .usage, "CNNCTL_ISA: '\(name)' is not an instruction set",
            expected: InstructionSet.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return set
      }
    if let run {
      let given = [
        ("isa", arguments[SharedOption.isa]?.rawValue, run.isa),
        ("conv", arguments[SharedOption.conv]?.rawValue, run.conv ?? "auto"),
      ]
      for (option, given, begun) in given {
        guard let given, given != begun else { continue }
        throw Failure(
          .usage, "the run was started with another --\(option)", found: "--\(option) \(given)",
          expected: begun)
      }
    }
    let recorded = run.flatMap { InstructionSet(rawValue: $0.isa) }
      .flatMap { InstructionSet.available.contains($0) ? $0 : nil }
    try self.init(
      threads: threads ?? arguments[SharedOption.threads],
      instructionSet: set ?? recorded ?? highest,
      convolution: arguments[SharedOption.conv] ?? run?.conv.flatMap(ConvolutionMethod.init)
        ?? .auto)
  }
}
