import Compute
import FoundationEssentials
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

@Suite struct ForeignKindTests {
  private func failure(_ bytes: [UInt8]) throws -> ImageFailure {
    let folder = try TemporaryFolder()
    try folder.write("x.jpg", bytes)
    do throws(ImageFailure) {
      _ = try FileBytes.read("\(folder.path)/x.jpg", onlyImage: true)
      _ = try ImageReader.decode(bytes: bytes)
      Issue.record("a picture")
      throw ImageFailure(.unreadable, "")
    } catch {
      return error
    }
  }

  private static let kinds: [(String, String, [UInt8])] = [
    ("a video", "ffmpeg", [0, 0, 0, 24] + Array("ftypisom\0\0\0\0isommp42".utf8)),
    ("a video", "ffmpeg", [0, 0, 0, 20] + Array("ftypqt  \0\0\0\0qt  ".utf8)),
    ("a RAW photo", "darktable-cli", [0, 0, 0, 24] + Array("ftypcrx \0\0\0\u{1}crx isom".utf8)),
    (
      "a RAW photo", "darktable-cli", Array("II*\0".utf8) + [16, 0, 0, 0] + Array("CR\u{2}\0".utf8)
    ),
    ("a TIFF", "mogrify", Array("II*\0".utf8) + [8, 0, 0, 0, 1, 0]),
    ("a TIFF", "mogrify", Array("MM\0*".utf8) + [0, 0, 0, 8, 0, 1]),
    ("a JPEG XL", "djxl", [0xFF, 0x0A, 0x10, 0x20]),
    ("a JPEG 2000", "opj_decompress", [0, 0, 0, 12] + Array("jP  \r\n".utf8) + [0x87, 0x0A]),
    ("a JPEG 2000", "opj_decompress", [0xFF, 0x4F, 0xFF, 0x51, 0, 41]),
    ("a Photoshop file", "mogrify", Array("8BPS\0\u{1}".utf8)),
    ("an SVG drawing", "rsvg-convert", Array("<?xml version=\"1.0\"?>\n<svg width=\"1\">".utf8)),
    ("a PDF", "pdftoppm", Array("%PDF-1.7\n%".utf8) + [0xE2, 0xE3]),
    ("a ZIP archive", "unzip", Array("PK\u{3}\u{4}".utf8) + [20, 0]),
    ("an archive", "unpack", [0x1F, 0x8B, 8, 0]),
    ("a web page", "download", Array("\n<!DOCTYPE html>\n<html><body>404".utf8)),
    ("a web page", "download", Array("<html><head><title>Sign in</title>".utf8)),
    ("text", "predict - <", Array("photos/katze-é.jpg\nphotos/2.jpg\n".utf8)),
    (
      "a Git LFS pointer", "git lfs pull",
      Array("version https://git-lfs.github.com/spec/v1\n".utf8)
    ),
    ("a macOS metadata file", "._", [0, 5, 0x16, 7, 0, 2, 0, 0]),
    (
      "a PNG with converted line endings", "binary",
      [0x89, 0x50, 0x4E, 0x47, 0x0A, 0x1A, 0x0A, 0, 0]
    ),
    ("no image by its first bytes", "", [1, 2, 3, 4, 5]),
    ("the file is empty", "download it again", []),
  ]

  /// Formats that are text.
  private static let written: Set<String> = [
    "text", "a web page", "an SVG drawing", "a Git LFS pointer",
  ]

  @Test("Every other format is called by its name, with the next step")
  func names() throws {
    for (name, step, bytes) in ForeignKindTests.kinds {
      for more in bytes.isEmpty ? [0] : [0, 2_000_000] {
        // Text stays text, and a file of any size is told by its beginning.
        let filling = [UInt8](
          repeating: ForeignKindTests.written.contains(name) ? 0x20 : 0, count: more)
        let found = try failure(bytes + filling)
        #expect(found.code == (bytes.isEmpty ? .truncated : .notAnImage), "\(name)")
        #expect(found.message.hasPrefix(name), "\(name): \(found.message)")
        #expect(found.message.contains(step), "\(found.message)")
        #expect(found.message.utf8.count < 200 && !found.message.contains("{"))
      }
    }
  }

  @Test("A path that leads nowhere has a hint where its text gives one")
  func paths() {
    func message(_ path: String) -> String {
      do throws(ImageFailure) { _ = try FileBytes.read(path) } catch { return error.message }
      return ""
    }
    #expect(message("https://example.com/x.jpg").contains("curl -O https://example.com/x.jpg"))
    #expect(message("~/x.jpg").contains("$HOME"))
    #expect(message("none.jpg") == "cannot be opened: no such file or directory")
  }

  @Test("More pixels than the limit: both numbers, and the option that reads them")
  func pixels() {
    for file in [JPEG.file(40, 30), PNG.file(40, 30)] {
      do throws(ImageFailure) {
        _ = try ImageReader.decode(bytes: file, maxPixels: 1000)
        Issue.record("decoded")
      } catch {
        #expect(error.code == .tooLarge)
        #expect(error.message.contains("1200") && error.message.contains("1000"))
        #expect(error.message.contains("--max-pixels 1200"))
      }
    }
  }
}

/// What is read of a folder, and what is said of the rest.
@Suite struct PassedOverTests {
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (index, name) in ["a", "b"].enumerated() {
      try folder.write("\(name)/1.png", tinyPNG(index))
    }
    return folder
  }

  @Test("Names without an ending and other images' endings are told by content, texts are not")
  func byContent() throws {
    let folder = try folder()
    let jpeg = JPEG.file(16, 16)
    let read = [
      "1.jfif", "2.jpe", "3.JFIF", "4", "photo.2019-05-03 12.30", "5.webp", "6.HEIC", "7.dat",
      "Mr. Smith", "8.bin", "9.jpg_large",
    ]
    for name in read { try folder.write("a/\(name)", jpeg) }
    let others = ["n.txt", "n.json", "n.zip", "n.jpg.bak", "n.part", "n.jpg~"]
    for name in others { try folder.write("a/\(name)", jpeg) }
    try folder.write("a/q", [1, 2, 3])
    try folder.write("a/r.tif", Array("II*\0".utf8))
    let dataset = try Dataset.open(folder.path)
    let names = Set(dataset.splits[.train]?.map { String($0.relativePath.dropFirst(2)) } ?? [])
    #expect(names == Set(read + ["1.png"]))
    #expect(dataset.ignoredCount == others.count + 2)
    let below = ImageFolder(below: folder.path)
    #expect(below.paths.count == read.count + 2)
    #expect(below.passedOver.count == others.count + 2)
  }

  @Test("The line counts by ending and names the commands")
  func line() throws {
    let folder = try folder()
    for number in 0..<3 {
      try folder.write("a/\(number).PSD", Array("8BPS".utf8))
      try folder.write("b/\(number).tif", Array("II*\0".utf8))
    }
    let files = try Dataset.open(folder.path).passedOver
    #expect(
      files.line
        == "ignored 6 files (3 .PSD, 3 .tif); only JPEG, PNG, WebP, HEIC, AVIF, BMP and GIF are "
        + "read; to convert: mogrify -flatten -format png x.PSD, mogrify -format png x.tif")
    #expect(files.countsByEnding.map(\.ending) == [".psd", ".tif"])
    try folder.write("README.md", [0x41])
    try folder.write("x.jpg", tinyPNG(1))
    let more = try Dataset.open(folder.path).passedOver
    // A text beside the class folders is nobody's photo; a picture there is.
    #expect(more.count == 7 && more.list == "3 .PSD, 3 .tif, 1 .jpg")
    #expect(
      more.line?.hasPrefix(
        "ignored 1 image outside the class folders (1 .jpg) and 6 files (3 .PSD, ")
        == true)
    #expect(PassedOver().line == nil)
    // What could be read is not said to be of the wrong kind.
    let loose = try self.folder()
    try loose.write("x.png", tinyPNG(1))
    try loose.write("y", tinyPNG(2))
    #expect(
      try Dataset.open(loose.path).passedOver.line
        == "ignored 2 images outside the class folders (1 without an ending, 1 .png)")
  }

  @Test("A class without a picture is told what is in it, and how to convert it")
  func emptyClasses() throws {
    let folder = try folder()
    for number in 0..<4 { try folder.write("c/\(number).tif", Array("II*\0".utf8)) }
    let error = try #require(throws: DatasetError.self) { try Dataset.open(folder.path) }
    #expect(error.description.contains("c (4 .tif)"))
    #expect(error.description.contains("mogrify -format png x.tif"))
  }

  @Test("What systems leave beside photos is ignored and named, and is no class")
  func systemFiles() throws {
    let folder = try folder()
    let places = [
      "@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "__MACOSX/a/._1.jpg", "$RECYCLE.BIN/x.jpg",
      "lost+found/x.jpg", "a/@eaDir/x.jpg", "b/.ipynb_checkpoints/1-checkpoint.png",
      "a/Thumbs.db", "b/desktop.ini", "b/._1.png", ".git/x.png",
      "a/System Volume Information/x.png",
    ]
    for place in places { try folder.write(place, tinyPNG(9)) }
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.classes == ["a", "b"])
    #expect(dataset.counts(.train) == [1, 1])
    #expect(dataset.hiddenCount == places.count)
    let engine = try TestEngine.make(threads: 1)
    let report = try DatasetCheck.run(folder.path, workers: engine.workers, kernels: engine.kernels)
    let named = report.findings.filter { $0.kind == .hidden }.flatMap(\.paths)
    #expect(named.count == places.count)
    #expect(named.contains("@eaDir") && named.contains("a/Thumbs.db") && named.contains(".git"))
    #expect(ImageFolder(below: folder.path).paths.count == 2)
  }

  @Test("A folder of pictures that end as pictures do is listed without opening one")
  func unopened() throws {
    let folder = try folder()
    // By their contents these would be no pictures.
    for ending in ["jpg", "JPEG", "png", "jfif", "jpe"] {
      try #require(mkfifo("\(folder.path)/a/pipe.\(ending)", 0o600) == 0)
    }
    try folder.write("a/2.jpg", [])
    try #require(chmod("\(folder.path)/a/2.jpg", 0) == 0)
    #expect(try Dataset.open(folder.path).counts(.train) == [7, 1])
  }

  @Test("Pictures of a folder whose names are not UTF-8 are found")
  func bytes() throws {
    let folder = try folder()
    try folder.makeInvalidName(in: "a", isFolder: true)
    let inner = "\(folder.path)/a/\(String(fileName: [0xFF, 0x41]))"
    let path = systemPath(inner + "/\(String(fileName: [0xE9])).png")
    let file = open(path, O_CREAT | O_WRONLY, 0o644)
    try #require(file >= 0)
    close(file)
    let found = ImageFolder(below: folder.path).paths
    #expect(
      found.contains { $0.fileNameBytes.suffix(5).elementsEqual([0xE9] + Array(".png".utf8)) })
    #expect(try Dataset.open(folder.path).counts(.train) == [2, 1])
  }
}
