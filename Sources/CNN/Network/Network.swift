internal import Primitives

/// A network with its weights.
///
/// A class, because it owns memory: one flat slab of trained parameters and one of the running
/// statistics of batch normalization. Not to be used by two threads while one of them trains.
public final class Network: @unchecked Sendable {
  /// The architecture of the network.
  public let architecture: Architecture
  package let graph: Graph
  package let parameters: FloatMemory
  package let statistics: FloatMemory
  /// Increases with every change of the weights, so that packed copies can tell when they are
  /// outdated.
  package private(set) var revision = 0

  /// A network with all weights zero, for a caller that fills all of them.
  package convenience init(blank architecture: Architecture) throws(ModelError) {
    try self.init(blank: architecture, graph: architecture.graph())
  }

  /// The same, with the graph of the architecture given.
  package init(blank architecture: Architecture, graph: Graph) throws(ModelError) {
    self.architecture = architecture
    self.graph = graph.fusingPools()
    parameters = try FloatMemory(count: graph.parameterFloats)
    statistics = try FloatMemory(count: graph.statisticsFloats)
  }

  /// A network with fresh weights drawn from `seed`.
  public convenience init(_ architecture: Architecture, seed: UInt64 = 0) throws(ModelError) {
    try self.init(blank: architecture)
    for (index, slot) in graph.slots.enumerated() {
      let values: [Float]
      switch slot.start {
      case .constant(let value):
        values = [Float](repeating: value, count: slot.count)
      case .random(let initializer, let fanIn, let fanOut):
        var random = RandomStream(seed: seed, purpose: .initialization, sample: index)
        values = initializer.values(
          count: slot.count, fanIn: fanIn, fanOut: fanOut, random: &random)
      }
      slab(of: slot).write(values, at: slot.offset)
    }
  }

  /// A network of `layers` over images of the extent `input`.
  public convenience init(
    input: Shape, layers: [any Layer], seed: UInt64 = 0
  ) throws(ModelError) {
    try self.init(Architecture(name: "custom", input: input, layers: layers), seed: seed)
  }

  /// The shape of one output: the logits.
  public var output: Shape { graph.outputShape }
  /// The number of logits per image.
  public var outputs: Int { graph.outputShape.count }
  /// The number of trained parameters.
  public var parameterCount: Int { count(.parameters) }
  /// The number of running statistics, which no optimizer changes.
  public var statisticsCount: Int { count(.statistics) }
  /// One line per layer.
  public var summary: [LayerSummary] { graph.summaries }
  /// The names of all tensors, in the order of the layers.
  public var tensorNames: [String] { graph.slots.map(\.name) }

  /// The extents of a tensor, outermost first.
  public func shape(of name: String) -> [Int]? { slot(name)?.shape }

  /// The numbers of a tensor.
  public func values(of name: String) -> [Float]? {
    slot(name).map { slab(of: $0).values($0.range) }
  }

  /// Replaces the numbers of a tensor.
  public func setValues(_ values: [Float], of name: String) throws(ModelError) {
    guard let slot = slot(name) else {
      throw .tensor(name: name, expected: "a tensor of this network", found: "no such name")
    }
    guard values.count == slot.count else {
      throw .tensor(
        name: name, expected: "\(slot.count) values", found: "\(values.count)")
    }
    slab(of: slot).write(values, at: slot.offset)
    noteChange()
  }

  /// Must be called after the slabs are written to.
  package func noteChange() { revision += 1 }

  /// A tensor in the network's memory.
  package struct Storage {
    /// The extents, outermost first.
    package let shape: [Int]
    /// The values, valid as long as the network lives; writing them changes the network.
    package let values: UnsafeMutableBufferPointer<Float>
  }

  /// All tensors by name.
  package var storage: [String: Storage] {
    let pairs = graph.slots.map { slot in
      let values = UnsafeMutableBufferPointer(
        start: slab(of: slot).base + slot.offset, count: slot.count)
      return (slot.name, Storage(shape: slot.shape, values: values))
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// A copy with the same weights.
  public func copy() throws(ModelError) -> Network {
    let other = try Network(blank: architecture)
    other.parameters.copy(from: parameters)
    other.statistics.copy(from: statistics)
    return other
  }

  /// Moves all weights towards `other`'s: value += (other - value) · weight.
  package func interpolate(toward other: Network, weight: Float, engine: Engine) {
    let kernels = engine.kernels.elementwise
    for (own, theirs) in [(parameters, other.parameters), (statistics, other.statistics)] {
      precondition(own.count == theirs.count, "networks of different architectures")
      engine.stretches(own.count) { start, count in
        kernels.interpolate(own.base + start, theirs.base + start, weight, count)
      }
    }
    noteChange()
  }

  /// The method of each convolution on an engine, by its layer's path.
  ///
  /// `direct` or `winograd`; if the directions differ, the methods of forward pass, input gradient
  /// and filter gradient, separated by slashes.
  package func convolutionMethods(_ engine: Engine) -> [String: String] {
    var methods: [String: String] = [:]
    for node in graph.nodes {
      guard let operation = node.operation as? any ConvolvingOperation else { continue }
      let names = ConvolutionDirection.allCases.map {
        operation.method(of: $0.work, kernels: engine.kernels)
      }
      methods[node.path] = Set(names).count == 1 ? names[0] : names.joined(separator: "/")
    }
    return methods
  }

  package var isFinite: Bool {
    graph.slots.allSatisfy { slot in
      UnsafeBufferPointer(start: slab(of: slot).base + slot.offset, count: slot.count)
        .allSatisfy(\.isFinite)
    }
  }

  func slab(of slot: TensorSlot) -> FloatMemory {
    slot.slab == .parameters ? parameters : statistics
  }

  func slot(_ name: String) -> TensorSlot? { graph.slots.first { $0.name == name } }

  private func count(_ slab: TensorSlot.Slab) -> Int {
    graph.slots.reduce(0) { $0 + ($1.slab == slab ? $1.count : 0) }
  }
}
