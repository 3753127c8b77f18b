import Glibc
import ImageData
import KernelSelection
import Testing

@Suite struct FileTests {
  private func code(_ path: String) throws -> ImageFailure.Code? {
    let engine = try bestEngine()
    let failure = #expect(throws: ImageFailure.self) {
      try ImageReader(Preprocessing(width: 8, height: 8), kernels: engine.kernels).read(path: path)
    }
    return failure?.code
  }

  @Test("Folders, pipes, devices and sockets are refused without waiting")
  func notFiles() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("x.jpg")
    #expect(try code("\(folder.path)/x.jpg") == .notAFile)
    try #require(mkfifo("\(folder.path)/pipe.jpg", 0o600) == 0)
    #expect(try code("\(folder.path)/pipe.jpg") == .notAFile)
    #expect(try code("/dev/zero") == .notAFile)
    try folder.link("zero.jpg", to: "/dev/zero")
    #expect(try code("\(folder.path)/zero.jpg") == .notAFile)
  }

  @Test("Missing files, empty files and links to themselves are refused with their reason")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    #expect(try code("\(folder.path)/none.jpg") == .unreadable)
    #expect(try code("") == .unreadable)
    #expect(try code("a\0b.jpg") == .unreadable)
    try folder.link("loop.jpg", to: "loop.jpg")
    #expect(try code("\(folder.path)/loop.jpg") == .unreadable)
    #expect(try code(folder.write("empty.jpg", [])) == .truncated)
    #expect(try code(folder.write("text.jpg", Array("not a picture".utf8))) == .notAnImage)
  }

  @Test("A file beyond the limit is refused before it is read")
  func huge() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("huge.jpg", [0xFF, 0xD8, 0xFF])
    try #require(truncate(path, 300_000_000) == 0)
    #expect(try code(path) == .tooLarge)
  }
}
