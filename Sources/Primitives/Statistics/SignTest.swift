import Glibc

/// Two-sided p-value of the exact sign test: how likely a fair coin that is thrown `first` + `second`
/// times falls at least as unevenly as `first` times on one side and `second` times on the other; 1
/// without a throw.
///
/// ```swift
/// signTest(1, 9)  // 0.0215
/// ```
package func signTest(_ first: Int, _ second: Int) -> Double {
  precondition(min(first, second) >= 0, "counts")
  let count = first + second
  // log of C(n, i) / 2^n, from one i to the next.
  var logarithm = -Double(count) * log(2.0)
  var sum = 0.0
  for i in 0...min(first, second) {
    sum += exp(logarithm)
    logarithm += log(Double(count - i) / Double(i + 1))
  }
  return min(1, 2 * sum)
}
