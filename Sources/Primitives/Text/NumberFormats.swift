/// A number with zeros before it up to so many digits.
package func zeroPadded(_ value: some BinaryInteger, _ count: Int, radix: Int = 10) -> String {
  let digits = String(value, radix: radix)
  return String(repeating: "0", count: max(0, count - digits.count)) + digits
}

/// Seconds as progress shows them: `4s`, `2m05s`, `1h02m`.
package func shortDuration(_ seconds: Double) -> String {
  let total = Int(max(0, min(seconds, 3e8)).rounded())
  if total < 60 { return "\(total)s" }
  if total < 3600 { return "\(total / 60)m\(zeroPadded(total % 60, 2))s" }
  return "\(total / 3600)h\(zeroPadded(total / 60 % 60, 2))m"
}

/// Bytes in the largest unit that keeps them above one: `37.5 MB`.
package func byteCount(_ bytes: Int) -> String {
  let units = ["bytes", "kB", "MB", "GB", "TB"]
  var value = Double(bytes)
  var unit = 0
  while value >= 1000, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return (unit == 0 ? "\(bytes)" : fixed(value, value < 100 ? 1 : 0)) + " " + units[unit]
}

/// A count in a large unit: `5.9 million`.
package func largeCount(_ value: Int) -> String {
  switch value {
  case 1_000_000_000...: fixed(Double(value) / 1e9, 2) + " billion"
  case 1_000_000...: fixed(Double(value) / 1e6, 1) + " million"
  default: grouped(value)
  }
}
