import Primitives
import Testing

@Suite("Decimals")
struct DecimalsTests {
  private static let cases: [(Double, Int, String)] = [
    (0.0, 0, "0"), (0.0, 2, "0.00"), (-0.0, 1, "-0.0"), (1.5, 0, "2"), (2.5, 0, "2"),
    (0.125, 2, "0.12"), (0.375, 2, "0.38"), (99.995, 1, "100.0"), (-1234.5678, 3, "-1234.568"),
    (1e15, 1, "1000000000000000.0"), (0.1, 20, "0.10000000000000000555"),
  ]

  @Test(arguments: cases)
  func `a number has exactly the decimals asked for`(value: Double, digits: Int, text: String) {
    #expect(fixed(value, digits) == text)
  }

  @Test func `numbers that are not finite have names`() {
    #expect(fixed(.nan, 2) == "nan")
    #expect(fixed(.infinity, 2) == "inf")
    #expect(fixed(-.infinity, 2) == "-inf")
  }

  @Test func `the largest number fits`() {
    #expect(fixed(.greatestFiniteMagnitude, 3).count == 313)
  }
}
