/// Gradients of an arbitrary cotangent, which tests compare with references.
extension TrainingSession {
  /// One forward and backward pass in training mode with a given gradient of the logits.
  ///
  /// Parameter gradients are added to those already there, unless `clears`.
  package func propagate(
    images: [Float], cotangent: [Float], clears: Bool = true
  ) -> (output: [Float], inputGradient: [Float]?) {
    let sample = input.count
    let batch = images.count / sample
    precondition(cotangent.count == batch * network.outputs, "one cotangent per logit")
    let mode = PassMode.training(seed: seed, step: optimizer.steps)
    defer { network.noteChange() }
    return images.withUnsafeBufferPointer { pixels in
      guard let base = pixels.baseAddress else { return ([], nil) }
      executor.forward(images: base, batch: batch, mode: mode)
      let output = Array(
        UnsafeBufferPointer(start: executor.logits, count: cotangent.count))
      executor.logitsGradient.update(from: cotangent, count: cotangent.count)
      if clears { clearGradients() }
      executor.backward(images: base, batch: batch, mode: mode, gradients: gradients.base)
      let dx = executor.inputGradient.map {
        Array(UnsafeBufferPointer(start: $0, count: images.count))
      }
      return (output, dx)
    }
  }

  /// The gradient of a tensor after the last backward pass.
  package func gradient(of name: String) -> [Float]? {
    guard let slot = network.slot(name), slot.slab == .parameters else { return nil }
    return gradients.values(slot.range)
  }
}
