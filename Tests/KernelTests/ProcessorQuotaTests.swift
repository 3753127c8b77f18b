import Compute
import Glibc
import Primitives
import TestSupport
import Testing

/// Made-up trees of control groups.
@Suite("Processor quota")
struct ProcessorQuotaTests {
  private let tree: MadeUpTree

  init() throws { tree = try MadeUpTree() }

  private func quota(_ membership: String) throws -> Double? {
    try tree.write(membership, to: "membership")
    return ProcessorQuota(
      ControlGroups(root: tree.path + "/root", membership: tree.path + "/membership")
    )
    .processors
  }

  @Test func `the smallest limit from the group up to the root counts`() throws {
    try tree.write("max 100000\n", to: "root/a/b/cpu.max")
    try tree.write("150000 100000\n", to: "root/a/cpu.max")
    try tree.write("400000 100000\n", to: "root/cpu.max")
    try tree.write("50000 100000\n", to: "root/other/cpu.max")
    #expect(try quota("0::/a/b/c\n") == 1.5)
    #expect(try quota("0::/a/b\n") == 1.5)
    #expect(try quota("0::/\n") == 4)
    #expect(try quota("0::/gone/from/here\n") == 4)
    #expect(try quota("0::/other\n") == 0.5)
    #expect(try quota("0::/a/../other\n") == 4)
  }

  @Test(arguments: ["cpu", "cpu,cpuacct"])
  func `version 1 has two files a group, below the controllers' folder`(mount: String) throws {
    try tree.write("-1\n", to: "root/\(mount)/cpu.cfs_quota_us")
    try tree.write("100000\n", to: "root/\(mount)/cpu.cfs_period_us")
    try tree.write("250000\n", to: "root/\(mount)/box/cpu.cfs_quota_us")
    try tree.write("100000\n", to: "root/\(mount)/box/cpu.cfs_period_us")
    let lines = "12:memory:/box\n4:cpu,cpuacct:/box/inner\n1:name=systemd:/box\n"
    #expect(try quota(lines) == 2.5)
    #expect(try quota("4:cpu,cpuacct:/\n") == nil)
    #expect(try quota("3:cpuset:/box\n") == nil)
  }

  @Test func `without files, or with others than the kernel writes, there is no limit`() throws {
    let none = ControlGroups(root: tree.path, membership: tree.path + "/none")
    #expect(ProcessorQuota(none).processors == nil)
    #expect(try quota("0::/\n") == nil)
    let texts = [
      "", "\n", "max\n", "1000\n", "-5 100000\n", "0 100000\n", "1000 0\n", "1e5 100000\n",
      "99999999999999999999 100000\n", "100 100 100\n", "nan 1\n", "\u{661} 2\n",
      "100000 100000" + String(repeating: " ", count: 300),
    ]
    for text in texts {
      try tree.write(text, to: "root/cpu.max")
      #expect(try quota("0::/\n") == nil, "\(text)")
    }
    try tree.write("100000 100000", to: "root/cpu.max")
    for line in ["", "0:", "::", "0::", "\n\n", "x::/", "0:cpu", "a:b:c:d"] {
      let found = try quota(line)
      #expect(found == nil || line == "0::", "\(line)")
    }
    #expect(try quota("0::" + String(repeating: "/a", count: 2_000)) == 1)
    #expect(try quota(String(repeating: "0::/\n", count: 20_000)) == nil)
  }

  @Test func `an engine has at most the processors that the process may run on`() throws {
    let permitted = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    #expect((1...permitted).contains(Engine.usableProcessors))
    #expect(try TestEngine.make(threads: nil).threads == min(1_024, Engine.usableProcessors))
  }
}
