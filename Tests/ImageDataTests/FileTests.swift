import Compute
import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

@Suite struct FileTests {
  private func code(_ path: String) throws -> ImageFailure.Code? {
    let engine = try TestEngine.make()
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

  @Test("A large file that begins as no picture is refused unread, as its bytes would be")
  func largeOther() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("long.png", Array("8BPS".utf8))
    try #require(truncate(path, 200_000_000) == 0)
    let start = Measurement.seconds()
    let failure = #expect(throws: ImageFailure.self) {
      try FileBytes.read(path, onlyImage: true)
    }
    // Reading it all takes tens of milliseconds.
    #expect(Measurement.seconds() - start < 0.01)
    #expect(failure == verdict(Array("8BPS".utf8), shrink: 1))
    // What begins as a picture is read from its first byte on.
    let picture = try folder.write(
      "picture.png", PNG.file() + [UInt8](repeating: 7, count: 2 << 20))
    #expect(try FileBytes.read(picture, onlyImage: true) == FileBytes.read(picture))
  }

  @Test("Sockets, and links to pipes and folders, are refused without waiting")
  func linked() throws {
    let folder = try TemporaryFolder()
    try #require(mkfifo("\(folder.path)/pipe", 0o600) == 0)
    try folder.link("pipe.png", to: "pipe")
    #expect(try code("\(folder.path)/pipe.png") == .notAFile)
    try folder.makeFolder("inner")
    try folder.link("inner.png", to: "inner")
    #expect(try code("\(folder.path)/inner.png") == .notAFile)
    let socketPath = "\(folder.path)/s.png"
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(socket >= 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(socketPath.utf8)
    try #require(name.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    #expect(try code(socketPath) == .notAFile)
  }

  @Test("Links in a circle and links to nothing are refused with their reason")
  func circles() throws {
    let folder = try TemporaryFolder()
    try folder.link("a.png", to: "b.png")
    try folder.link("b.png", to: "a.png")
    #expect(try code("\(folder.path)/a.png") == .unreadable)
    try folder.link("gone.png", to: "nowhere")
    #expect(try code("\(folder.path)/gone.png") == .unreadable)
    // A link to a picture is the picture.
    try folder.write("whole.png", PNG.file())
    try folder.link("good.png", to: "whole.png")
    #expect(try FileBytes.read("\(folder.path)/good.png") == PNG.file())
  }

  @Test("A file without permission is refused")
  func permission() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("secret.png", PNG.file())
    try #require(chmod(path, 0) == 0)
    // The rights of this thread alone become anybody's, as root may read all.
    typealias SetUser = @convention(c) (uid_t) -> CInt
    let symbol = try #require(dlsym(nil, "setfsuid"))
    let setUser = unsafeBitCast(symbol, to: SetUser.self)
    let nobody: uid_t = 65534
    if geteuid() == 0 { _ = setUser(nobody) }
    defer { if geteuid() == 0 { _ = setUser(0) } }
    #expect(try code(path) == .unreadable)
  }

  @Test("A file that grows or shrinks while it is read gives a whole picture or a failure")
  func changing() throws {
    let folder = try TemporaryFolder()
    // Large enough that a read is often caught in the middle.
    let whole = PNG.file(extra: PNG.chunk("tEXt", [UInt8](repeating: 65, count: 3_000_000)))
    let path = try folder.write("changing.png", whole)
    let changer = Changer(path: path, sizes: [whole.count / 2, whole.count + 1000])
    defer { changer.stop() }
    for _ in 0..<200 {
      do throws(ImageFailure) {
        let bytes = try FileBytes.read(path)
        #expect(bytes.count <= whole.count + 1000)
        let image = try ImageReader.decode(bytes: bytes)
        #expect(image.width == 8)
      } catch {
        #expect([.truncated, .damaged].contains(error.code), "\(error)")
      }
    }
  }
}

/// A thread that cuts a file and lengthens it again, until it is stopped.
private final class Changer: @unchecked Sendable {
  private let path: String
  private let sizes: [Int]
  private var thread = pthread_t()
  private let stopped = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)

  init(path: String, sizes: [Int]) {
    self.path = path
    self.sizes = sizes
    stopped.initialize(to: 0)
    let me = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let changer = Unmanaged<Changer>.fromOpaque(raw).takeRetainedValue()
        while changer.stopped.pointee == 0 {
          for size in changer.sizes { truncate(changer.path, off_t(size)) }
          usleep(50)
        }
        return nil
      }, me)
  }

  func stop() {
    stopped.pointee = 1
    pthread_join(thread, nil)
    stopped.deallocate()
  }
}
