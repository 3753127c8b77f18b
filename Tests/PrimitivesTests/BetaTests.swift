import Glibc
import Primitives
import Testing

/// The distribution function of Beta(a, a), by the midpoint rule over u = x^a on each half.
///
/// The substitution takes away the pole at 0: x^(a-1) dx = du / a.
private func distribution(_ a: Double, at x: Double) -> Double {
  func lower(_ x: Double) -> Double {
    let steps = 20_000
    let end = pow(x, a)
    let sum = (0..<steps).reduce(0.0) { sum, step in
      let u = end * (Double(step) + 0.5) / Double(steps)
      return sum + pow(1 - pow(u, 1 / a), a - 1)
    }
    return sum * end / (a * Double(steps))
  }
  let half = lower(0.5)
  return x <= 0.5 ? lower(x) / (2 * half) : 1 - lower(1 - x) / (2 * half)
}

@Suite struct BetaTests {
  private let count = 100_000

  private func sample(_ a: Double) -> [Double] {
    var stream = RandomStream(seed: 11, purpose: .test, sample: Int(a * 1000))
    return (0..<count).map { _ in stream.symmetricBeta(a) }
  }

  @Test("Draws have the moments of Beta(a, a)", arguments: [0.1, 0.2, 0.5, 1, 2, 8])
  func moments(_ a: Double) {
    let distances = sample(a).map { $0 - 0.5 }
    func mean(_ power: Int) -> Double {
      distances.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } }
        / Double(count)
    }
    // 1 / (4 (2a + 1)), and 3 / (16 (2a + 1) (2a + 3)).
    let variance = 1 / (4 * (2 * a + 1))
    let fourth = 3 / (16 * (2 * a + 1) * (2 * a + 3))
    // Five standard errors each; what is raised lies below 1/2, so its variance below 1/256.
    #expect(abs(mean(1)) < 5 * (variance / Double(count)).squareRoot())
    #expect(
      abs(mean(2) - variance) < 5 * ((fourth - variance * variance) / Double(count)).squareRoot())
    #expect(abs(mean(4) - fourth) < 5 * (1.0 / 256 / Double(count)).squareRoot() * 0.5)
  }

  @Test("Draws have the distribution of Beta(a, a)", arguments: [0.1, 0.2, 0.5, 1, 2, 8])
  func quantiles(_ a: Double) {
    let sorted = sample(a).sorted()
    // Kolmogorov and Smirnov: above 1.95 / sqrt(n) once in a thousand times.
    let limit = 1.95 / Double(count).squareRoot()
    for x in [0.001, 0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99, 0.999] {
      let share = Double(sorted.count { $0 <= x }) / Double(count)
      #expect(abs(share - distribution(a, at: x)) < limit, "at \(x)")
    }
  }

  @Test("The reference is right where the distribution is known")
  func reference() {
    for x in [0.01, 0.2, 0.5, 0.77, 0.99] {
      #expect(abs(distribution(1, at: x) - x) < 1e-9)
      // The arcsine law.
      #expect(abs(distribution(0.5, at: x) - 2 / Double.pi * asin(x.squareRoot())) < 1e-6)
      #expect(abs(distribution(2, at: x) - x * x * (3 - 2 * x)) < 1e-6)
    }
  }

  @Test("Parameters near nothing and large ones give numbers in 0...1, from four words each")
  func extremes() {
    for a in [1e-300, 1e-6, 0.01, 100, 1e6, 1e300] {
      var stream = RandomStream(seed: 1, purpose: .test)
      var other = stream
      for _ in 0..<1000 {
        let value = stream.symmetricBeta(a)
        #expect(value >= 0 && value <= 1)
        if a <= 1e-6 { #expect(min(value, 1 - value) < 1e-3) }
        if a >= 1e6 { #expect(abs(value - 0.5) < 0.01) }
        for _ in 0..<4 { _ = other.next() as UInt32 }
      }
      #expect(stream.next() as UInt32 == other.next() as UInt32)
    }
  }
}
