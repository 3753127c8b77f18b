import Glibc
import Primitives
import Testing

/// Made-up control groups and system files.
@Suite struct AvailableMemoryTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/cnnctl-memory-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func write(_ text: String, to path: String) throws {
    let parts = path.split(separator: "/")
    for count in 1..<max(1, parts.count) {
      mkdir(folder + "/" + parts.prefix(count).joined(separator: "/"), 0o755)
    }
    let file = try #require(fopen(folder + "/" + path, "w"))
    fwrite(text, 1, text.utf8.count, file)
    fclose(file)
  }

  private func available(_ membership: String) throws -> Int? {
    try write(membership, to: "membership")
    return AvailableMemory(
      groups: ControlGroups(root: folder + "/root", membership: folder + "/membership"),
      information: folder + "/meminfo"
    ).bytes
  }

  @Test("The least of the system's and every group's memory counts, version 2")
  func unified() throws {
    try write("MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable:    8000 kB\n", to: "meminfo")
    #expect(try available("0::/\n") == 8000 * 1024)
    try write("max\n", to: "root/a/memory.max")
    try write("3000000\n", to: "root/memory.max")
    try write("1000000\n", to: "root/memory.current")
    #expect(try available("0::/a\n") == 2_000_000)
    try write("anon 100\ninactive_file 400000\nactive_file 7\n", to: "root/memory.stat")
    #expect(try available("0::/a\n") == 2_400_000)
    try write("500\n", to: "root/a/memory.max")
    try write("9000\n", to: "root/a/memory.current")
    #expect(try available("0::/a\n") == 0)
  }

  @Test("Version 1 has files of other names below the controller's folder")
  func version1() throws {
    try write("MemAvailable: 8000 kB\n", to: "meminfo")
    try write("5000000\n", to: "root/memory/box/memory.limit_in_bytes")
    try write("1000000\n", to: "root/memory/box/memory.usage_in_bytes")
    try write("total_inactive_file 250000\n", to: "root/memory/box/memory.stat")
    #expect(try available("3:cpu:/box\n4:memory:/box\n") == 4_250_000)
    #expect(try available("3:cpu:/box\n") == 8000 * 1024)
  }

  @Test("Without files nothing is known, and this system knows something")
  func unknown() throws {
    #expect(try available("") == nil)
    for text in ["", "MemAvailable:\n", "MemAvailable: x kB\n", "MemAvailable: -5 kB\n"] {
      try write(text, to: "meminfo")
      #expect(try available("") == nil, "\(text)")
    }
    #expect(try #require(AvailableMemory().bytes) > 1_000_000)
  }
}
