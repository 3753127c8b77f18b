import Commands
import Foundation
import Testing

/// The forms and exit codes of `cnnctl check`; what it finds is tested where it is found.
@Suite struct CheckTests {
  /// A dataset with a leak, a duplicate and a hidden file.
  private func flawed() throws -> TinyDataset {
    let data = try TinyDataset()
    let picture = try bytes(of: data.path + "/training_set/cats/0.png")
    try write(picture, to: data.path + "/test_set/cats/copy.png")
    let other = try bytes(of: data.path + "/training_set/dogs/1.png")
    try write(other, to: data.path + "/training_set/dogs/copy.png")
    try write([0], to: data.path + "/training_set/.DS_Store")
    return data
  }

  @Test func `A clean dataset: counts, what the pictures are, and the verdict`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl("check", data.path)
    #expect(outcome.code == .done)
    #expect(outcome.diagnostics == "")
    let size = outcome.lines.first?.split(separator: ",").last ?? ""
    #expect(
      outcome.output == """
        \(data.path): 32 images,\(size)

        class  training_set  test_set
        ─────────────────────────────
        cats             10         6
        dogs             10         6

        files   32 PNG
        sides   18-18 x 20-20 pixels, median 18 x 20
        shapes  0 landscape, 0 square, 32 portrait

        no errors

        """)
  }

  @Test func `Errors come first, then notes, and the exit code is 1`() throws {
    let data = try flawed()
    let outcome = cnnctl("check", data.path)
    #expect(outcome.code == .conditionFailed)
    #expect(
      outcome.output.hasSuffix(
        """

        errors
          leak (1): the same image in two splits: accuracy on them is meaningless
            training_set/cats/0.png, test_set/cats/copy.png: the same file in train and test

        notes
          duplicate (1): duplicate images
            training_set/dogs/1.png, training_set/dogs/copy.png: the same file
          hidden-file (1): hidden and system files, ignored
            training_set/.DS_Store: ignored

        1 error, 2 notes

        """))
  }

  @Test func `Notes alone are no failure, but with --strict`() throws {
    let data = try flawed()
    try FileManager.default.removeItem(atPath: data.path + "/test_set/cats/copy.png")
    let lenient = cnnctl("check", data.path)
    #expect(lenient.code == .done)
    #expect(lenient.lines.last == "no errors, 2 notes")
    let strict = cnnctl("check", data.path, "--strict")
    #expect(strict.code == .conditionFailed)
    #expect(strict.lines.last == "2 errors (notes count as errors)")
    #expect(!strict.lines.contains("notes"))
    let json = try object(cnnctl("check", data.path, "--strict", "--json").output)
    #expect((json["errors"] as? [[String: Any]])?.count == 2)
    #expect((json["notes"] as? [[String: Any]])?.isEmpty == true)
  }

  @Test func `JSON is one object on one line`() throws {
    let data = try flawed()
    try write(Array("no picture".utf8), to: data.path + "/test_set/dogs/bad.jpg")
    let outcome = cnnctl("check", data.path, "--json")
    #expect(outcome.code == .conditionFailed)
    #expect(outcome.lines.count == 1)
    let json = try object(outcome.output)
    #expect(
      Set(json.keys) == [
        "dataset", "images", "decoded", "bytes", "classes", "splits", "kinds", "traits", "width",
        "height", "shapes", "searches_cut_short", "passed_over", "strict", "errors", "notes",
      ])
    #expect(json["images"] as? Int == 35)
    #expect(json["decoded"] as? Int == 34)
    #expect(json["strict"] as? Bool == false)
    #expect(json["searches_cut_short"] as? Int == 0)
    let splits = try #require(json["splits"] as? [[String: Any]])
    #expect(splits.map { $0["split"] as? String } == ["train", "test"])
    #expect(splits[0]["folder"] as? String == "training_set")
    #expect(splits[0]["per_class"] as? [String: Int] == ["cats": 10, "dogs": 11])
    let errors = try #require(json["errors"] as? [[String: Any]])
    #expect(errors.map { $0["kind"] as? String } == ["undecodable", "leak"])
    #expect(errors[0]["code"] as? String == "notAnImage")
    #expect(errors[0]["paths"] as? [String] == ["test_set/dogs/bad.jpg"])
    #expect(errors.allSatisfy { $0["severity"] as? String == "error" && $0["message"] != nil })
    let notes = try #require(json["notes"] as? [[String: Any]])
    #expect(notes.map { $0["kind"] as? String } == ["duplicate", "hidden-file"])
  }

  @Test func `Options of every command that a check has no use for are taken and not listed`()
    throws
  {
    let data = try TinyDataset()
    #expect(cnnctl("check", data.path, "--seed", "1", "--conv", "direct").code == .done)
    #expect(cnnctl("check", data.path, "--conv", "fast").code == .usage)
    let page = cnnctl("help", "check").output
    #expect(!page.contains("--seed") && !page.contains("--conv") && page.contains("--isa"))
    let other = cnnctl("help", "bench").output
    #expect(other.contains("--seed") && other.contains("--conv"))
  }

  @Test func `Long lists are cut short, but with -v`() throws {
    let data = try TinyDataset()
    for number in 0..<9 { try write([1], to: data.path + "/training_set/cats/\(number).txt") }
    let short = cnnctl("check", data.path)
    #expect(short.output.contains("  other-file (9): other files, ignored\n"))
    // What is the same of all is said once.
    #expect(
      short.output.contains("cats/4.txt and 4 more (-v lists them): not in an image format"))
    #expect(!short.output.contains("8.txt"))
    let long = cnnctl("check", data.path, "-v")
    #expect(long.output.contains("8.txt"))
    #expect(!long.output.contains("more (-v"))
  }

  @Test func `Names never steer the terminal`() throws {
    let data = try TinyDataset()
    let picture = tinyPicture(red: 1, green: 2, blue: 3, number: 77)
    try write(picture, to: data.path + "/training_set/a\u{1B}]0;b/1.png")
    for words in [["check", data.path], ["check", data.path, "--json"]] {
      let outcome = cnnctl(words)
      #expect(outcome.code == .conditionFailed)
      #expect(!(outcome.output + outcome.diagnostics).utf8.contains(0x1B))
      #expect(outcome.output.contains("class-name"))
    }
  }

  @Test func `Progress goes to standard error of a terminal`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl("check", data.path, "--threads", "1", isTerminal: true)
    #expect(outcome.diagnostics.contains("checking"))
    #expect(!outcome.output.contains("checking"))
    #expect(cnnctl("check", data.path, "-q", isTerminal: true).diagnostics == "")
  }

  @Test func `What cannot be checked has its exit code`() throws {
    let folder = try TemporaryFolder()
    let missing = cnnctl("check", folder.file("none"))
    #expect(missing.code == .noInput)
    #expect(missing.output == "")
    try write([1], to: folder.file("file"))
    #expect(cnnctl("check", folder.file("file")).code == .badData)
    #expect(cnnctl("check").code == .usage)
    #expect(cnnctl("check", folder.path, folder.path).code == .usage)
    #expect(cnnctl("check", folder.path, "--epochs", "3").code == .usage)
    // An empty folder can be checked, and is wrong.
    let empty = cnnctl("check", folder.path)
    #expect(empty.code == .conditionFailed)
    #expect(empty.output.contains("no-classes"))
  }

  @Test func `The limit of pixels is that of the other commands`() throws {
    let data = try TinyDataset()
    let outcome = cnnctl("check", data.path, "--max-pixels", "100")
    #expect(outcome.code == .conditionFailed)
    #expect(outcome.output.contains("undecodable (32)"))
    #expect(outcome.output.contains("holds no image that can be decoded"))
  }

  @Test func `Other files are not said to be no JPEG where more formats are read`() throws {
    let data = try TinyDataset()
    try write(Array("notes".utf8), to: data.path + "/training_set/cats/notes.txt")
    let outcome = cnnctl("check", data.path)
    #expect(
      outcome.output.contains("training_set/cats/notes.txt: not in an image format that is read\n"))
    #expect(!outcome.output.contains("neither"))
  }

  @Test func `A refused layout leads here`() throws {
    let data = try TinyDataset(classes: ["cats"])
    let outcome = cnnctl(data.training())
    #expect(outcome.code == .badData)
    #expect(outcome.diagnostics.contains("try: cnnctl check \(data.path)\n"))
    let check = cnnctl("check", data.path)
    #expect(check.code == .conditionFailed)
    #expect(check.output.contains("one-class (1)"))
  }
}
