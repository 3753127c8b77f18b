import Primitives
import TestSupport
import Testing

/// Made-up control groups and system files.
@Suite struct AvailableMemoryTests {
  private let tree: MadeUpTree

  init() throws { tree = try MadeUpTree() }

  private func available(_ membership: String) throws -> Int? {
    try tree.write(membership, to: "membership")
    return AvailableMemory(
      groups: ControlGroups(root: tree.path + "/root", membership: tree.path + "/membership"),
      information: tree.path + "/meminfo"
    ).bytes
  }

  @Test("The least of the system's and every group's memory counts, version 2")
  func unified() throws {
    try tree.write("MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable:    8000 kB\n", to: "meminfo")
    #expect(try available("0::/\n") == 8000 * 1024)
    try tree.write("max\n", to: "root/a/memory.max")
    try tree.write("3000000\n", to: "root/memory.max")
    try tree.write("1000000\n", to: "root/memory.current")
    #expect(try available("0::/a\n") == 2_000_000)
    try tree.write("anon 100\ninactive_file 400000\nactive_file 7\n", to: "root/memory.stat")
    #expect(try available("0::/a\n") == 2_400_000)
    try tree.write("500\n", to: "root/a/memory.max")
    try tree.write("9000\n", to: "root/a/memory.current")
    #expect(try available("0::/a\n") == 0)
  }

  @Test("Version 1 has files of other names below the controller's folder")
  func version1() throws {
    try tree.write("MemAvailable: 8000 kB\n", to: "meminfo")
    try tree.write("5000000\n", to: "root/memory/box/memory.limit_in_bytes")
    try tree.write("1000000\n", to: "root/memory/box/memory.usage_in_bytes")
    try tree.write("total_inactive_file 250000\n", to: "root/memory/box/memory.stat")
    #expect(try available("3:cpu:/box\n4:memory:/box\n") == 4_250_000)
    #expect(try available("3:cpu:/box\n") == 8000 * 1024)
  }

  @Test("Without files nothing is known, and this system knows something")
  func unknown() throws {
    #expect(try available("") == nil)
    for text in ["", "MemAvailable:\n", "MemAvailable: x kB\n", "MemAvailable: -5 kB\n"] {
      try tree.write(text, to: "meminfo")
      #expect(try available("") == nil, "\(text)")
    }
    #expect(try #require(AvailableMemory().bytes) > 1_000_000)
  }
}
