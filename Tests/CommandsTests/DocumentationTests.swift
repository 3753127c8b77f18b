import Commands
import Foundation
import Testing
import Training

/// What the documentation says of options is what there is.
@Suite struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Options of other programs, which the texts name too.
  private static let foreign: Set = [
    "--bind-to", "--count", "--cpus-per-task", "--decode-fully", "--disable-testable-imports",
    "--host", "--map-by", "--mca", "--mpi", "--no-deps", "--nodes", "--ntasks-per-node",
    "--package",
    "--product", "--ranks", "--show-bin-path", "--time", "--tolerance",
  ]

  /// The articles, by name, and the front page.
  private func texts() throws -> [String: String] {
    let folder = Self.root.appending(path: "Sources/cnnctl/cnnctl.docc")
    let articles = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".md") }.map { folder.appending(path: $0) }
    return try Dictionary(
      uniqueKeysWithValues: (articles + [Self.root.appending(path: "README.md")]).map {
        ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
      })
  }

  /// The options that a text names.
  private func named(_ text: String) -> Set<String> {
    Set(
      text.matches(of: /(^|[^\w-])(--[a-z][a-z0-9-]*[a-z0-9])(?![-\w])/.anchorsMatchLineEndings())
        .map { String($0.output.2) })
  }

  @Test func `Every option is in the documentation`() throws {
    let articles = try texts().filter { $0.key != "README.md" }.values.map(named)
      .reduce(into: Set()) { $0.formUnion($1) }
    for command in Tool.descriptions {
      for option in command.listed {
        #expect(articles.contains(option.title), "\(option.title) of \(command.name)")
      }
    }
  }

  @Test func `Documentation and help name no option that does not exist`() throws {
    let options = Tool.descriptions.flatMap(\.options)
    let known = Set(
      options.flatMap { option in
        ([option.name] + option.also).map { "--" + $0 }
          + (option.canBeOff ? ["--no-" + option.name] : [])
      } + ["--version"])
    for (name, text) in try texts() {
      #expect(named(text).subtracting(known).subtracting(Self.foreign).sorted() == [], "\(name)")
    }
    for command in Tool.descriptions {
      let page = cnnctl("help", command.name, "--all").output
      #expect(named(page).subtracting(known).sorted() == [], "\(command.name)")
    }
    #expect(named(cnnctl("help").output).subtracting(known) == [])
  }
}
