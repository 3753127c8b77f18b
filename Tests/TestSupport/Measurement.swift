import Glibc
import Primitives

/// Time and memory of this process.
package enum Measurement {
  /// A line that the system does not have.
  private struct NoFigure: Error {
    let name: String
  }

  /// Adds a line to the file that `CNNCTL_FIGURES` names, if it does.
  package static func tell(_ line: String) {
    guard let path = getenv("CNNCTL_FIGURES") else { return }
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    _ = Array((line + "\n").utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
  }

  /// Processor time of this thread, which other tests do not touch.
  package static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec)
  }

  /// A line of /proc/self/status, in kB.
  package static func memory(_ name: String) throws -> Int {
    let text = ControlGroups.text(of: "/proc/self/status", limit: 1 << 16) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    let figure = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
    guard let kilobytes = figure.flatMap({ Int($0) }) else { throw NoFigure(name: name) }
    return kilobytes
  }

  /// Makes the largest size so far the present one, where the system can.
  package static func resetPeak() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }
}
