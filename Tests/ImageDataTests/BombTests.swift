import Glibc
import ImageData
import Testing

/// What a bomb must not do, measured while it is tried.
struct BombCost {
  var milliseconds: Double
  var growthMB: Double
}

/// Files that are small or cheap to make and want much time or memory of whoever reads them.
///
/// Each is refused before it gets either. Times are measured to be told; what is asserted leaves
/// room for a busy machine.
@Suite(.serialized) struct BombTests {
  /// A kind of bomb: how it is made and with which failures it may be refused.
  struct Bomb: CustomTestStringConvertible, Sendable {
    var name: String
    var codes: Set<ImageFailure.Code>
    var bytes: @Sendable () -> [UInt8]

    init(
      _ name: String, _ codes: ImageFailure.Code..., bytes: @escaping @Sendable () -> [UInt8]
    ) {
      self.name = name
      self.codes = Set(codes)
      self.bytes = bytes
    }

    var testDescription: String { name }
  }

  @Test("A bomb is refused, in little time and memory", arguments: pngBombs + jpegBombs)
  func refused(_ bomb: Bomb) throws {
    let bytes = bomb.bytes()
    for shrink in [1, 8] {
      var failure: ImageFailure?
      let cost = try measure {
        do throws(ImageFailure) {
          _ = try ImageReader.decodePicture(bytes: bytes) { _, _ in shrink }
        } catch {
          failure = error
        }
      }
      let code = try #require(failure?.code, "\(bomb.name) was decoded")
      #expect(bomb.codes.contains(code), "\(failure?.message ?? "")")
      expectCheap(cost, bomb.name, failure?.message ?? "")
    }
  }

  @Test("What only stands beside the pixels costs nothing", arguments: harmless)
  func neutral(_ bomb: Bomb) throws {
    let bytes = bomb.bytes()
    var image: RGBImage?
    let cost = try measure { image = try ImageReader.decode(bytes: bytes) }
    #expect(image?.width == 8 && image?.height == 8)
    expectCheap(cost, bomb.name, "decoded")
    let facts = try measure { _ = try ImageReader.facts(bytes: bytes) }
    expectCheap(facts, bomb.name, "facts")
  }

  @Test("A file of 300 MB that takes no room is refused unread")
  func sparse() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("sparse.png", PNG.file())
    try #require(truncate(path, 300_000_000) == 0)
    var failure: ImageFailure?
    let cost = try measure {
      do throws(ImageFailure) { _ = try FileBytes.read(path) } catch { failure = error }
    }
    #expect(failure?.code == .tooLarge)
    expectCheap(cost, "sparse file", failure?.message ?? "")
  }

  @Test("There are at least thirty kinds")
  func kinds() {
    // The sparse file and this list.
    let names = Set((Self.pngBombs + Self.jpegBombs + Self.harmless).map(\.name))
    #expect(names.count + 1 >= 30)
    #expect(Set((Self.pngBombs + Self.jpegBombs).map(\.name)).count + 1 >= 30)
  }

  private func expectCheap(_ cost: BombCost, _ name: String, _ message: String) {
    #expect(cost.milliseconds < 2000, "\(name): \(message)")
    #expect(cost.growthMB < 50, "\(name): \(message)")
    if getenv("CNNCTL_TELL_BOMBS") != nil {
      let told = "bomb \(name): \(cost.milliseconds) ms, \(cost.growthMB) MB, \(message)\n"
      _ = told.utf8.withContiguousStorageIfAvailable { write(2, $0.baseAddress, $0.count) }
    }
  }

  /// The time an action takes, and by how much the process's largest size grows in it.
  ///
  /// Other tests run at the same time and grow too: what is seen three times is the action's own.
  private func measure(_ action: () throws -> Void) throws -> BombCost {
    var least = BombCost(milliseconds: .infinity, growthMB: .infinity)
    for _ in 0..<3 {
      Measurement.resetPeak()
      let before = try Measurement.memory("VmHWM")
      let start = Measurement.seconds()
      try action()
      let elapsed = Measurement.seconds() - start
      let growth = try Measurement.memory("VmHWM") - before
      least.milliseconds = min(least.milliseconds, 1000 * elapsed)
      least.growthMB = min(least.growthMB, Double(growth) / 1024)
      if least.growthMB < 1 { break }
    }
    return least
  }
}

/// Time and memory of this process.
enum Measurement {
  /// Processor time of this thread, which other tests do not touch.
  static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec)
  }

  /// A line of /proc/self/status, in kB.
  static func memory(_ name: String) throws -> Int {
    let text = String(decoding: try pseudoFile("/proc/self/status"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return try #require(
      line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
  }

  /// Makes the largest size so far the present one, where the system can.
  static func resetPeak() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }

  /// The contents of a file that has no size of its own.
  private static func pseudoFile(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(file, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }
}
