import Report
import Testing

/// The interval of a difference of two shares of the same images.
@Suite struct DifferenceTests {
  /// Newcombe 1998, method 10, computed apart from the program in Python: Wilson's intervals as the
  /// roots of (p - r/n)² = z² p (1 - p) / n.
  @Test(arguments: [
    ([900, 30, 12, 58], -0.031509412246039654, -0.0051621055650578635),
    ([10, 0, 0, 2], -0.21527343801837973, 0.21527343801837973),
    ([5, 7, 7, 1], -0.3373811839733736, 0.3373811839733736),
    ([0, 1, 0, 0], -1, 0.12210872068194178),
    ([8000, 700, 812, 488], 0.003579074410829073, 0.018828201477531167),
    ([3, 25, 0, 4], -0.878376308343095, -0.56614737847696),
    ([36, 12, 2, 0], -0.34042760297494046, -0.056929584003239),
  ])
  func `The interval is Newcombe's`(table: [Int], low: Double, high: Double) {
    let interval = test(table).differenceInterval
    #expect(abs(interval.lowerBound - low) < 1e-9, "\(interval)")
    #expect(abs(interval.upperBound - high) < 1e-9, "\(interval)")
    // With the two exchanged everything changes its sign.
    let mirrored = test([table[0], table[2], table[1], table[3]]).differenceInterval
    #expect(abs(mirrored.lowerBound + high) < 1e-12 && abs(mirrored.upperBound + low) < 1e-12)
  }

  @Test func `The difference lies inside, and the interval has a width where no answer differs`() {
    for n in [1, 2, 7] {
      for table in allTables(n) {
        let test = test(table)
        let interval = test.differenceInterval
        #expect(interval.contains(test.difference), "\(table)")
        #expect(interval.lowerBound >= -1 && interval.upperBound <= 1)
        #expect(interval.upperBound - interval.lowerBound > 0.1, "\(table)")
        #expect(test.count == n)
        #expect(
          abs(test.difference - Double(test.secondRight - test.firstRight) / Double(n)) < 1e-12)
      }
    }
    #expect(test([0, 0, 0, 0]).differenceInterval == -1...1)
    #expect(test([0, 0, 0, 0]).difference == 0)
  }

  private func test(_ table: [Int]) -> McNemarTest {
    McNemarTest(
      bothRight: table[0], onlyFirst: table[1], onlySecond: table[2], bothWrong: table[3])
  }

  private func allTables(_ n: Int) -> [[Int]] {
    (0...n).flatMap { a in
      (0...(n - a)).flatMap { b in
        (0...(n - a - b)).map { c in [a, b, c, n - a - b - c] }
      }
    }
  }
}
