import Commands
import Foundation
import TestSupport
import Testing
import Training

/// What the shells offer, asked as their scripts ask.
@Suite struct CompletionTests {
  @Test func `Every command is offered, by its first letters`() {
    #expect(
      texts(of: [""]) == Tool.descriptions.map(\.name) + ["--help", "--version"])
    #expect(texts(of: ["ev"]) == ["evaluate"])
    #expect(texts(of: ["nothing", ""]) == [])
  }

  @Test(arguments: Tool.descriptions.map(\.name))
  func `Every option that help lists is offered, and nothing else`(name: String) throws {
    let page = cnnctl("help", name, "--all", variables: ["COLUMNS": "100"]).output
    // "  -o, --output FILE  …" or "      --isa …"; what is further in is the meaning.
    let titles = page.split(separator: "\n")
      .filter { $0.hasPrefix("  -") || $0.hasPrefix("      --") }
      .compactMap { line in
        line.split { " ,=[".contains($0) }.prefix(2).first { $0.hasPrefix("--") }.map(String.init)
      }
    let command = try #require(Tool.description(of: name))
    let negated = command.listed.filter(\.canBeOff).map { "--no-" + $0.name }
    #expect(Set(texts(of: [name, "-"])) == Set(titles + negated))
  }

  @Test(arguments: [
    ["train", "--recipe", ""], ["train", "photos", "--recipe", ""], ["train", "--recipe", "="],
    ["train", "--recipe", "=", ""], ["train", "--epochs", "3", "-q", "--recipe", ""],
  ])
  func `The words of an option are its values`(words: [String]) {
    #expect(texts(of: words).starts(with: ["default", "seed", "seed-bn", "quick", "best"]))
  }

  @Test func `A value in the word of its option is completed there`() {
    #expect(texts(of: ["train", "--recipe=qu"]) == ["--recipe=quick"])
    #expect(texts(of: ["train", "--recipe", "qu"]) == ["quick"])
    #expect(texts(of: ["predict", "--model=cats"]) == ["--model=cats-dogs"])
  }

  @Test func `Presets, commands and shells stand where they are meant`() {
    #expect(texts(of: ["inspect", "mobilenet_v2"]) == ["mobilenet_v2"])
    #expect(texts(of: ["train", "--arch", "resnet5"]) == ["resnet50"])
    #expect(texts(of: ["help", "tr"]) == ["train"])
    #expect(texts(of: ["completions", ""]) == ["bash", "zsh", "fish"])
    #expect(texts(of: ["completions", "bash", ""]) == [])
  }

  @Test func `Imported models are offered by their names`() throws {
    let data = try TemporaryFolder()
    let shelf = data.file("cnnctl/models")
    try FileManager.default.createDirectory(atPath: shelf, withIntermediateDirectories: true)
    for name in ["imagenet", "with space"] {
      try Data().write(to: URL(fileURLWithPath: shelf + "/\(name).safetensors"))
    }
    let variables = ["XDG_DATA_HOME": data.path]
    for words in [
      ["train", "--from", ""], ["predict", "--model", ""], ["models", "--remove", ""],
      ["export", ""], ["compare", "cats-dogs", ""],
    ] {
      let texts = texts(of: words, variables)
      #expect(Set(["cats-dogs", "imagenet", "with space"]).isSubset(of: Set(texts)), "\(words)")
    }
  }

  @Test(arguments: [
    (["train", ""], ":folders"), (["train", "--out", ""], ":folders"),
    (["train", "-o", ""], ":folders"),
    (["predict", ""], ":files"), (["predict", "a.jpg", ""], ":files"),
    (["predict", "-o", ""], ":files"), (["predict", "--", "-x"], ":files"),
    (["similar", "a.jpg", ""], ":folders"), (["similar", "a.jpg", "b", ""], ":folders"),
    (["sort", ""], ":folders"), (["import", ""], ":files"), (["train", "--config", ""], ":files"),
    (["train", "--epochs", ""], ""), (["train", "photos", ""], ""), (["models", ""], ""),
    (["train", "--threads", "2", ""], ":folders"), (["predict", "-q", ""], ":files"),
  ])
  func `Files and folders are asked of the shell where a path is meant`(
    words: [String], paths: String
  ) {
    #expect((lines(of: words).last { $0.hasPrefix(":") } ?? "") == paths)
  }

  @Test func `Every operand and option with a path or a name has candidates`() {
    for command in Tool.descriptions where command.name != "help" {
      for option in command.options where option.placeholder.contains("DIR") {
        #expect(lines(of: [command.name, option.title, ""]).contains(":folders"))
      }
      for option in command.options where option.placeholder.contains("FILE") {
        #expect(lines(of: [command.name, option.title, ""]).contains(":files"))
      }
    }
  }

  @Test func `From the third model on compare takes models and the images' folder`() throws {
    for words in [["b", "c", ""], ["b", "c", "d", "e", ""]] {
      let lines = lines(of: ["compare", "a"] + words)
      #expect(lines.contains { $0.hasPrefix("cats-dogs\t") } && lines.last == ":files", "\(words)")
    }
    #expect(lines(of: ["similar", "photo.jpg", "one", "two", ""]).last == ":folders")
  }

  @Test func `An unknown shell is refused with those that there are`() {
    let outcome = cnnctl("completions", "tcsh")
    #expect(outcome.code == .usage)
    #expect(outcome.diagnostics.contains("expected: bash, zsh, fish\n"))
  }

  private func texts(of words: [String], _ variables: [String: String] = [:]) -> [String] {
    lines(of: words, variables).filter { !$0.hasPrefix(":") }.map {
      String($0.prefix { $0 != "\t" })
    }
  }

  private func lines(of words: [String], _ variables: [String: String] = [:]) -> [String] {
    let outcome = cnnctl(["__complete"] + words, variables: variables)
    #expect(outcome.code == .done)
    #expect(outcome.diagnostics == "")
    return outcome.lines
  }
}
