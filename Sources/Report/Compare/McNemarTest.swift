import Glibc
internal import Primitives

/// McNemar's test for a difference between two classifiers on the same images (McNemar 1947).
///
/// Only images that one of them has right and the other wrong say anything about it.
package struct McNemarTest: Sendable, Hashable {
  /// Images that both have right.
  package var bothRight: Int
  /// Images that only the first has right.
  package var onlyFirst: Int
  /// Images that only the second has right.
  package var onlySecond: Int
  /// Images that both have wrong.
  package var bothWrong: Int

  /// A test of these counts.
  package init(bothRight: Int, onlyFirst: Int, onlySecond: Int, bothWrong: Int) {
    precondition(min(bothRight, onlyFirst, onlySecond, bothWrong) >= 0, "counts")
    self.bothRight = bothRight
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
    self.bothWrong = bothWrong
  }

  /// A test of whether each image was answered rightly, in the same order for both.
  package init(first: [Bool], second: [Bool]) {
    precondition(first.count == second.count, "the same images for both")
    let pairs = Array(zip(first, second))
    self.init(
      bothRight: pairs.count { $0.0 && $0.1 }, onlyFirst: pairs.count { $0.0 && !$0.1 },
      onlySecond: pairs.count { !$0.0 && $0.1 }, bothWrong: pairs.count { !$0.0 && !$0.1 })
  }

  /// Two-sided p-value of the exact test: the binomial distribution of 1/2; 1 without differences.
  package var exactPValue: Double { signTest(onlyFirst, onlySecond) }

  /// The chi-square statistic with continuity correction, as statsmodels'; nil without differences.
  package var chiSquare: Double? {
    let count = onlyFirst + onlySecond
    guard count > 0 else { return nil }
    let difference = Double(abs(onlyFirst - onlySecond) - 1)
    return difference * difference / Double(count)
  }

  /// The p-value of the statistic with one degree of freedom; nil without differences.
  package var chiSquarePValue: Double? { chiSquare.map { erfc(($0 / 2).squareRoot()) } }
}
