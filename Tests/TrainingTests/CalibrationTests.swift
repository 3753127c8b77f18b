import CNN
import FoundationEssentials
import Testing
import Training

/// Temperatures and errors of SciPy, PyTorch and NumPy, written by Fixtures/generate_calibration.py.
private struct Reference: Decodable {
  struct Case: Decodable {
    var name: String
    var truth: [Int]
    var logits: [[Float]]
    var temperature: Double
    var loss_before: Double
    var loss_after: Double
    var ece_before: Double
    var ece_after: Double

    /// Figures of the answers at a temperature.
    func evaluation(_ temperature: Double) -> Evaluation {
      let outputs = logits[0].count
      let shares = probabilities(
        logits: logits.flatMap(\.self), outputs: outputs, temperature: temperature)
      let predictions = truth.indices.map {
        Prediction(
          path: "", trueIndex: truth[$0], logits: logits[$0], probabilities: shares[$0])
      }
      return Evaluation(
        predictions: predictions, classes: shares[0].indices.map { "c\($0)" },
        temperature: temperature)
    }
  }

  var cases: [Case]

  static func read() throws -> [Case] {
    try JSONDecoder().decode(Reference.self, from: Data(fixture("calibration.json"))).cases
  }
}

private func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
  abs(a - b) <= tolerance * max(abs(b), 1e-3)
}

@Test("The temperature is the one at which SciPy and PyTorch find the least loss")
func temperatureMatchesReference() throws {
  let cases = try Reference.read()
  #expect(cases.count == 5)
  for reference in cases {
    let name = Comment(rawValue: reference.name)
    let fitted = try #require(Temperature.fitted(reference.logits, truths: reference.truth), name)
    #expect(isClose(fitted, reference.temperature, 1e-7), "\(reference.name): \(fitted)")
    let before = reference.evaluation(1)
    let after = reference.evaluation(reference.temperature)
    #expect(isClose(before.loss, reference.loss_before), name)
    #expect(isClose(after.loss, reference.loss_after), name)
    #expect(isClose(before.ece, reference.ece_before), name)
    #expect(before.eceUncalibrated == before.ece, name)
    #expect(isClose(after.ece, reference.ece_after), name)
    #expect(isClose(after.eceUncalibrated, reference.ece_before), name)
    #expect(after.confusion == before.confusion, "a temperature changes no label")
    // No neighbour is better.
    for factor in [0.99, 1.01] {
      #expect(reference.evaluation(fitted * factor).loss > reference.evaluation(fitted).loss, name)
    }
    // The comparison can fail.
    #expect(!isClose(fitted * 1.00001, reference.temperature, 1e-7))
    #expect(!isClose(after.ece + 1e-6, reference.ece_after))
  }
}

@Test("Where the loss has no least value no temperature is told; one beyond the bounds is a bound")
func temperatureWithoutMinimum() {
  #expect(Temperature.fitted([], truths: []) == nil)
  #expect(Temperature.fitted([[3], [-1]], truths: [1, 0]) == nil, "all right")
  #expect(Temperature.fitted([[2, 1, 0]], truths: [0]) == nil)
  #expect(Temperature.fitted([[0], [0]], truths: [1, 0]) == nil, "nothing depends on it")
  #expect(Temperature.fitted([[.nan], [1]], truths: [1, 0]) == nil)
  #expect(Temperature.fitted([[.infinity], [1]], truths: [1, 0]) == nil)
  #expect(Temperature.fitted([[3], [1]], truths: [0, 0]) == 100, "all wrong")
  #expect(Temperature.fitted([[1e-9], [1e-8], [1e-8]], truths: [0, 1, 1]) == 0.01)
  #expect(Temperature.fitted([[1e30], [2e30]], truths: [0, 1]) == 100)
}

@Test("The calibration error of a hand-made case, at the edges of the bins too")
func calibrationErrorByHand() {
  #expect(Reliability.expectedCalibrationError([]) == 0)
  #expect(Reliability.expectedCalibrationError([(1, true), (1, false)]) == 0.5)
  // 0.6 is the upper edge of its bin, 0.61 is in the next: |0.6 - 1| / 2 + |0.61 - 0| / 2.
  let two = Reliability.expectedCalibrationError([(0.6, true), (0.61, false)])
  #expect(isClose(two, 0.505))
  // In one bin they make up for one another: |1.22 - 1| / 2.
  let one = Reliability.expectedCalibrationError([(0.62, true), (0.60001, false)])
  #expect(isClose(one, 0.110005))
}

@Test("Answers below a threshold are not given, one at the threshold is")
func selectiveAccuracy() {
  let answers: [(Double, Int)] = [(0.95, 0), (0.9, 1), (0.6, 0), (0.55, 0)]
  let predictions = answers.map { probability, truth in
    Prediction(
      path: "", trueIndex: truth, logits: [-1], probabilities: [probability, 1 - probability])
  }
  let rows = Evaluation(predictions: predictions, classes: ["a", "b"]).selective
  #expect(rows.map(\.threshold) == [0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
  #expect(rows.map(\.coverage) == [1, 0.5, 0.5, 0.5, 0.25, 0])
  #expect(rows.map(\.accuracy) == [0.75, 0.5, 0.5, 0.5, 1, nil])
  #expect(predictions[1].abstains(below: 0.91) && !predictions[1].abstains(below: 0.9))
  #expect(!Prediction(path: "").abstains(below: 1))
}
