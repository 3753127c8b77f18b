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

  @Test func `Bytes that are no UTF-8 are refused`() {
    #expect(throws: CSVError.self) { try CSV.rows([0x61, 0xFF, 0x0A]) }
  }
}
