import Glibc

extension RandomStream {
  /// A number in [0, 1), a multiple of 2^-53.
  private mutating func wideUniform() -> Double {
    let bits: UInt64 = next()
    return Double(bits >> 11) * 0x1p-53
  }

  /// A number of the distribution Beta(a, a), a > 0.
  ///
  /// With T of Student's distribution of 2a degrees of freedom, 1/2 + T / (2 √(2a + T²)) is of
  /// Beta(a, a) (Devroye 1986, IX.3), and T = √(2a (U^(-1/a) - 1)) cos(2πV) by Bailey, "Polar
  /// generation of random variates with the t-distribution" (Math. Comp. 62, 1994). Exact for
  /// every a, and always four words of the stream: nothing is rejected.
  package mutating func symmetricBeta(_ a: Double) -> Double {
    precondition(a > 0, "the parameter of a beta distribution is positive")
    // Half a step up, so that the logarithm is finite.
    let u = wideUniform() + 0x1p-54
    let side = cos(2 * Double.pi * wideUniform())
    // T² / 2a. Infinite where a is small: then the number is 0 or 1, as nearly all are.
    let square = expm1(-log(u) / a) * side * side
    let distance = 1 / (1 + 1 / square).squareRoot()
    return (1 + (side < 0 ? -distance : distance)) / 2
  }
}
