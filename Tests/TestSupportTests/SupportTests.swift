import Glibc
import TestSupport
import Testing

@Suite("Test support")
struct SupportTests {
  @Test func `a guarded buffer starts as NaN and shows a write outside`() {
    for misalignment in [0, 1, 7] {
      let buffer = GuardedBuffer(count: 5, misalignment: misalignment)
      #expect(buffer.values.count == 5)
      #expect(buffer.values.allSatisfy { $0.isNaN })
      for index in 0..<5 { buffer.floats[index] = 1 }
      #expect(buffer.damage == nil)
      buffer.pointer[5] = 0
      #expect(buffer.damage == 5)
    }
  }

  @Test func `a made-up tree holds what was written, and goes with its owner`() throws {
    var tree: MadeUpTree? = try MadeUpTree()
    let path = try #require(tree?.path)
    try tree?.write("one", to: "a/b/c")
    try tree?.write("two", to: "a/b/c")
    try tree?.write("", to: "d")
    let file = try #require(fopen(path + "/a/b/c", "r"))
    var bytes = [CChar](repeating: 0, count: 10)
    #expect(fread(&bytes, 1, 9, file) == 3 && strcmp(bytes, "two") == 0)
    fclose(file)
    #expect(throws: (any Error).self) { try tree?.write("", to: "d/e") }
    tree = nil
    #expect(access(path, F_OK) != 0)
  }

  @Test func `a write before the first float shows`() {
    let buffer = GuardedBuffer([1, 2, 3])
    buffer.pointer[-1] = .nan
    #expect(buffer.damage == -1)
    #expect(buffer.values == [1, 2, 3])
  }

  @Test func `random values repeat with their seed and salt alone`() {
    var first = RandomValues(seed: 3, salt: 1)
    var again = RandomValues(seed: 3, salt: 1)
    var other = RandomValues(seed: 3, salt: 2)
    let values = first.floats(100)
    #expect(again.floats(100) == values)
    #expect(other.floats(100) != values)
    #expect(values.allSatisfy { -1...1 ~= $0 })
  }

  @Test func `separated values keep their distance`() {
    var random = RandomValues(seed: 4)
    let sorted = random.separated(101, gap: 0.1).sorted()
    for (low, high) in zip(sorted, sorted.dropFirst()) { #expect(high - low > 0.099) }
    #expect(sorted.allSatisfy { abs($0) > 0.049 })
  }

  @Test func `a fixture gives back what was written and refuses a damaged file`() throws {
    let bytes: [UInt8] =
      Array("GOLDEN01".utf8) + [1, 0, 0, 0] + [2, 0, 0, 0] + Array("xy".utf8)
      + [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0] + [0, 0, 0x80, 0x3F] + [0, 0, 0x20, 0xC0]
    try withFile(bytes) { path in
      let fixture = try Fixture(path: path)
      #expect(fixture.names == ["xy"])
      #expect(try fixture.tensor("xy").shape == [1, 2])
      #expect(try fixture.values("xy") == [1, -2.5])
      #expect(fixture.names(after: "x") == ["y"])
      #expect(throws: FixtureError.self) { try fixture.tensor("z") }
      #expect(throws: FixtureError.self) { try fixture.scalar("xy") }
    }
    for damaged in [Array(bytes.dropLast()), bytes + [0], Array(bytes.dropFirst())] {
      try withFile(damaged) { path in
        #expect(throws: FixtureError.self) { try Fixture(path: path) }
      }
    }
    #expect(throws: FixtureError.self) { try Fixture(path: "/nonexistent/fixture") }
  }

  private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    var template = Array("/tmp/cnnctl-fixture-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    try #require(written == bytes.count)
    try body(path)
  }
}
