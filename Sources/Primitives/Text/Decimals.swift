import Glibc

/// A number with a fixed count of decimals and a point, whatever the locale.
package func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
  var buffer = [CChar](repeating: 0, count: 352 + digits)
  let length = withVaList([CInt(digits), value]) {
    vsnprintf(&buffer, buffer.count, "%.*f", $0)
  }
  // cnnctl never calls setlocale, so the C locale and its point hold.
  return String(decoding: buffer[0..<Int(length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A share as a percentage with one decimal: `97.3 %`; a dash where it is no number.
package func percent(_ share: Double) -> String {
  share.isFinite ? fixed(100 * share, 1) + " %" : "–"
}

/// A share with the ends of its interval: `97.3 % (96.1-98.1)`.
package func percent(_ share: Double, from low: Double, to high: Double) -> String {
  percent(share) + " (\(fixed(100 * low, 1))-\(fixed(100 * high, 1)))"
}
