extension OptionKind {
  /// The value that `text` says, or nil where it says none of this kind.
  func value(of text: String) -> OptionValue? {
    switch self {
    case .flag:
      nil
    case .integer(let range):
      Int(text).flatMap { range.contains($0) ? .integer($0) : nil }
    case .number(let range):
      decimal(text).flatMap { range.contains($0) ? .number($0) : nil }
    case .choice(let words):
      words.contains(text) ? .text(text) : nil
    case .text, .optionalText:
      text.isEmpty ? nil : .text(text)
    case .duration:
      seconds(text).map(OptionValue.seconds)
    case .interval(let range):
      interval(text, in: range)
    }
  }

  /// Whether `text` has the right form, so that only its size is wrong.
  func hasForm(of text: String) -> Bool {
    switch self {
    case .integer: Int(text) != nil
    case .number: decimal(text) != nil
    case .interval: bounds(text) != nil
    case .flag, .choice, .text, .optionalText, .duration: false
    }
  }

  /// The share that `text` means as a percentage, `0.95` for `95` or `95%`; nil where the option
  /// takes no share or that one would be wrong, too.
  func share(ofPercentage text: String) -> Double? {
    guard case .number(let range) = self, range.upper <= 1 else { return nil }
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard let percent = decimal(digits), percent > 1 || digits != text else { return nil }
    return range.contains(percent / 100) ? percent / 100 : nil
  }

  /// What would have been right, for a message.
  var expectation: String {
    switch self {
    case .flag: "no value"
    case .integer(let range):
      range.upperBound == .max
        ? "a whole number from \(range.lowerBound)"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number " + range.description
    case .choice(let words): words.joined(separator: ", ")
    case .text, .optionalText: "a text that is not empty"
    case .duration: "a time such as 90s, 10m or 2h"
    case .interval(let range): "two numbers A:B, A not above B, each " + range.description
    }
  }

  /// A decimal number in the C locale's form; no infinity, NaN or hexadecimal.
  private func decimal(_ text: String) -> Double? {
    let allowed = text.utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0)
    }
    guard allowed, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  private func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    let unit = text.last.flatMap { units[$0] }
    guard let count = decimal(unit == nil ? text : String(text.dropLast())), count > 0 else {
      return nil
    }
    let total = count * (unit ?? 1)
    return total <= 3650 * 86400 ? total : nil
  }

  private func bounds(_ text: String) -> (Double, Double)? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let lower = decimal(String(parts[0])),
      let upper = decimal(String(parts[1]))
    else { return nil }
    return (lower, upper)
  }

  private func interval(_ text: String, in range: NumberRange) -> OptionValue? {
    guard let (lower, upper) = bounds(text), range.contains(lower), range.contains(upper),
      lower <= upper
    else { return nil }
    return .interval(lower, upper)
  }
}
