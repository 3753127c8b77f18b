import Interchange
import Testing

struct ExportFormatTests {
  @Test("A format's name is what --format takes")
  func names() {
    #expect(ExportFormat(rawValue: "safetensors") == .safetensors)
  }
}
