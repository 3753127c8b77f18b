import Commands
import Foundation
import TestSupport
import Testing
import Training

/// The manual pages say what help says, in roff.
@Suite struct ManualTests {
  /// The words of a page without macros and escape sequences.
  private func words(_ page: String) -> String {
    page.split(separator: "\n").map { line in
      let macros = [".B ", ".BR ", ".SH ", ".TP", ".PP", ".TH ", ".nh", ".ad l"]
      let rest = macros.first(where: line.hasPrefix).map { line.dropFirst($0.count) } ?? line
      return rest.replacing("\\&", with: "").replacing("\\%", with: "")
        .replacing("\\(aq", with: "'").replacing("\\(dq", with: "\"")
        .replacing("\\-", with: "-").replacing("\\e", with: "\\")
    }.joined(separator: " ").split(separator: " ").joined(separator: " ")
  }

  @Test(arguments: Tool.descriptions.map(\.name))
  func `A page has every option and heading of help`(name: String) throws {
    let command = try #require(Tool.description(of: name))
    let manual = words(cnnctl("manual", command.name).output)
    for option in command.listed {
      #expect(manual.contains(option.title))
      #expect(manual.contains(option.help), "\(option.title)")
    }
    let help = cnnctl("help", command.name, "--all", variables: ["COLUMNS": "100"]).output
    let headings = help.split(separator: "\n").filter {
      $0.hasSuffix(" options:") || $0 == "Examples:"
    }
    for heading in headings { #expect(manual.contains(heading.dropLast().uppercased())) }
  }

  @Test func `No line of text can be taken for a request`() {
    let known = ["TH", "SH", "PP", "TP", "B", "BR", "nh", "ad"]
    for name in [""] + Tool.descriptions.map(\.name) {
      let page = cnnctl(["manual"] + (name.isEmpty ? [] : [name])).output
      for line in page.split(separator: "\n") {
        #expect(!line.hasPrefix("'"))
        if line.hasPrefix(".") {
          #expect(known.contains(String(line.dropFirst().prefix { $0 != " " })), "\(line)")
        }
      }
    }
  }

  /// groff, where there is one, is the judge of the macros.
  @Test func `groff formats every page without a warning`() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/groff") else { return }
    let folder = try TemporaryFolder()
    #expect(cnnctl("manual", "--into", folder.path).code == .done)
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.file("man1"))
    #expect(pages.count == Tool.descriptions.count + 1)
    for page in pages {
      let groff = Process()
      groff.executableURL = URL(fileURLWithPath: "/usr/bin/groff")
      groff.arguments = ["-man", "-ww", "-Tascii", "-z", folder.file("man1/\(page)")]
      let messages = Pipe()
      groff.standardError = messages
      try groff.run()
      let text = String(
        decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      groff.waitUntilExit()
      #expect(groff.terminationStatus == 0)
      #expect(text == "", "\(page)")
    }
  }

  @Test func `All pages and one page are two different wishes`() throws {
    let folder = try TemporaryFolder()
    let outcome = cnnctl("manual", "train", "--into", folder.path)
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("found: train\n"))
  }

  @Test func `A folder that cannot be made is said`() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(fileURLWithPath: folder.file("file")))
    #expect(cnnctl("manual", "--into", folder.file("file")).code == .cannotCreate)
  }
}
