package import ImageData

/// Numbers between two bounds, each of which may be excluded.
package struct NumberRange: Sendable, Equatable {
  var lower: Double
  package var upper: Double
  var includesLower = true
  var includesUpper = true

  /// The numbers from one bound to the other.
  package init(
    _ lower: Double, _ upper: Double, includesLower: Bool = true, includesUpper: Bool = true
  ) {
    (self.lower, self.upper) = (lower, upper)
    (self.includesLower, self.includesUpper) = (includesLower, includesUpper)
  }

  /// Whether a value is in the range; NaN is not.
  package func contains(_ value: Double) -> Bool {
    (includesLower ? value >= lower : value > lower)
      && (includesUpper ? value <= upper : value < upper)
  }

  /// As it reads in a message: `from 0 to 1`, `above 0 and below 1`.
  var description: String {
    (includesLower ? "from \(plain(lower))" : "above \(plain(lower))")
      + (includesUpper
        ? (includesLower ? " to \(plain(upper))" : ", at most \(plain(upper))")
        : " and below \(plain(upper))")
  }
}

extension NumberRange {
  /// From 0 to below 1.
  static let part = NumberRange(0, 1, includesUpper: false)
  /// From 0 to 1.
  package static let strength = NumberRange(0, 1)
  /// From above 0 to 1.
  static let some = NumberRange(0, 1, includesLower: false)
}

/// The text form of a value of one type, and the values that are allowed.
package struct Form<Value: Sendable>: Sendable {
  /// How the value is written, and what messages call a valid value.
  let kind: FormKind
  let expectation: String
  /// The range of allowed numbers; nil if the value is not a number.
  var range: NumberRange?
  /// The value if the option's name stands alone.
  var alone: Value?
  /// Parses a text, whatever the range; nil if it is not a value.
  let read: @Sendable (String) -> Value?
  let contains: @Sendable (Value) -> Bool
  /// The value as messages show it; nil for one that other settings show.
  package let text: @Sendable (Value) -> String?

  /// The given value; nil if it is not allowed.
  package func value(of given: Given, off: Value? = nil) -> Value? {
    switch given {
    case .text(let text): read(text).flatMap { contains($0) ? $0 : nil }
    case .alone: alone
    case .off: off
    }
  }

  package var optional: Form<Value?> {
    Form<Value?>(
      kind: kind, expectation: expectation, range: range, alone: alone.map(Optional.some),
      read: { [read] text in read(text).map(Optional.some) },
      contains: { [contains] value in value.map(contains) ?? true },
      text: { [text] value in value.map(text) ?? "none" })
  }
}

/// How a value is written.
package enum FormKind: Sendable, Equatable {
  /// The name alone.
  case flag
  case words([String])
  /// An optional text after `=`, never the next word.
  case optionalText
  /// A text or number.
  case value
}

extension Form where Value: FixedWidthInteger {
  /// A whole number.
  package static func integer(_ range: ClosedRange<Value>) -> Form {
    Form(
      kind: .value,
      expectation: range.upperBound == .max
        ? "a whole number from \(range.lowerBound)"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)",
      read: { Value($0) }, contains: range.contains, text: { "\($0)" })
  }
}

extension Form where Value == Int {
  /// Pixels along a side of an image.
  package static let side = integer(8...1024)
  package static let pixels = integer(1...1_000_000_000)
  /// Images per step.
  package static let batch = integer(1...4096)
}

extension Form where Value == Double {
  /// A decimal number in the C locale's form; no infinity, NaN or hexadecimal.
  package static func number(_ range: NumberRange) -> Form {
    Form(
      kind: .value, expectation: "a number " + range.description, range: range, read: decimal,
      contains: range.contains, text: plain)
  }

  /// A share of photos that is kept, or the word `auto` for the usual one.
  package static func keptShare(auto: Double) -> Form {
    let range = NumberRange.some
    return Form(
      kind: .value, expectation: "auto, or a number " + range.description, range: range,
      read: { $0 == "auto" ? auto : decimal($0) }, contains: range.contains, text: plain)
  }

  /// Seconds, as `90s`, `10m`, `2h`, or a bare number.
  package static let duration = Form(
    kind: .value, expectation: "a time such as 90s, 10m or 2h", read: seconds,
    contains: NumberRange(0, longestTime).contains, text: plain)
}

extension Form where Value == Interval {
  /// Two numbers, `A:B`, the first not above the second.
  package static func interval(_ range: NumberRange) -> Form {
    Form(
      kind: .value,
      expectation: "two numbers A:B, A not above B, each " + range.description, read: bounds,
      contains: { range.contains($0.lower) && range.contains($0.upper) && $0.lower <= $0.upper },
      text: { "\(plain($0.lower)):\(plain($0.upper))" })
  }
}

extension Form where Value == String {
  /// Any text that is not empty, such as a path.
  package static let text = Form(
    kind: .value, expectation: "a text that is not empty", read: { $0.isEmpty ? nil : $0 },
    contains: { _ in true }, text: { $0 })

  package static let regularExpression = Form(
    kind: .value, expectation: "a regular expression, such as '([^/_]*)_[^/]*$'",
    read: { !$0.isEmpty && (try? ImageGroups($0)) != nil ? $0 : nil },
    contains: { (try? ImageGroups($0)) != nil }, text: { $0 })

  /// A text after `=`, or none.
  package static let optionalText = Form(
    kind: .optionalText, expectation: text.expectation, read: text.read, contains: text.contains,
    text: text.text)

  package static func word(of words: [String]) -> Form {
    Form(
      kind: .words(words), expectation: words.joined(separator: ", "),
      read: { words.contains($0) ? $0 : nil }, contains: words.contains, text: { $0 })
  }
}

extension Form where Value: RawRepresentable<String> {
  package static func word(of values: [Value]) -> Form {
    let words = values.map(\.rawValue)
    return Form(
      kind: .words(words), expectation: words.joined(separator: ", "),
      read: { words.contains($0) ? Value(rawValue: $0) : nil },
      contains: { words.contains($0.rawValue) }, text: { $0.rawValue })
  }
}

extension Form where Value: RawRepresentable<String> & CaseIterable {
  package static var word: Form { word(of: Array(Value.allCases)) }
}

extension Form where Value == Bool {
  /// The name alone means yes.
  package static let flag = Form(
    kind: .flag, expectation: "no value", alone: true, read: { _ in nil },
    contains: { _ in true }, text: { "\($0)" })
}

extension Form where Value == Augmentation {
  /// The name of a preset; the augmentation settings show its values.
  package static let preset = Form(
    kind: .words(Augmentation.presetNames),
    expectation: Augmentation.presetNames.joined(separator: ", "), read: Augmentation.preset,
    contains: { _ in true }, text: { _ in nil })
}

/// Whole numbers without a fraction.
private func plain(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)"
}

private func decimal(_ text: String) -> Double? {
  let allowed = text.utf8.allSatisfy {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0)
  }
  guard allowed, let value = Double(text), value.isFinite else { return nil }
  return value
}

/// Ten years.
private let longestTime = 3650.0 * 86400

private func seconds(_ text: String) -> Double? {
  let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
  let unit = text.last.flatMap { units[$0] }
  guard let count = decimal(unit == nil ? text : String(text.dropLast())), count >= 0 else {
    return nil
  }
  let total = count * (unit ?? 1)
  return total <= longestTime ? total : nil
}

private func bounds(_ text: String) -> Interval? {
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count == 2, let lower = decimal(String(parts[0])),
    let upper = decimal(String(parts[1]))
  else { return nil }
  return Interval(lower, upper)
}

extension SettingDescription {
  /// The fraction that `text` means as a percentage, `0.95` for `95` or `95%`; nil if the option
  /// takes no fraction or not this one.
  package func share(ofPercentage text: String) -> Double? {
    guard let range, range.upper <= 1 else { return nil }
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard let percent = decimal(digits), percent > 1 || digits != text else { return nil }
    return range.contains(percent / 100) ? percent / 100 : nil
  }
}
