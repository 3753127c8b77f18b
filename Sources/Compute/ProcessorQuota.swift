package import Primitives

/// The processor quota of a process, set by control groups as for containers.
///
/// A process that exceeds its quota is stopped for the rest of the period with all its threads:
/// more threads than the quota only wait.
package struct ProcessorQuota {
  private let groups: ControlGroups

  /// The quota of this process; other groups are for tests.
  package init(_ groups: ControlGroups = ControlGroups()) {
    self.groups = groups
  }

  /// The quota in processors, the smallest of the process's groups and their ancestors; nil without
  /// a limit.
  ///
  /// An unreadable file counts as no limit.
  package var processors: Double? {
    groups.folders(controller: "cpu").compactMap { group in
      group.isUnified
        ? ProcessorQuota.version2(group.path) : ProcessorQuota.version1(group.path)
    }.min()
  }

  /// cpu.max holds "quota period" in microseconds, or "max period".
  private static func version2(_ folder: String) -> Double? {
    guard let text = ControlGroups.text(of: folder + "/cpu.max") else { return nil }
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return ratio(fields[0], fields[1])
  }

  /// Two files with one number each; a quota of -1 means no limit.
  private static func version1(_ folder: String) -> Double? {
    guard let quota = ControlGroups.number(in: folder + "/cpu.cfs_quota_us"),
      let period = ControlGroups.number(in: folder + "/cpu.cfs_period_us")
    else { return nil }
    return Double(quota) / Double(period)
  }

  private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
    guard let quota = ControlGroups.number(quota), let period = ControlGroups.number(period)
    else { return nil }
    return Double(quota) / Double(period)
  }
}
