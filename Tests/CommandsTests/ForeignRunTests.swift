import Commands
import Foundation
import Testing

/// What a stranger's run says, where it could act.
@Suite struct ForeignRunTests {
  @Test func `A report shows no picture that the run did not answer`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let honest = try bytes(of: run + "/report.html").count
    // A stranger's table names files of whoever makes the report.
    let secret = data.folder.file("secret")
    try FileManager.default.createDirectory(atPath: secret, withIntermediateDirectories: true)
    let (answers, digests) = (run + "/test/predictions.csv", run + "/test/pictures.sha256")
    var (table, notes) = (try text(of: answers), try text(of: digests))
    for (number, line) in table.split(separator: "\n").dropFirst().enumerated() {
      let path = String(line.prefix { $0 != "," })
      let name = secret + "/\(number).png"
      try write(tinyPicture(red: 1, green: 2, blue: 3, number: number), to: name)
      table = table.replacingOccurrences(of: path + ",", with: name + ",")
      notes = notes.replacingOccurrences(of: path + "\n", with: name + "\n")
    }
    try write(Array(table.utf8), to: answers)
    let outcome = cnnctl("report", run, "--out", data.folder.file("out"))
    #expect(outcome.code == .done && outcome.diagnostics.contains("12 of the images to show"))
    #expect(!isThere(data.folder.file("out/test/examples.png")))
    #expect(try bytes(of: data.folder.file("out/report.html")).count < honest)
    // Digests of other pictures are of no use either.
    #expect(notes.contains(secret))
    try write(Array(notes.utf8), to: digests)
    _ = cnnctl("report", run, "--out", data.folder.file("again"))
    #expect(!isThere(data.folder.file("again/test/examples.png")))
    // Whoever names the folder himself says that it may be shown.
    let named = cnnctl("report", run, secret, "--out", data.folder.file("named"))
    #expect(named.code == .done, "\(named.diagnostics)")
    #expect(isThere(data.folder.file("named/test/examples.png")))
  }

  @Test func `Images that have moved are shown from the folder that is named`() throws {
    let data = try TinyDataset()
    let run = try data.trained(plots: true)
    let page = try bytes(of: run + "/report.html")
    let moved = data.folder.file("moved")
    try FileManager.default.moveItem(atPath: data.path, toPath: moved)
    #expect(cnnctl("report", run).diagnostics.contains("of the images to show"))
    let outcome = cnnctl("report", run, moved)
    #expect(outcome.code == .done && outcome.diagnostics.isEmpty, "\(outcome.diagnostics)")
    #expect(try bytes(of: run + "/report.html") == page)
    #expect(cnnctl("report", run, data.folder.file("nowhere")).code == .noInput)
  }

  @Test func `Names that spreadsheets take for formulas are text in every table, and read back`()
    throws
  {
    let data = try TinyDataset(classes: ["=cmd|' !A0", "-dash", "cats"])
    let run = try data.trained(plots: true)
    let photo = data.path + "/test_set/cats/1000.png"
    let other = try data.trained("--seed", "7", out: "other")
    let compared = cnnctl(
      "compare", run, other, "--out", data.folder.file("compared"), "--no-plots")
    #expect(compared.code == .done, "\(compared.diagnostics)")
    let answers = cnnctl("predict", photo, "--model", run, "--format", "csv")
    for text in [
      try text(of: run + "/test/predictions.csv"), try text(of: run + "/test/confusion_matrix.csv"),
      try text(of: data.folder.file("compared/predictions.csv")), answers.output,
    ] {
      for field in text.split(whereSeparator: { ",\n".contains($0) }) {
        let start = field.drop { $0 == "\"" }.first ?? "x"
        #expect(!"=+-@".contains(start) || Double(field) != nil, "\(field)")
      }
      #expect(text.contains("=cmd|' !A0"))
    }
    #expect(cnnctl("report", run).diagnostics.isEmpty)
  }

  @Test func `A network's name that a shell would run stands in quotes in the log`() throws {
    let data = try TinyDataset()
    let named = try text(of: data.network).replacingOccurrences(
      of: "\"tiny\"", with: "\"$(touch pwned)\"")
    try write(Array(named.utf8), to: data.network)
    let run = try data.trained()
    let log = try text(of: run + "/log.txt")
    #expect(log.contains("'$(touch pwned)'"), "\(log)")
    let bad = named.replacingOccurrences(of: "touch", with: "\\u001b\\n")
    try write(Array(bad.utf8), to: data.network)
    let outcome = cnnctl(data.training("--no-plots", out: "bad"))
    #expect(outcome.code != .done && outcome.diagnostics.contains("architecture.name"))
    #expect(!outcome.diagnostics.contains("\u{1b}"))
  }
}
