import Glibc

/// The share of the processors that control groups leave to a process, as containers set it.
///
/// A process above its quota is stopped for the rest of each period, all its threads at once: more
/// threads than the quota only wait for one another.
package struct ProcessorQuota {
  /// The root of the control groups' file system.
  private let root: String
  /// The file that names the process's own groups.
  private let membership: String

  /// The quota of this process; other paths are for tests.
  package init(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") {
    self.root = root
    self.membership = membership
  }

  /// Processors' worth of time, the smallest of the process's groups and those above them; nil
  /// without a limit.
  ///
  /// What is not written as the kernel writes it counts as no limit.
  package var processors: Double? {
    // A line is "number:controllers:path", with no controllers for version 2 (cgroups(7)).
    let lines = ProcessorQuota.text(of: membership, limit: 1 << 16)?.split(separator: "\n") ?? []
    let limits = lines.flatMap { line -> [Double] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      if fields[0] == "0", fields[1].isEmpty {
        return ProcessorQuota.folders(root, fields[2]).compactMap(ProcessorQuota.version2)
      }
      guard fields[1].split(separator: ",").contains("cpu") else { return [] }
      return Set(["cpu", String(fields[1])]).flatMap { mount in
        ProcessorQuota.folders(root + "/" + mount, fields[2])
      }.compactMap(ProcessorQuota.version1)
    }
    return limits.min()
  }

  /// The folder of a group and those of all groups above it, up to the root.
  ///
  /// Inside a container the path may be that of the host: then only the root is there.
  private static func folders(_ root: String, _ path: Substring) -> [String] {
    let parts = path.split(separator: "/")
    // Depth is the sender's choice too; the kernel's own limit is far below.
    guard !parts.contains(".."), parts.count <= 256 else { return [root] }
    return (0...parts.count).map { count in
      ([root] + parts.prefix(count).map(String.init)).joined(separator: "/")
    }
  }

  /// cpu.max holds "quota period" in microseconds, or "max period".
  private static func version2(_ folder: String) -> Double? {
    guard let text = text(of: folder + "/cpu.max") else { return nil }
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return ratio(fields[0], fields[1])
  }

  /// Two files of one number each; a quota of -1 is none.
  private static func version1(_ folder: String) -> Double? {
    guard let quota = text(of: folder + "/cpu.cfs_quota_us"),
      let period = text(of: folder + "/cpu.cfs_period_us")
    else { return nil }
    return ratio(trimmed(quota), trimmed(period))
  }

  private static func trimmed(_ text: String) -> Substring {
    text.last == "\n" ? text.dropLast() : text[...]
  }

  private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
    guard let quota = microseconds(quota), let period = microseconds(period) else { return nil }
    return Double(quota) / Double(period)
  }

  /// A positive number in decimal digits alone.
  private static func microseconds(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text), value > 0
    else { return nil }
    return value
  }

  /// The text of a small file; nil where there is none, or a longer one.
  private static func text(of path: String, limit: Int = 256) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var done = 0
    while done <= limit {
      let count = bytes[done...].withUnsafeMutableBytes {
        read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return String(validating: bytes[..<done], as: UTF8.self) }
      done += count
    }
    return nil
  }
}
