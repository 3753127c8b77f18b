/// How far an element may lie from its expected value: `absolute + relative * scale`.
package struct Tolerance: Sendable {
  /// What `relative` is multiplied by.
  package enum Scale: Sendable {
    /// The element's own expected magnitude.
    case element
    /// The largest expected magnitude of the tensor: for results of long sums.
    case largest
  }

  package var absolute: Double
  package var relative: Double
  package var scale: Scale

  /// A tolerance that grows with the element's own magnitude unless told otherwise.
  package init(absolute: Double = 0, relative: Double = 0, scale: Scale = .element) {
    self.absolute = absolute
    self.relative = relative
    self.scale = scale
  }
}

/// Where two tensors differ most, or that they have different counts.
package struct Mismatch: Equatable, Sendable, CustomStringConvertible {
  /// The element with the largest share of its tolerance, or nil for a difference in count.
  package var index: Int?
  package var expected: Double
  package var found: Double
  /// What |found - expected| was allowed to be.
  package var allowed: Double
  /// How many elements lie outside.
  package var outside: Int
  /// How many elements were compared.
  package var count: Int

  /// One line: where, expected, found, allowed.
  package var description: String {
    guard let index else { return "expected \(Int(expected)) elements, found \(Int(found))" }
    return "element \(index): expected \(expected), found \(found), "
      + "difference \(abs(found - expected)), allowed \(allowed); "
      + "\(outside) of \(count) elements outside"
  }
}

/// The worst element that lies outside the tolerance, or nil if all lie within.
///
/// A NaN on either side, and an infinity that the other side does not have, is always outside.
/// `magnitudes` replaces the scale element by element: for a sum of products, the sum of the
/// products' magnitudes, to which the rounding error of any order of summation is proportional.
package func mismatch<A: BinaryFloatingPoint, E: BinaryFloatingPoint>(
  actual: some Collection<A>, expected: some Collection<E>, tolerance: Tolerance,
  magnitudes: [Double]? = nil
) -> Mismatch? {
  if actual.count != expected.count {
    return Mismatch(
      index: nil, expected: Double(expected.count), found: Double(actual.count), allowed: 0,
      outside: 1, count: expected.count)
  }
  if let magnitudes, magnitudes.count != expected.count {
    return Mismatch(
      index: nil, expected: Double(expected.count), found: Double(magnitudes.count), allowed: 0,
      outside: 1, count: expected.count)
  }
  let largest = expected.reduce(0.0) { max($0, abs(Double($1))) }
  var worst: Mismatch?
  var worstShare = 1.0
  var outside = 0
  for (index, (a, e)) in zip(actual, expected).enumerated() {
    let found = Double(a)
    let wanted = Double(e)
    let scale = magnitudes?[index] ?? (tolerance.scale == .element ? abs(wanted) : largest)
    let allowed = tolerance.absolute + tolerance.relative * scale
    let share = errorShare(found: found, expected: wanted, allowed: allowed)
    if share <= 1 { continue }
    outside += 1
    if share > worstShare || worst == nil {
      worstShare = share
      worst = Mismatch(
        index: index, expected: wanted, found: found, allowed: allowed, outside: 0,
        count: expected.count)
    }
  }
  worst?.outside = outside
  return worst
}

/// The part of the allowance that is used up; infinite where nothing can be allowed.
private func errorShare(found: Double, expected: Double, allowed: Double) -> Double {
  if found == expected { return 0 }
  if !found.isFinite || !expected.isFinite { return .infinity }
  let difference = abs(found - expected)
  // Not `difference <= allowed`: an allowance that is NaN allows nothing.
  guard allowed > 0 else { return .infinity }
  return difference / allowed
}

/// The first element whose bits differ, for results that must be the same bit for bit.
package func bitMismatch(_ actual: [Float], _ expected: [Float]) -> Mismatch? {
  if actual.count != expected.count {
    return Mismatch(
      index: nil, expected: Double(expected.count), found: Double(actual.count), allowed: 0,
      outside: 1, count: expected.count)
  }
  let differing = actual.indices.filter { actual[$0].bitPattern != expected[$0].bitPattern }
  guard let first = differing.first else { return nil }
  return Mismatch(
    index: first, expected: Double(expected[first]), found: Double(actual[first]), allowed: 0,
    outside: differing.count, count: expected.count)
}
