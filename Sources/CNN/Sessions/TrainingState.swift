extension TrainingSession {
  /// The state that the next step depends on, in addition to its batch and the session's settings.
  package struct State: Sendable {
    /// The optimizer's steps.
    package var steps: Int
    /// The steps before the backbone began to move.
    package var backboneStepsBefore: Int
    /// The learning rate factor of the backbone in the last step.
    package var backboneRate: Double
    /// The numbers of the network and of the optimizer by the name of their slab.
    package var slabs: [String: [Float]]

    /// A state from a checkpoint.
    package init(
      steps: Int, backboneStepsBefore: Int, backboneRate: Double = 1, slabs: [String: [Float]]
    ) {
      self.steps = steps
      self.backboneStepsBefore = backboneStepsBefore
      self.backboneRate = backboneRate
      self.slabs = slabs
    }
  }
}

/// The slabs of numbers that make up a network, for checkpoints.
extension Network {
  /// All parameters and statistics, by the name of their slab.
  package var slabs: [(name: String, memory: FloatMemory)] {
    [("parameters", parameters), ("statistics", statistics)]
  }

  /// Replaces every number; `slabs` are as `slabs` gives them.
  ///
  /// Errors: a slab that is missing, or of another network.
  package func restore(_ slabs: [String: [Float]]) throws(ModelError) {
    try copyIn(slabs, to: self.slabs)
    noteChange()
  }
}

func copyIn(
  _ values: [String: [Float]], to memory: [(name: String, memory: FloatMemory)]
) throws(ModelError) {
  for (name, memory) in memory where (values[name] ?? []).count != memory.count {
    throw .tensor(
      name: name, expected: "\(memory.count) values",
      found: values[name].map { "\($0.count)" } ?? "none")
  }
  for (name, memory) in memory { memory.write(values[name] ?? [], at: 0) }
}
