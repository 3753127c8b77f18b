internal import CSystem

/// The memory that this process can still take.
package struct AvailableMemory {
  private let groups: ControlGroups
  /// The file in which the kernel tells what is free.
  private let information: String

  /// The memory of this process; other paths are for tests.
  package init(
    groups: ControlGroups = ControlGroups(), information: String = Platform.freeMemory
  ) {
    self.groups = groups
    self.information = information
  }

  /// Bytes: the least of what the system has without swapping, what control groups leave, and what
  /// the process may map; nil if nothing of that is known.
  package var bytes: Int? {
    (groups.folders(controller: "memory").compactMap(AvailableMemory.left)
      + [system, addressSpace].compactMap { $0 }).min()
  }

  /// MemAvailable in proc(5), in units of 1,024 bytes.
  private var system: Int? {
    let lines =
      ControlGroups.text(of: information, limit: 1 << 14)?.split(separator: "\n") ?? []
    guard let line = lines.first(where: { $0.hasPrefix("MemAvailable:") }) else { return nil }
    let fields = line.split(separator: " ")
    guard fields.count == 3, let units = ControlGroups.number(fields[1]) else { return nil }
    return units.multipliedReportingOverflow(by: 1024).partialValue
  }

  /// A group's limit less what it uses.
  ///
  /// Pages of files that have not been used for a while do not count: they are given back.
  private static func left(_ group: ControlGroups.Group) -> Int? {
    let names =
      group.isUnified
      ? ("memory.max", "memory.current", "inactive_file ")
      : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")
    guard let limit = ControlGroups.number(in: group.path + "/" + names.0) else { return nil }
    let used = ControlGroups.number(in: group.path + "/" + names.1) ?? 0
    let statistics = ControlGroups.text(of: group.path + "/memory.stat", limit: 1 << 16) ?? ""
    let files =
      statistics.split(separator: "\n").first { $0.hasPrefix(names.2) }
      .flatMap { ControlGroups.number($0.dropFirst(names.2.count)) } ?? 0
    return max(0, limit - max(0, used - files))
  }

  /// If addresses are limited, lets all threads use one heap.
  ///
  /// A heap a thread reserves 64 MB of addresses, or none where these are short: what is left would
  /// depend on the limit in jumps. For the start of a program, before it has threads.
  package static func shareHeapWhereLimited() {
    if Platform.addressLimit != nil { csystem_share_heap() }
  }

  /// The address space left by RLIMIT_AS; nil without a limit.
  private var addressSpace: Int? {
    Platform.addressLimit.map { max(0, $0 - Platform.mappedBytes) }
  }
}
