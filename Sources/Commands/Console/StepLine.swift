internal import Primitives

/// One long step under way: `evaluating  1,200/2,000 ━━━━━━────  4s 310 img/s  3s left`.
package struct StepLine: Sendable, Equatable {
  /// The activity, such as `evaluating`.
  var title: String
  /// The number of units done.
  var done: Int
  /// Out of how much; nil if nobody knows.
  var total: Int?
  /// The unit, such as `img`.
  var unit: String
  /// Seconds since it began.
  var seconds: Double
  /// Units per second; nil if not known yet.
  var rate: Double?

  /// A step that stands at `done` of `total` after `seconds`, at `rate` of them a second.
  package init(
    title: String, done: Int, total: Int?, unit: String = "img", seconds: Double, rate: Double?
  ) {
    self.title = title
    self.done = done
    self.total = total
    self.unit = unit
    self.seconds = seconds
    self.rate = rate
  }

  /// The line without its bar, for files and pipes.
  package var plain: String { joined(shortening: 0, bar: "") }

  /// The line with the longest bar that fits, at most 30 cells; where even the rest does not fit,
  /// the time so far and the rate give way, then what is left, and at last the end is cut.
  package func line(columns: Int, isUnicode: Bool = true) -> String {
    let whole = joined(shortening: 0, bar: "")
    // A space goes with the bar; fewer than 5 cells say nothing.
    let room = columns - whole.count - 1
    if let total, room >= 5 {
      return joined(
        shortening: 0, bar: bar(done, total, cells: min(30, room), isUnicode: isUnicode))
    }
    let fitting = (0...3).lazy.map { joined(shortening: $0, bar: "") }.first {
      $0.count <= columns
    }
    return fitting ?? String(joined(shortening: 3, bar: "").prefix(columns))
  }

  private func joined(shortening level: Int, bar: String) -> String {
    let count = grouped(done) + (total.map { "/" + grouped($0) } ?? "")
    var parts = [title, count + (bar.isEmpty ? "" : " " + bar)]
    let speed = rate.map { " \(StepLine.text(rate: $0)) \(unit)/s" } ?? ""
    switch level {
    case 0: parts.append(shortDuration(seconds) + speed)
    case 1 where rate != nil: parts.append(String(speed.dropFirst()))
    default: break
    }
    if let total, let rate, rate > 0, level < 3 {
      parts.append(shortDuration(Double(max(0, total - done)) / rate) + " left")
    }
    return parts.joined(separator: "  ")
  }

  /// Slow steps need a digit behind the point.
  private static func text(rate: Double) -> String {
    rate < 10 ? fixed(rate, 1) : grouped(Int(min(rate, 1e12).rounded()))
  }
}
