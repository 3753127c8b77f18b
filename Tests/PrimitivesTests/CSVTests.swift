import Primitives
import Testing

@Suite struct CSVTests {
  private func rows(_ text: String) throws(CSVError) -> [[String]] {
    try CSV.rows(Array(text.utf8))
  }

  @Test func `What is written is read back, whatever the fields hold`() throws {
    let table = [
      ["path", "a,b", "c\"d"], ["line\nend", "\r", "\"\""], ["", "é \u{1F600}", ","],
    ]
    #expect(try rows(table.map(CSV.row).joined()) == table)
    #expect(try rows("").isEmpty)
  }

  @Test(arguments: [
    ("a,b\nc", 2), ("a,b\nc,d", 2), ("a\n\"b\nc", 2), ("a\n\"b\"c\n", 2), ("a\nb\"c\"\n", 2),
    ("a,b\nc,d,e\n", 2), ("\"a\nb\"\nc,d\n", 3), ("a\r\n", 1),
  ])
  func `What is no table is refused with its line`(text: String, line: Int) {
    #expect { try rows(text) } throws: { ($0 as? CSVError)?.line == line }
  }

  @Test(arguments: [
    "=cmd|' !A0", "+1", "-1", "@SUM(A1)", "'=1", "''-x", "＝1", "cats", "'quoted'", "", "a=b",
  ])
  func `A name is no formula, and is read back`(name: String) {
    let field = CSV.name(name)
    #expect(!["=", "+", "-", "@", "＝"].contains(field.prefix(1)), "\(field)")
    #expect(CSV.read(name: field) == name)
    #expect(field == name || name.first.map { "=+-@＝'".contains($0) } == true)
  }

  @Test func `What steers a terminal is spelled out in names and paths`() {
    #expect(CSV.name("a\u{1b}[2J\tb") == "a\\u{1b}[2J\\tb")
    #expect(CSV.path("a\nb/c\u{202e}.png") == "a\\nb/c\\u{202e}.png")
  }

  @Test func `A path that would be a formula leads to the same file`() {
    #expect(CSV.path("=cmd/1.png") == "./=cmd/1.png" && CSV.path("-x.png") == "./-x.png")
    #expect(CSV.path("a/=b.png") == "a/=b.png" && CSV.path("/=b") == "/=b")
  }

  @Test func `Bytes that are no UTF-8 are refused`() {
    #expect(throws: CSVError.self) { try CSV.rows([0x61, 0xFF, 0x0A]) }
  }
}
