import CNN
import Classifier
import Primitives
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

  @Test("Of no images they are 0")
  func nothing() {
    let figures = EpochFigures([], truths: [], classes: 3)
    #expect(figures == EpochFigures(images: 0, accuracy: 0, loss: 0, f1: 0))
  }
}
