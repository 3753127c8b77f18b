internal import CNN
internal import Classifier
internal import Compute
internal import ImageData
internal import Ranks

/// The validation inputs, addressed by index among the validation images.
protocol ValidationInputs {
  /// Gives `body` the inputs of some places, one after the other.
  func withInputs(
    _ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws
}

/// The validation images as inputs of the network.
///
/// A class because it owns the inputs' memory.
final class ValidationImages: ValidationInputs {
  private let images: RunImages
  private let engine: Engine
  private var tensors: [Float]

  init(_ images: RunImages, batchSize: Int, engine: Engine) {
    self.images = images
    self.engine = engine
    let count = min(batchSize, images.validation.count)
    tensors = [Float](repeating: 0, count: count * images.preprocessing.tensorCount)
  }

  func withInputs(
    _ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    try tensors.withUnsafeMutableBufferPointer { tensors in
      try images.store.writeTensors(
        Array(images.validation[range]), images.preprocessing, into: tensors,
        kernels: engine.kernels, workers: engine.workers)
      try body(UnsafeBufferPointer(tensors))
    }
  }
}

/// Evaluates a network that is being trained on images in memory.
///
/// A class because it owns the activations' memory.
final class Validator {
  private let session: InferenceSession
  private let images: RunImages
  private let classes: Int
  private let inputs: any ValidationInputs
  private let team: Group
  private let workers: WorkerPool

  /// A validator of `network`, as it is whenever it is asked, on what it takes for the images.
  init(
    network: Network, inputs: any ValidationInputs, images: RunImages, classes: Int,
    batchSize: Int, engine: Engine, team: Group
  ) throws(ModelError) {
    self.team = team
    workers = engine.workers
    session = try InferenceSession(network: network, batchSize: batchSize, engine: engine)
    self.inputs = inputs
    self.images = images
    self.classes = classes
  }

  /// The figures on the validation images, of which each process answers a part.
  ///
  /// Throws `Stopped` for a signal.
  func evaluate(_ journal: RunJournal) throws -> EpochFigures {
    let truths = images.store.targets(images.validation)
    let outputs = session.network.outputs
    let part = team.range(of: truths.count)
    var own: [EpochFigures.Answer] = []
    own.reserveCapacity(part.count)
    for first in stride(from: part.lowerBound, to: part.upperBound, by: session.batchSize) {
      let range = first..<min(first + session.batchSize, part.upperBound)
      let logits = try logits(range)
      own += workers.mapRanges(range.count, length: max(1, 4096 / outputs)) { rows in
        var powers: [Double] = []
        return rows.map { row in
          EpochFigures.Answer(
            logits[(row * outputs)..<((row + 1) * outputs)],
            truth: Int(truths[range.lowerBound + row]), powers: &powers)
        }
      }
      try journal.report(
        .validating(done: range.upperBound - part.lowerBound, total: part.count))
      try team.stopIfAsked(journal.stopped, isOver: false)
    }
    let figures = EpochFigures(try team.gather(own), truths: truths, classes: classes)
    try team.stopIfAsked(journal.stopped, isOver: true)
    return figures
  }

  private func logits(_ range: Range<Int>) throws -> [Float] {
    var logits: [Float] = []
    try inputs.withInputs(range) { logits = session.run(pixels: $0, count: range.count) }
    return logits
  }
}
