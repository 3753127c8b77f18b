import Glibc
internal import Primitives

/// The format of numbers beside an axis.
package enum TickFormat: Sendable, Hashable {
  /// As decimals, or with a power of ten where they are very small or large.
  case number
  /// A share of 1 as percent.
  case percent
  /// Whole numbers only, with no ticks between them.
  case whole
}

/// Round numbers along an axis.
///
/// Steps are 1, 2 or 5 times a power of ten.
package struct Ticks: Sendable, Hashable {
  /// The numbers in order.
  package var values: [Double]
  package var labels: [String]

  /// Ticks inside a range, about `count` of them.
  package init(_ range: ClosedRange<Double>, count: Int, format: TickFormat = .number) {
    var step = Ticks.step(over: range.upperBound - range.lowerBound, count: count)
    if format == .whole { step = max(1, step) }
    // A rounding error must not lose the tick at an end.
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    values = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
    labels = Ticks.labels(values, step: step, format: format)
  }

  /// The least step of 1, 2 or 5 times a power of ten with no more than `count` steps in a span.
  static func step(over span: Double, count: Int) -> Double {
    guard span > 0, span.isFinite else { return 1 }
    let rough = span / Double(max(1, count))
    let power = pow(10, log10(rough).rounded(.down))
    return ([1, 2, 5].map { $0 * power }.first { $0 >= rough * (1 - 1e-9) }) ?? 10 * power
  }

  /// A range widened to whole steps at both ends.
  static func rounded(_ range: ClosedRange<Double>, count: Int) -> ClosedRange<Double> {
    let step = step(over: range.upperBound - range.lowerBound, count: count)
    let low = (range.lowerBound / step + 1e-9).rounded(.down) * step
    let high = (range.upperBound / step - 1e-9).rounded(.up) * step
    return low...max(low, high)
  }

  /// Labels with as many decimals as the step needs, the same for all.
  static func labels(_ values: [Double], step: Double, format: TickFormat) -> [String] {
    switch format {
    case .whole: return values.map { minus(grouped(fixed($0, 0))) }
    case .percent:
      let digits = decimals(step * 100)
      return values.map { minus(fixed($0 * 100, digits)) + " %" }
    case .number:
      let most = values.map(abs).max() ?? 0
      guard most < 1e6, step >= 0.9e-4 else { return values.map { scientific($0, step: step) } }
      let digits = decimals(step)
      return values.map { minus(grouped(fixed($0, digits))) }
    }
  }

  private static func decimals(_ step: Double) -> Int {
    max(0, min(9, Int((-log10(step) - 1e-9).rounded(.up))))
  }

  /// A number as `2e-5`, with the digits that a step of this size tells apart.
  private static func scientific(_ value: Double, step: Double) -> String {
    guard value != 0 else { return "0" }
    let power = Int((log10(abs(value)) + 1e-9).rounded(.down))
    let digits = max(0, power - Int((log10(step) + 1e-9).rounded(.down)))
    return minus(fixed(value / pow(10, Double(power)), digits) + "e" + String(power))
  }

  private static func minus(_ text: String) -> String {
    text.contains { $0 != "0" && $0 != "." && $0 != "-" }
      ? String(text.map { $0 == "-" ? "−" : $0 }) : String(text.drop { $0 == "-" })
  }
}

/// A number's text with commas between groups of three digits before the point.
private func grouped(_ text: String) -> String {
  let whole = text.prefix { $0 != "." }
  guard whole.count > 3, let value = Int(whole) else { return text }
  return grouped(value) + text.dropFirst(whole.count)
}
