import CNN
import Classifier
import Compute
import Primitives
import TestSupport
import Testing

@Suite("Figures of an epoch")
struct EpochFiguresTests {
  /// Logits from a small generator, with ties among them.
  private func logits(_ images: Int, outputs: Int) -> [Float] {
    var random = RandomStream(seed: 7, purpose: .subset, sample: outputs)
    return (0..<(images * outputs)).map { _ in
      let bits: UInt64 = random.next()
      return Float(Int(bits % 9) - 4) + (bits & 1024 == 0 ? 0 : 1e-9)
    }
  }

  @Test(
    "They are the whole evaluation's loss, accuracy and F1, to the bit",
    arguments: [1, 2, 3, 7, 40])
  func sameBits(outputs: Int) {
    let classes = max(2, outputs)
    let images = 211
    let logits = logits(images, outputs: outputs)
    // One class has no member, and in a matrix of many most cells are empty.
    let truths = (0..<images).map { ($0 * $0 + $0 / 3) % max(1, classes - 1) }
    var powers: [Double] = []
    let answers = truths.indices.map { row in
      EpochFigures.Answer(
        logits[(row * outputs)..<((row + 1) * outputs)], truth: truths[row], powers: &powers)
    }
    let shares = probabilities(logits: logits, outputs: outputs)
    let predictions = truths.indices.map { row in
      Prediction(
        path: "", trueIndex: truths[row],
        logits: Array(logits[(row * outputs)..<((row + 1) * outputs)]),
        probabilities: shares[row])
    }
    #expect(answers.map(\.index) == predictions.map { $0.index ?? -1 })
    let figures = EpochFigures(answers, truths: truths.map(Int32.init), classes: classes)
    let whole = Evaluation(predictions: predictions, classes: (0..<classes).map { "c\($0)" })
    #expect(figures.images == whole.images)
    #expect(figures.loss == whole.loss && figures.loss > 0)
    #expect(figures.accuracy == whole.accuracy && figures.accuracy > 0)
    #expect(figures.f1 == whole.macro.f1 && figures.f1 > 0)
  }

  @Test("An evaluation and a temperature have the same bits with any number of threads, and none")
  func threads() throws {
    let (images, outputs) = (150, 40)
    let logits = logits(images, outputs: outputs)
    let shares = probabilities(logits: logits, outputs: outputs, temperature: 1.5)
    let predictions = (0..<images).map { row in
      Prediction(
        path: "", trueIndex: row % outputs,
        logits: Array(logits[(row * outputs)..<((row + 1) * outputs)]),
        probabilities: shares[row])
    }
    func evaluation(_ workers: WorkerPool?) -> Evaluation {
      Evaluation(
        predictions: predictions, classes: (0..<outputs).map { "c\($0)" }, topK: 5,
        temperature: 1.5, workers: workers)
    }
    let alone = evaluation(nil)
    #expect(alone.auc != nil && alone.topKAccuracy != nil && alone.eceUncalibrated != alone.ece)
    let calibration = Calibration(predictions)
    for threads in [1, 2, 5] {
      let workers = try TestEngine.make(threads: threads).workers
      #expect(evaluation(workers) == alone)
      let other = Calibration(predictions, workers: workers)
      #expect(other.temperature == calibration.temperature && other.after == calibration.after)
    }
    #expect(calibration.before.loss != calibration.after.loss)
    #expect(calibration.line.contains("expected calibration error"))
    // Figures of a few images that the temperature was fitted to say nothing.
    let few = Calibration(Array(predictions.prefix(6)))
    #expect(few.line.contains("fitted on only 6 validation images"), "\(few.line)")
    #expect(!few.line.contains("loss"))
  }

  @Test("The few most probable classes are those of all in order", arguments: [1, 2, 5, 15, 16])
  func top(count: Int) {
    let shares = logits(1, outputs: 60).map { Double(abs($0)) / 100 }
    let prediction = Prediction(path: "", probabilities: shares)
    let sorted = shares.indices.sorted { (-shares[$0], $0) < (-shares[$1], $1) }
    #expect(prediction.top(count).map(\.index) == Array(sorted.prefix(count)))
  }

  @Test("Of no images they are 0")
  func nothing() {
    let figures = EpochFigures([], truths: [], classes: 3)
    #expect(figures == EpochFigures(images: 0, accuracy: 0, loss: 0, f1: 0))
  }
}
