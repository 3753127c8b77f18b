// What the kernels' tests use of Swift Testing, for a processor that has no Swift Testing: comments,
// and checks that are counted. The macros are replaced by calls of these functions.

/// What a check says where it fails.
package struct Comment: ExpressibleByStringInterpolation {
  package let text: String

  package init(stringLiteral value: String) { text = value }
  package init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  /// Text of what has a description; Embedded Swift knows no other values by name.
  package struct Interpolation: StringInterpolationProtocol {
    fileprivate(set) var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {}
    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      text += value.description
    }
    package mutating func appendInterpolation<Value>(_ value: Value) { text += "-" }
  }
  package typealias StringInterpolation = Interpolation
}

/// The checks of this process.
package enum Checks {
  package nonisolated(unsafe) static var made = 0
  package nonisolated(unsafe) static var failed = 0
  /// The test that runs.
  package nonisolated(unsafe) static var test: StaticString = ""
}

/// `#expect` of a condition.
package func checkThat(
  _ holds: Bool, _ comment: @autoclosure () -> Comment = "", line: Int = #line
) {
  Checks.made += 1
  if holds { return }
  Checks.failed += 1
  if Checks.failed <= 20 { print("failed: \(Checks.test), line \(line): \(comment().text)") }
}
