/// A whole number with a comma between thousands: `3,120`.
package func grouped(_ value: Int) -> String {
  let digits = Array(String(value.magnitude))
  var text = value < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
    text.append(digit)
  }
  return text
}

/// A count and what is counted: `1 image`, `3,120 images`.
///
/// `many` is the plural where it is not the singular with an s.
package func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  grouped(count) + " " + (count == 1 ? one : many ?? one + "s")
}
