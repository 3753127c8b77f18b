import Primitives
import Testing

@Suite struct TerminalTextTests {
  @Test func `names that could steer a terminal are spelled out`() {
    #expect(terminalSafe("a\u{202E}b\n\t\r") == "a\\u{202e}b\\n\\t\\r")
    #expect(terminalSafe("\u{1B}]0;owned\u{7}\u{9B}") == "\\u{1b}]0;owned\\u{7}\\u{9b}")
  }

  @Test func `names in any script stay as they are`() {
    for name in ["żółć 猫.jpg", "gatos ñ", "قط", "🐈‍⬛", ""] { #expect(terminalSafe(name) == name) }
  }
}
