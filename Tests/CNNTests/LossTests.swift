import CNN
import Compute
import TestSupport
import Testing

@Suite("Losses")
struct LossTests {
  /// The loss and the gradient of a batch.
  private func evaluate(
    _ loss: Loss, _ logits: [Float], _ targets: [Int32], weights: [Double]? = nil, threads: Int = 2
  ) throws -> (result: Loss.Result, gradient: [Float]) {
    let workers = try TestEngine.make(threads: threads).workers
    let gradient = GuardedBuffer(count: logits.count)
    let result = logits.withUnsafeBufferPointer {
      loss.evaluate(
        logits: $0, outputs: logits.count / targets.count, targets: targets,
        classWeights: weights, workers: workers, gradient: gradient.floats)
    }
    #expect(gradient.damage == nil)
    return (result, gradient.values)
  }

  private static let weights: [[Double]?] = [nil, [0.5, 2, 1, 3, 0.25, 1, 1, 1, 1, 4]]

  @Test(arguments: [1, 3, 1000])
  func `loss and gradient have the same bits on any number of threads`(outputs: Int) throws {
    var random = RandomValues(seed: 72, salt: outputs)
    let targets = random.targets(37, classes: max(2, outputs))
    let logits = random.normals(37 * outputs).map { 9 * $0 }
    let loss = Loss.standard(outputs: outputs, labelSmoothing: 0.1)
    let alone = try evaluate(loss, logits, targets, threads: 1)
    for threads in TestEngine.threadCounts {
      let (result, gradient) = try evaluate(loss, logits, targets, threads: threads)
      #expect(result == alone.result)
      #expect(bitMismatch(gradient, alone.gradient) == nil)
    }
  }

  @Test(arguments: [1, 2, 3, 10], [0, 0.1])
  func `values, gradients and right answers`(outputs: Int, smoothing: Double) throws {
    for weights in LossTests.weights {
      for batch in [1, 2, 33] {
        var random = RandomValues(seed: 71, salt: 100 * outputs + batch)
        let classes = max(2, outputs)
        let targets = random.targets(batch, classes: classes)
        let logits = random.normals(batch * outputs).map { 4 * $0 }
        let wide = logits.map(Double.init)
        let weights = weights.map { Array($0.prefix(classes)) }
        let reference = ReferenceLoss(labelSmoothing: smoothing, classWeights: weights)
        let loss = Loss.standard(outputs: outputs, labelSmoothing: smoothing)
        let (result, gradient) = try evaluate(loss, logits, targets, weights: weights)
        let expected = reference.value(wide, targets)
        #expect(abs(result.loss - expected) <= 1e-12 * (1 + expected))
        let found = mismatch(
          actual: gradient, expected: reference.gradient(wide, targets),
          tolerance: Tolerance(absolute: 1e-12, relative: 1e-7))
        #expect(found == nil, "\(outputs) outputs, smoothing \(smoothing)")

        let right = targets.indices.filter { n in
          let row = logits[(n * outputs)..<((n + 1) * outputs)]
          if outputs == 1 { return (row[n] > 0 ? 1 : 0) == targets[n] }
          return row.indices.max { row[$0] < row[$1] } == n * outputs + Int(targets[n])
        }
        #expect(result.correct == right.count)
      }
    }
  }

  @Test func `logits beyond the exponential's range give finite losses and gradients`() throws {
    for smoothing in [0, 0.2] {
      for logit in [-3e38, -1e4, -104, -88, 88, 104, 1e4, 3e38] as [Float] {
        for target in [0, 1] as [Int32] {
          let binary = try evaluate(
            .binaryCrossEntropy(labelSmoothing: smoothing), [logit], [target])
          let pair = [0, logit]
          let softmax = try evaluate(
            .softmaxCrossEntropy(labelSmoothing: smoothing), pair, [target])
          for (result, gradient) in [binary, softmax] {
            #expect(result.loss.isFinite && result.loss >= 0)
            #expect(gradient.allSatisfy { abs($0) <= 1 })
          }
        }
      }
    }
    #expect(try evaluate(.binaryCrossEntropy(), [.nan], [1]).result.loss.isNaN)
    #expect(try evaluate(.softmaxCrossEntropy(), [0, .nan, 1], [1]).result.loss.isNaN)
    #expect(try evaluate(.softmaxCrossEntropy(), [0, .nan, 1], [1]).result.correct == 0)
  }

  @Test func `a balanced batch at zero logits loses ln 2, or ln of the classes`() throws {
    let binary = try evaluate(.binaryCrossEntropy(), [0, 0], [0, 1])
    #expect(abs(binary.result.loss - 0.6931471805599453) < 1e-15)
    #expect(binary.gradient == [0.25, -0.25])
    let softmax = try evaluate(.softmaxCrossEntropy(), [1, 1, 1, 1], [2])
    #expect(abs(softmax.result.loss - 1.3862943611198906) < 1e-15)
    #expect(softmax.gradient == [0.25, 0.25, -0.75, 0.25])
  }

  @Test func `probabilities are those of the logits and sum to one`() throws {
    let two = probabilities(logits: [0, 2, -200, 200], outputs: 1)
    #expect(two[0] == [0.5, 0.5])
    #expect(abs(two[1][1] - 0.8807970779778823) < 1e-15)
    #expect(two[2][1] > 0 && two[2][1] < 1e-80 && two[2][0] == 1)
    #expect(two[3][0] > 0 && two[3][1] == 1)
    let many = probabilities(logits: [1, 2, 3, 1_000, -1_000, 1_000], outputs: 3)
    for (found, expected) in zip(many[0], [0.09003057317038, 0.24472847105479, 0.66524095577482]) {
      #expect(abs(found - expected) < 1e-14)
    }
    #expect(many[1] == [0.5, 0, 0.5])
    for row in two + many { #expect(abs(row.reduce(0, +) - 1) < 1e-15) }
  }

  @Test func `targets and lengths that do not fit are refused`() throws {
    let network = try Network(input: Shape(features: 3), layers: [Dense(units: 4)])
    let engine = try TestEngine.make()
    let session = try TrainingSession(
      network: network, optimizer: SGD(learningRate: 0.1), batchSize: 2, engine: engine)
    #expect(throws: ModelError.self) { try session.step(images: [1, 2, 3], targets: [4]) }
    #expect(throws: ModelError.self) { try session.step(images: [1, 2, 3], targets: [-1]) }
    #expect(throws: ModelError.self) { try session.step(images: [1, 2], targets: [0]) }
    #expect(throws: ModelError.self) { try session.step(images: [], targets: []) }
    let nine = [Float](repeating: 1, count: 9)
    #expect(throws: ModelError.self) { try session.step(images: nine, targets: [0, 1, 2]) }
    #expect(throws: ModelError.self) {
      try TrainingSession(
        network: network, loss: .binaryCrossEntropy(), optimizer: SGD(learningRate: 0.1),
        batchSize: 2, engine: engine)
    }
    #expect(throws: ModelError.self) {
      try TrainingSession(
        network: network, optimizer: SGD(learningRate: 0.1), batchSize: 2, engine: engine,
        classWeights: [1, 2])
    }
  }
}
