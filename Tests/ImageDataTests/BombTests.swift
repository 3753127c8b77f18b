import Glibc
import ImageData
import Primitives
import TestSupport
import Testing

/// What a bomb must not do, measured while it is tried.
struct BombCost {
  var milliseconds: Double
  var growthMB: Double
}

/// Files that are small or cheap to make and want much time or memory of whoever reads them.
///
/// Each is refused before it gets either. Times are the thread's own, in which the machine's other
/// work does not count; what is asserted is twice what is promised.
@Suite struct BombTests {
  /// A kind of bomb: how it is made and with which failures it may be refused.
  struct Bomb: Sendable {
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
  }

  // Each group in a process of its own, so that memory is measured of nothing else.
  @Test("Bombs in PNG files are refused, in little time and memory")
  func png() async {
    await #expect(processExitsWith: .success) { try BombTests.tryAll(BombTests.pngBombs) }
  }

  @Test("Bombs in JPEG files are refused, in little time and memory")
  func jpeg() async {
    await #expect(processExitsWith: .success) { try BombTests.tryAll(BombTests.jpegBombs) }
  }

  @Test("What only stands beside the pixels costs nothing")
  func neutral() async {
    await #expect(processExitsWith: .success) {
      for bomb in BombTests.harmless {
        let bytes = bomb.bytes()
        var image: RGBImage?
        let cost = try BombTests.measure { image = try ImageReader.decode(bytes: bytes) }
        #expect(image?.width == 8 && image?.height == 8)
        BombTests.expectCheap(cost, bomb.name, "decoded")
        let facts = try BombTests.measure { _ = try ImageReader.facts(bytes: bytes) }
        BombTests.expectCheap(facts, bomb.name, "facts")
      }
    }
  }

  @Test("A file of 300 MB that takes no room is refused unread")
  func sparse() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = try folder.write("sparse.png", PNG.file())
      try #require(truncate(path, 300_000_000) == 0)
      var failure: ImageFailure?
      let cost = try BombTests.measure {
        do throws(ImageFailure) { _ = try FileBytes.read(path) } catch { failure = error }
      }
      #expect(failure?.code == .tooLarge)
      BombTests.expectCheap(cost, "sparse file", failure?.message ?? "")
    }
  }

  @Test("There are at least thirty kinds")
  func kinds() {
    // The sparse file and this list.
    let names = Set((Self.pngBombs + Self.jpegBombs + Self.harmless).map(\.name))
    #expect(names.count + 1 >= 30)
    #expect(Set((Self.pngBombs + Self.jpegBombs).map(\.name)).count + 1 >= 30)
  }

  private static func tryAll(_ bombs: [Bomb]) throws {
    for bomb in bombs {
      let bytes = bomb.bytes()
      for shrink in [1, 8] {
        var failure: ImageFailure?
        let cost = try measure {
          do throws(ImageFailure) {
            _ = try ImageReader.decodeImage(bytes: bytes) { _, _ in shrink }
          } catch {
            failure = error
          }
        }
        let code = try #require(failure?.code, "\(bomb.name) was decoded")
        #expect(bomb.codes.contains(code), "\(bomb.name): \(failure?.message ?? "")")
        expectCheap(cost, bomb.name, failure?.message ?? "")
      }
    }
  }

  private static func expectCheap(_ cost: BombCost, _ name: String, _ message: String) {
    #expect(cost.milliseconds < 200, "\(name): \(message)")
    #expect(cost.growthMB < 50, "\(name): \(message)")
    Measurement.tell("\(cost.milliseconds) ms, \(cost.growthMB) MB: \(name): \(message)")
  }

  /// The time an action takes, and by how much the process's largest size grows in it.
  private static func measure(_ action: () throws -> Void) throws -> BombCost {
    Measurement.resetPeak()
    let before = try Measurement.memory("VmHWM")
    let start = Measurement.seconds()
    try action()
    let elapsed = Measurement.seconds() - start
    let growth = try Measurement.memory("VmHWM") - before
    return BombCost(milliseconds: 1000 * elapsed, growthMB: Double(growth) / 1024)
  }
}
