import Primitives
import Testing

@Suite struct FileNameTests {
  /// Names that hold every kind of byte beside each other, those of the private scalars among them.
  private static let names: [[UInt8]] = {
    let pieces: [[UInt8]] = [
      Array("a".utf8), Array("é".utf8), Array("猫".utf8), Array("😀".utf8), [0x80], [0xFF], [0xC3],
      [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xF4, 0x8F, 0xBA, 0x80], [0xF4, 0x8F, 0xBB, 0xBF],
      [0xF4, 0x8F, 0xB8, 0x80], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0x5C], Array("\\xff".utf8),
      Array("\\x5c".utf8), Array("x".utf8),
    ]
    return pieces + pieces.flatMap { a in pieces.flatMap { b in [a + b, a + [0x41] + b] } }
  }()

  @Test("Every name comes back from its text byte for byte, and no two names share one")
  func bijective() {
    var seen: [[UInt8]: [UInt8]] = [:]
    for name in FileNameTests.names {
      let text = String(fileName: name)
      #expect(text.fileNameBytes == name)
      #expect(systemPath(text).map(UInt8.init(bitPattern:)) == name + [0])
      let other = seen.updateValue(name, forKey: Array(text.utf8))
      #expect(other == nil || other == name)
    }
  }

  @Test("A name that is UTF-8 is its own text")
  func plain() {
    for name in ["photo.jpg", "猫 😀.png", "e\u{301}", ""] {
      #expect(Array(String(fileName: Array(name.utf8)).utf8) == Array(name.utf8))
    }
  }

  @Test("A terminal is shown the bytes, and the spelling in tables comes back")
  func shown() {
    let name = String(fileName: [0x78, 0xFF, 0x09])
    #expect(terminalSafe(name) == "x\\xff\\t")
    #expect(name.spelledFileName == "x\\xff\t")
    #expect("a\\xff\\b".spelledFileName == "a\\x5cxff\\b")
    for name in FileNameTests.names {
      let text = String(fileName: name)
      let spelled = text.spelledFileName
      #expect(!spelled.unicodeScalars.contains { fileNameByte($0) != nil })
      #expect(Array(String(spelledFileName: spelled).utf8) == Array(text.utf8))
    }
  }

  @Test("A row of a table gives back the names that went in")
  func rows() throws {
    let row = FileNameTests.names.map { String(fileName: $0) }
    let rows = try CSV.rows(Array(CSV.row(row).utf8))
    #expect(rows.map { $0.map { Array($0.utf8) } } == [row.map { Array($0.utf8) }])
  }

  @Test("A shell is given the bytes")
  func shell() {
    #expect(terminalSafe(shellWord(String(fileName: [0x61, 0x27, 0xFF]))) == "$'a\\'\\xff'")
    #expect(shellWord("a b") == "'a b'")
  }
}
