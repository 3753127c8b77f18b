import Commands
import Foundation
import Testing

@Suite struct PredictTests {
  private let data: TinyDataset
  private let run: String
  private let cat: String
  private let dog: String
  private let bad: String

  init() throws { (data, run, cat, dog, bad) = try trainedPhotos() }

  @Test func `Text is one line an input, in input order`() throws {
    let outcome = cnnctl("predict", dog, cat, dog, "--model", run)
    #expect(outcome.code == .done, "\(outcome.diagnostics)")
    #expect(outcome.lines.count == 3)
    for (line, path) in zip(outcome.lines, [dog, cat, dog]) {
      let rest = line.dropFirst(path.count)
      #expect(line.hasPrefix(path))
      #expect(rest.wholeMatch(of: /: (cats|dogs) \d+\.\d %/) != nil, "\(line)")
    }
    // Which model answers, and how often each class was the answer.
    let said = outcome.diagnostics.split(separator: "\n")
    #expect(said.count == 2 && said[0].hasPrefix("model"))
    let counts = Dictionary(
      grouping: outcome.lines.compactMap { $0.split(separator: " ").dropLast(2).last },
      by: { $0 }
    ).mapValues(\.count)
    for (label, count) in counts { #expect(said[1].contains("\(label) \(count)")) }
  }

  @Test func `With --top-k every listed class has an indented line`() {
    let outcome = cnnctl("predict", cat, "--model", run, "--top-k", "2")
    #expect(outcome.lines.count == 3)
    #expect(outcome.lines[1].wholeMatch(of: #/  (cats|dogs) \d+\.\d %/#) != nil)
    #expect(outcome.lines[0].hasSuffix(outcome.lines[1].dropFirst(2)))
  }

  @Test func `A bad file gets an error record, the others go on, the exit code is 1`() throws {
    let outcome = cnnctl("predict", cat, bad, "missing.png", dog, "--model", run, "--json")
    #expect(outcome.code == .conditionFailed)
    let records = try outcome.lines.map(object)
    #expect(records.map { $0["path"] as? String } == [cat, bad, "missing.png", dog])
    for record in records {
      #expect(
        Set(record.keys) == [
          "path", "label", "index", "probability", "top", "abstained", "model", "error",
        ])
    }
    let good = records[0]
    #expect(good["error"] is NSNull)
    #expect(good["abstained"] as? Bool == false)
    #expect(["cats", "dogs"].contains(good["label"] as? String))
    #expect((good["top"] as? [[String: Any]])?.count == 1)
    let failure = try #require(records[1]["error"] as? [String: Any])
    #expect(failure["code"] as? String == "notAnImage")
    #expect(failure["message"] as? String != nil)
    #expect((records[2]["error"] as? [String: Any])?["code"] as? String == "unreadable")
    #expect(records[1]["label"] is NSNull && records[1]["top"] is NSNull)
    #expect(outcome.diagnostics.contains("error: 2 of 4 images could not be read"))
  }

  @Test func `Paths that all lead nowhere are exit code 66, with a record each`() {
    let outcome = cnnctl("predict", "gone-1.jpg", "gone-2.jpg", "--model", run)
    #expect(outcome.code == .noInput)
    #expect(outcome.lines.count == 2)
  }

  @Test func `In text and CSV a bad file has its line too`() {
    let text = cnnctl("predict", bad, cat, "--model", run)
    #expect(text.lines.count == 2)
    #expect(text.lines[0].hasPrefix("\(bad): error: "))
    let csv = cnnctl("predict", bad, cat, "--model", run, "--format", "csv")
    #expect(csv.lines[0] == "path,label,probability,p_cats,p_dogs,error,abstained")
    #expect(csv.lines[1].hasPrefix("\(bad),,,,,"))
    #expect(csv.lines[1].hasSuffix(","))
    #expect(csv.lines[2].hasSuffix(",,false"))
  }

  @Test func `Below --abstain-below the answer is don't know, in every form, and the exit code 0`()
    throws
  {
    let sure = try cnnctl("predict", cat, dog, "--model", run, "--json").lines.map {
      try #require(object($0)["probability"] as? Double)
    }
    // Between the two, so that one is an answer and the other none.
    let threshold = "\((sure[0] + sure[1]) / 2)"
    try #require(sure[0] != sure[1])
    let words = ["predict", cat, bad, dog, "--model", run, "--abstain-below", threshold]
    let text = cnnctl(words)
    #expect(text.code == .conditionFailed, "the bad one")
    for (line, probability) in zip([text.lines[0], text.lines[2]], sure) {
      let form =
        probability < sure.max() ?? 0
        ? #/.*: don't know \((cats|dogs) \d+\.\d %\)/# : #/.*: (cats|dogs) \d+\.\d %/#
      #expect(line.wholeMatch(of: form) != nil, "\(line)")
    }
    #expect(text.diagnostics.contains("1 don't know"))
    let records = try cnnctl(words + ["--json"]).lines.map(object)
    #expect(records[1]["abstained"] is NSNull)
    #expect(
      [records[0], records[2]].map { $0["abstained"] as? Bool } == sure.map { $0 < sure.max() ?? 0 }
    )
    #expect(records[0]["label"] as? String != nil)
    let csv = cnnctl(words + ["--format", "csv"])
    #expect(csv.lines[2].hasSuffix(","))
    #expect(
      [csv.lines[1], csv.lines[3]].map { $0.hasSuffix(",true") }
        == sure.map { $0 < sure.max() ?? 0 })
    let none = cnnctl("predict", cat, "--model", run, "--abstain-below", "1")
    #expect(none.code == .done && none.output.contains("don't know"))
    let off = cnnctl("predict", cat, "--model", run, "--no-abstain-below")
    #expect(off.code == .done && !off.output.contains("don't know"))
    for value in ["1.1", "-0.1", "nan", "x"] {
      #expect(cnnctl("predict", cat, "--abstain-below", value).code == .usage)
    }
  }

  @Test func `JSON is one array`() throws {
    let outcome = cnnctl("predict", cat, bad, dog, "--model", run, "--format", "json")
    let array = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
    #expect(array.map { $0["path"] as? String } == [cat, bad, dog])
  }

  @Test func `Lists come from standard input by line and by NUL`() {
    let plain = cnnctl("predict", cat, dog, "--model", run).output
    #expect(cnnctl(["predict", "-", "--model", run], input: "\(cat)\n\n\(dog)").output == plain)
    #expect(
      cnnctl(["predict", "-", "--model", run], input: "\(cat)\r\n\(dog)\r\n").output == plain)
    #expect(
      cnnctl(["predict", "-0", "--model", run], input: "\(cat)\0\(dog)\0").output == plain)
    #expect(cnnctl(["predict", cat, "-", "--model", run], input: "\(dog)\n").output == plain)
    let none = cnnctl(["predict", "-", "--model", run], input: "")
    #expect(none.code == .done && none.output == "")
  }

  @Test func `A folder needs -r, and the advice says so`() {
    let refused = cnnctl("predict", data.path + "/test_set", cat, "--model", run)
    #expect(refused.code == .conditionFailed)
    #expect(refused.lines.count == 2)
    #expect(refused.diagnostics.contains("try: cnnctl predict -r \(data.path)/test_set\n"))
    let taken = cnnctl("predict", "-r", data.path + "/test_set", "--model", run)
    #expect(taken.code == .done)
    #expect(taken.lines.count == 12)
    #expect(taken.lines == taken.lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  @Test func `Files and folders are answered in the order in which they are named`() {
    let (cats, dogs) = (data.path + "/test_set/cats", data.path + "/test_set/dogs/")
    let outcome = cnnctl("predict", "-r", dogs, cat, cats, "--model", run, "--format", "csv")
    let paths = outcome.lines.dropFirst().map { line in String(line.prefix { $0 != "," }) }
    #expect(paths.count == 13 && paths[6] == cat)
    #expect(paths[..<6].allSatisfy { $0.hasPrefix(dogs) && !$0.contains("//") })
    #expect(paths[7...].allSatisfy { $0.hasPrefix(cats + "/") })
  }

  @Test func `Folders that lead back to themselves end, hidden files are ignored`() throws {
    let folder = data.folder.file("more")
    try write(tinyPicture(red: 9, green: 9, blue: 9, number: 1), to: folder + "/sub/a.PNG")
    try write([1], to: folder + "/.hidden.png")
    try write([1], to: folder + "/notes.txt")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/sub/back", withDestinationPath: folder)
    let outcome = cnnctl("predict", "-r", folder, "--model", run)
    #expect(outcome.code == .done)
    #expect(outcome.lines.count == 1)
  }

  @Test func `-o writes a file, and one that cannot be created is exit code 73`() throws {
    let file = data.folder.file("answers.csv")
    let outcome = cnnctl("predict", cat, "--model", run, "--format", "csv", "-o", file)
    #expect(outcome.code == .done)
    #expect(outcome.output == "")
    #expect(try text(of: file).hasPrefix("path,label"))
    let refused = cnnctl("predict", cat, "--model", run, "-o", bad + "/answers.csv")
    #expect(refused.code == .cannotCreate)
    #expect(refused.diagnostics.contains("error: cannot write \(bad)/answers.csv"))
  }

  @Test func `Standard output that fails is exit code 74`() {
    let outcome = cnnctl(
      ["predict", cat, "--model", run],
      outputFailure: StreamError(number: 28, name: "standard output"))
    #expect(outcome.code == .io)
    #expect(outcome.diagnostics.contains("error: standard output: no space left on device"))
  }

  @Test func `Nobody left to read ends quietly, with the line of progress taken away`() {
    let gone = StreamError(number: 32, name: "standard output")
    let outcome = cnnctl(
      ["predict", cat, "--model", run], isTerminal: true, outputFailure: gone)
    #expect(outcome.code == .pipeClosed)
    #expect(!outcome.diagnostics.contains("error"))
    #expect(outcome.diagnostics.hasSuffix("\r\u{1b}[K"))
  }

  @Test func `Progress over a folder knows how many there are, over a pipe it does not`() throws {
    let folder = cnnctl(
      ["predict", "-r", data.path, "--model", run], variables: ["LANG": "C"], isTerminal: true)
    #expect(folder.code == .done)
    #expect(folder.diagnostics.contains("predicting  1/32 "))
    #expect(folder.lines.count == 32)
    let piped = cnnctl(
      ["predict", "-", "--model", run], input: cat + "\n" + dog + "\n", isTerminal: true)
    #expect(piped.diagnostics.contains("predicting  1  "))
    #expect(!piped.diagnostics.contains("predicting  1/"))
  }

  @Test(arguments: [
    ("https://example.org/a.jpg", "; URLs are not downloaded: curl -O https://example.org/a.jpg\n"),
    ("~/a.jpg", "; ~ is not expanded inside quotation marks: use $HOME instead\n"),
    ("photos/*.jpg", "; no file matches this pattern, or it is inside quotation marks\n"),
    ("photos/a.jpg", "cannot be opened: no such file or directory\n"),
  ])
  func `A path that leads nowhere is told what it may be`(path: String, hint: String) {
    let outcome = cnnctl("predict", path, "--model", run)
    #expect(outcome.code == .noInput && outcome.output.hasSuffix(hint), "\(outcome.output)")
  }

  @Test func `--json beside another format is refused`() {
    #expect(cnnctl("predict", cat, "--json", "--format", "csv").code == .usage)
  }

  @Test(arguments: [
    ("a.csv", ["--format", "json"]), ("a.csv", ["--format", "text"]), ("a.csv", ["--json"]),
    ("a.json", ["--format", "csv"]), ("a.ndjson", ["--format", "text"]),
  ])
  func `A file's name and a format that contradict each other are refused`(
    name: String, words: [String]
  ) {
    let file = data.folder.file(name)
    let outcome = cnnctl(["predict", cat, "--model", run, "-o", file] + words)
    #expect(outcome.code == .usage)
    #expect(
      outcome.diagnostics.contains(
        "-o \(file) and \(words.joined(separator: " ")) contradict each other\n"))
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test func `A file of JSON may hold an array or a line per image`() throws {
    for (name, words) in [("a.json", ["--json"]), ("a.txt", ["--format", "csv"])] {
      let file = data.folder.file(name)
      #expect(cnnctl(["predict", cat, "--model", run, "-o", file] + words).code == .done)
      #expect(FileManager.default.fileExists(atPath: file))
    }
    let folder = cnnctl("predict", cat, "--model", run, "-o", data.folder.path)
    #expect(folder.code == .cannotCreate)
    #expect(folder.diagnostics.contains("expected: the name of a file, not of a folder\n"))
    let nowhere = cnnctl("predict", cat, "--model", run, "-o", data.folder.path + "/no/a.csv")
    #expect(nowhere.diagnostics.contains("no such file or directory\nexpected: a file in a folder"))
  }

  @Test func `A name that could steer the terminal is escaped in text and JSON`() throws {
    let path = data.folder.file("odd\u{1b}[2J\nname.png")
    try write(tinyPicture(red: 9, green: 9, blue: 9, number: 1), to: path)
    let text = cnnctl("predict", path, "--model", run)
    #expect(text.lines.count == 1)
    #expect(text.output.contains("odd\\u{1b}[2J\\nname.png"))
    let json = cnnctl("predict", path, "--model", run, "--json")
    #expect(!json.output.contains("\u{1b}"))
    #expect(try object(json.output)["path"] as? String == path)
  }

  @Test func `What a command writes among the photos is no file that it passes over`() throws {
    let folder = data.folder.file("beside")
    try write(tinyPicture(red: 9, green: 9, blue: 9, number: 1), to: folder + "/a.png")
    for words in [
      ["predict", "-o", folder + "/a.csv"], ["embed", "-o", folder + "/b.npy"],
      ["embed", "-o", folder + "/c.features"],
    ] {
      // The second time the file is there before.
      for _ in 0..<2 {
        let outcome = cnnctl(words + ["-r", folder, "--model", run])
        #expect(outcome.code == .done && !outcome.diagnostics.contains("ignored"), "\(words)")
      }
      for name in ["a.csv", "b.npy", "b.csv", "c.features"] {
        try? FileManager.default.removeItem(atPath: folder + "/" + name)
      }
    }
    try write([1], to: folder + "/notes.txt")
    let other = cnnctl("predict", "-r", folder, "--model", run, "-o", folder + "/a.csv")
    #expect(other.diagnostics.contains("ignored 1 file (1 .txt)"))
  }
}
