internal import CSystem
public import KernelTypes

/// The reason why an engine cannot be made.
public enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// This processor or operating system does not support the requested instruction set.
  case unsupported(InstructionSet, available: [InstructionSet])
  /// A number of threads outside 1...1024.
  case threads(Int)

  /// One sentence: what was expected and what was found.
  public var description: String {
    switch self {
    case .unsupported(let asked, let available):
      "instruction set \(asked.rawValue) is not supported here, available: "
        + available.map(\.rawValue).joined(separator: ", ")
    case .threads(let count):
      "threads must be in 1...1024, found \(count)"
    }
  }
}

/// The kernels of one instruction set and the threads that run them.
public final class Engine: Sendable {
  /// The level of the instruction set in use.
  public let instructionSet: InstructionSet
  package let kernels: KernelTable
  package let workers: WorkerPool

  /// An engine with `threads` threads (by default all that this process may use) and the kernels of
  /// `instructionSet` (by default the highest that runs here).
  ///
  /// - convolution: how convolutions are computed.
  public init(
    threads: Int? = nil, instructionSet: InstructionSet? = nil,
    convolution: ConvolutionMethod = .auto
  ) throws(EngineError) {
    let available = InstructionSet.available
    let chosen = instructionSet ?? available[available.count - 1]
    guard available.contains(chosen) else {
      throw .unsupported(chosen, available: available)
    }
    let processors = Engine.processors
    let count = threads ?? min(1024, Engine.whole(processors, .up))
    guard (1...1024).contains(count) else { throw .threads(count) }
    self.instructionSet = chosen
    var kernels = chosen.kernels
    kernels.convolutionMethod = convolution
    self.kernels = kernels
    // Threads may spin if each has its own processor.
    workers = WorkerPool(threads: count, spins: count <= Engine.whole(processors, .down))
  }

  private init(_ other: Engine, recorder: TaskRecorder? = nil) {
    instructionSet = other.instructionSet
    kernels = other.kernels
    workers = WorkerPool(threads: 1, recorder: recorder)
  }

  /// The same kernels on the calling thread alone: for work inside a task of this engine.
  package var serial: Engine { Engine(self) }

  /// The same kernels on the calling thread alone, with every task timed.
  package func recording(_ recorder: TaskRecorder) -> Engine { Engine(self, recorder: recorder) }

  /// The convolution method.
  public var convolution: ConvolutionMethod { kernels.convolutionMethod }

  /// The number of threads that take part in a computation.
  public var threads: Int { workers.threads }

  /// Whether threads share a computation's work, or its tasks are timed as if they did.
  package var sharesWork: Bool { threads > 1 || workers.isRecording }

  /// The number of processors that this process may use, limited by its control groups' quota,
  /// rounded up.
  public static var usableProcessors: Int { whole(processors, .up) }

  /// The processors that this process may use, as a fraction if its quota is one.
  private static var processors: Double {
    let permitted = Double(csystem_usable_processors())
    return min(permitted, ProcessorQuota().processors ?? permitted)
  }

  private static func whole(_ processors: Double, _ rule: FloatingPointRoundingRule) -> Int {
    max(1, Int(processors.rounded(rule)))
  }

  /// The processor's own name.
  public static var processorName: String {
    var name = [CChar](repeating: 0, count: 64)
    csystem_processor_name(&name, Int32(name.count))
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
