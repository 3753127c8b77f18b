internal import Primitives

extension McNemarTest {
  /// Images.
  package var count: Int { bothRight + onlyFirst + onlySecond + bothWrong }
  /// Images that the first has right.
  package var firstRight: Int { bothRight + onlyFirst }
  /// Images that the second has right.
  package var secondRight: Int { bothRight + onlySecond }

  /// The second's share of correct predictions less the first's; 0 without images.
  package var difference: Double {
    count == 0 ? 0 : Double(onlySecond - onlyFirst) / Double(count)
  }

  /// The 95 % interval of the difference, -1...1 without images.
  ///
  /// Newcombe 1998, method 10: Wilson's intervals of the two shares put together, with their
  /// correlation because the images are the same. Wald's simpler interval has no width where no
  /// prediction differs.
  package var differenceInterval: ClosedRange<Double> {
    guard count > 0 else { return -1...1 }
    let first = wilsonInterval(firstRight, of: count)
    let second = wilsonInterval(secondRight, of: count)
    let (p1, p2) = (Double(firstRight) / Double(count), Double(secondRight) / Double(count))
    let phi = correlation
    /// The length of the sum of two errors of that correlation.
    func sum(_ a: Double, _ b: Double) -> Double {
      max(0, a * a - 2 * phi * a * b + b * b).squareRoot()
    }
    let low = difference - sum(p2 - second.lowerBound, first.upperBound - p1)
    let high = difference + sum(second.upperBound - p2, p1 - first.lowerBound)
    return max(-1, low)...min(1, high)
  }

  /// The correlation of correct predictions: phi, its numerator corrected for continuity where
  /// positive.
  private var correlation: Double {
    let margins =
      Double(firstRight) * Double(count - firstRight) * Double(secondRight)
      * Double(count - secondRight)
    guard margins > 0 else { return 0 }
    let product = Double(bothRight) * Double(bothWrong) - Double(onlyFirst) * Double(onlySecond)
    let corrected = product > 0 ? max(0, product - Double(count) / 2) : product
    return corrected / margins.squareRoot()
  }
}
