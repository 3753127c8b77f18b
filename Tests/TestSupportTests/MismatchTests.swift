import TestSupport
import Testing

/// The comparing helper must fail where it should: every other test rests on it.
@Suite("Comparing helper")
struct MismatchTests {
  private let exact = Tolerance()
  private let loose = Tolerance(absolute: 1e-3, relative: 1e-2)

  @Test func `equal tensors match even without tolerance`() {
    let values: [Float] = [0, -0.0, 1, -2.5, .infinity, -.infinity]
    #expect(mismatch(actual: values, expected: values, tolerance: exact) == nil)
  }

  @Test func `one wrong element among many is found with its place and values`() throws {
    var actual = [Float](repeating: 1, count: 10_000)
    actual[7_123] = 1.5
    let expected = [Double](repeating: 1, count: 10_000)
    let found = try #require(mismatch(actual: actual, expected: expected, tolerance: loose))
    #expect(found.index == 7_123)
    #expect(found.expected == 1)
    #expect(found.found == 1.5)
    #expect(found.outside == 1)
    #expect(abs(found.allowed - 0.011) < 1e-12)
    #expect(found.description.contains("element 7123"))
  }

  @Test func `the worst element is reported, not the first`() throws {
    let actual: [Double] = [1.1, 100, 1.9, 1.2]
    let expected: [Double] = [1, 90, 1, 1]
    let found = try #require(mismatch(actual: actual, expected: expected, tolerance: loose))
    #expect(found.index == 2)
    #expect(found.outside == 4)
  }

  @Test func `the bound is absolute plus relative times scale, both sides`() {
    for sign in [1.0, -1.0] {
      let inside = [100 + sign * 1.0009]
      let outside = [100 + sign * 1.0011]
      #expect(mismatch(actual: inside, expected: [100.0], tolerance: loose) == nil)
      #expect(mismatch(actual: outside, expected: [100.0], tolerance: loose) != nil)
    }
  }

  @Test func `a scale of the largest element lets small ones err as much as large ones`() {
    let byLargest = Tolerance(relative: 1e-2, scale: .largest)
    let byElement = Tolerance(relative: 1e-2)
    let expected: [Double] = [100, 0.001]
    let actual: [Double] = [100, 0.5]
    #expect(mismatch(actual: actual, expected: expected, tolerance: byLargest) == nil)
    #expect(mismatch(actual: actual, expected: expected, tolerance: byElement)?.index == 1)
    #expect(
      mismatch(actual: [100, 1.1], expected: expected, tolerance: byLargest)?.index == 1)
  }

  @Test func `given magnitudes replace the scale element by element`() {
    let tolerance = Tolerance(relative: 1e-2)
    let expected: [Double] = [0, 0]
    let actual: [Double] = [0.5, 0.5]
    #expect(
      mismatch(actual: actual, expected: expected, tolerance: tolerance, magnitudes: [51, 51])
        == nil)
    #expect(
      mismatch(actual: actual, expected: expected, tolerance: tolerance, magnitudes: [51, 49])?
        .index == 1)
    #expect(
      mismatch(actual: actual, expected: expected, tolerance: tolerance, magnitudes: [51]) != nil)
  }

  private static let neverEqual: [(Float, Double)] = [
    (.nan, 1), (1, .nan), (.nan, .nan), (.infinity, 1), (1, .infinity), (-.infinity, .infinity),
  ]

  @Test(arguments: neverEqual)
  func `a NaN or a lone infinity never matches`(actual: Float, expected: Double) {
    let endless = Tolerance(absolute: .infinity, relative: .infinity)
    let found = mismatch(actual: [0, actual], expected: [0, expected], tolerance: endless)
    #expect(found?.index == 1)
  }

  @Test func `a tolerance of NaN allows nothing`() {
    let broken = Tolerance(absolute: .nan)
    #expect(mismatch(actual: [1.0], expected: [1.1], tolerance: broken) != nil)
  }

  @Test func `different counts never match`() throws {
    let none: [Float] = []
    let found = try #require(mismatch(actual: none, expected: [1.0], tolerance: loose))
    #expect(found.index == nil)
    #expect(found.description == "expected 1 elements, found 0")
    #expect(mismatch(actual: [1.0, 2.0], expected: [1.0], tolerance: loose) != nil)
  }

  @Test func `bits are compared as bits`() {
    #expect(bitMismatch([1, 2, .nan], [1, 2, .nan]) == nil)
    #expect(bitMismatch([1, Float(2).nextUp], [1, 2])?.index == 1)
    #expect(bitMismatch([0.0], [-0.0])?.index == 0)
    #expect(bitMismatch([1], [1, 2]) != nil)
  }
}
