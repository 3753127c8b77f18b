import CNN
import Classifier
import FoundationEssentials
import Glibc
import Primitives
import TestSupport
import Testing

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
    let fitted = try #require(
      Temperature.fitted(reference.logits, truths: reference.truth, prior: 0), name)
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

/// The sum that a temperature is to make least, from its definition.
private func objective(
  _ rows: [[Double]], _ truths: [Int], temperature: Double, prior: Double
) -> Double {
  var sum = prior * (1 / temperature - 1 + log(temperature))
  for (row, truth) in zip(rows, truths) {
    let scaled = (row.count == 1 ? [0, row[0]] : row).map { $0 / temperature }
    let most = scaled.max() ?? 0
    sum += most + log(scaled.reduce(0) { $0 + exp($1 - most) }) - scaled[truth]
  }
  return sum
}

/// The least of ever finer grids of temperatures.
private func bruteForce(_ rows: [[Float]], _ truths: [Int], prior: Double) -> Double {
  let rows = rows.map { $0.map(Double.init) }
  var (low, high) = (log(0.01), log(100.0))
  for _ in 0..<8 {
    let step = (high - low) / 60
    let grid = (0...60).map { low + Double($0) * step }
    let sums = grid.map { objective(rows, truths, temperature: exp($0), prior: prior) }
    let best = grid[sums.indices.min { sums[$0] < sums[$1] } ?? 0]
    (low, high) = (max(low, best - step), min(high, best + step))
  }
  return exp((low + high) / 2)
}

@Test("With the prior the temperature is the one that a search of all temperatures finds")
func temperatureMatchesBruteForce() throws {
  var cases: [([[Float]], [Int])] = try Reference.read().map { ($0.logits, $0.truth) }
  // All wrong, one image, and at chance.
  cases += [
    ([[3], [1]], [0, 0]), ([[2, 1, 0]], [2]),
    ((0..<41).map { [Float($0 % 7) - 3] }, (0..<41).map { $0 * $0 % 5 % 2 }),
  ]
  for (rows, truths) in cases {
    for prior in [0.5, Temperature.prior] {
      let fitted = try #require(Temperature.fitted(rows, truths: truths, prior: prior))
      let expected = bruteForce(rows, truths, prior: prior)
      // A minimum is flat: half of a sum's digits are lost.
      #expect(isClose(fitted, expected, 1e-6), "\(fitted), expected \(expected)")
      #expect(!isClose(fitted * 1.0001, expected, 1e-6))
    }
    #expect(
      Temperature.fitted(rows, truths: truths)
        == Temperature.fitted(rows, truths: truths, prior: Temperature.prior))
  }
}

@Test("The prior holds a temperature of few images near 1, and none of many")
func temperatureOfFewAndMany() throws {
  let reference = try Reference.read()
  let best = reference[0].temperature
  func fitted(_ copies: Int, _ count: Int) throws -> Double {
    let rows = (0..<copies).flatMap { _ in reference[0].logits.prefix(count) }
    let truths = (0..<copies).flatMap { _ in reference[0].truth.prefix(count) }
    return try #require(Temperature.fitted(rows, truths: truths))
  }
  // 160 images, then 1,600 and 16,000: the prior's part falls as 1 / images.
  let distances = try [1, 10, 100].map { best - (try fitted($0, 160)) }
  #expect(distances[0] > 0 && distances[0] < 0.2 * best)
  #expect(distances[1] < distances[0] / 8 && distances[2] < distances[0] / 80)
  #expect(distances[2] > 0)
  let one = try #require(Temperature.fitted([[2]], truths: [0]))
  #expect(one > 1 && one < 2, "\(one)")
  // At chance on 41 images, every answer would become 50 % without it.
  let rows = (0..<41).map { [Float($0 % 7) - 3] }
  let truths = (0..<41).map { ($0 % 7 > 3) == ($0 % 2 == 0) ? 1 : 0 }
  let bound = try #require(Temperature.fitted(rows, truths: truths, prior: 0))
  let held = try #require(Temperature.fitted(rows, truths: truths))
  #expect(bound > 20 && held < 10, "\(bound), \(held)")
}

@Test("Without a wrong answer no temperature is told; one beyond the bounds is a bound")
func temperatureWithoutMinimum() {
  #expect(Temperature.fitted([], truths: []) == nil)
  #expect(Temperature.fitted([[3], [-1]], truths: [1, 0]) == nil, "all right")
  #expect(Temperature.fitted([[2, 1, 0]], truths: [0]) == nil)
  #expect(Temperature.fitted([[0], [0]], truths: [1, 0]) == nil, "nothing depends on it")
  #expect(Temperature.fitted([[.nan], [1]], truths: [1, 0]) == nil)
  #expect(Temperature.fitted([[.infinity], [1]], truths: [1, 0]) == nil)
  #expect(Temperature.fitted([[3], [1]], truths: [0, 0], prior: 0) == 100, "all wrong")
  #expect(Temperature.fitted([[1e-9], [1e-8], [1e-8]], truths: [0, 1, 1], prior: 0) == 0.01)
  #expect(Temperature.fitted([[1e30], [2e30]], truths: [0, 1]) == 100)
}

@Test("The calibration error of a hand-made case, at the edges of the bins too")
func calibrationErrorByHand() {
  #expect(ReliabilityBins([]).expectedCalibrationError == 0)
  #expect(ReliabilityBins([(1, true), (1, false)]).expectedCalibrationError == 0.5)
  // 0.6 is the upper edge of its bin, 0.61 is in the next: |0.6 - 1| / 2 + |0.61 - 0| / 2.
  let two = ReliabilityBins([(0.6, true), (0.61, false)]).expectedCalibrationError
  #expect(isClose(two, 0.505))
  // In one bin they make up for one another: |1.22 - 1| / 2.
  let one = ReliabilityBins([(0.62, true), (0.60001, false)]).expectedCalibrationError
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
