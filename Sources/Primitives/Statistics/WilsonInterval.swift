/// Wilson's 95 % interval of a share (Wilson 1927); 0...1 of nothing.
package func wilsonInterval(_ part: Int, of whole: Int) -> ClosedRange<Double> {
  guard whole > 0 else { return 0...1 }
  /// The 97.5 % quantile of the standard normal distribution.
  let z = 1.959963984540054
  let n = Double(whole)
  let p = Double(part) / n
  let scale = 1 / (1 + z * z / n)
  let centre = scale * (p + z * z / (2 * n))
  let half = scale * z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
  return max(0, centre - half)...min(1, centre + half)
}
