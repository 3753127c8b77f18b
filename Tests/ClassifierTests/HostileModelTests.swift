import CNN
import Classifier
import Glibc
import Primitives
import TestSupport
import Testing

private let seeds = 25

/// Model files that somebody made to do harm: refused with a message, at little cost.
@Suite struct HostileModelTests {
  @Test("Every kind of damage is refused in words, without a trap and without memory")
  func kinds() async {
    // In a process of its own, so that memory is measured of nothing else.
    await #expect(processExitsWith: .success) {
      let whole = try wholeModels()
      try withTemporaryFolder { folder in
        let path = folder + "/m.safetensors"
        for file in whole {
          try write(file, to: path)
          _ = try ClassifierModel(path: path)
        }
        for (number, kind) in HostileKind.all.enumerated() {
          for seed in 0..<seeds {
            var stream = RandomStream(
              seed: UInt64(seed), purpose: .test, epoch: number)
            let file = try kind.damaged(stream.pick(whole), &stream)
            try write(file, to: path)
            try HostileModelTests.expectRefusal(path, bytes: file.count, "\(kind.name), \(seed)")
          }
        }
      }
    }
  }

  @Test("There are at least forty kinds, and most are not left to the digest")
  func kindCount() throws {
    #expect(Set(HostileKind.all.map(\.name)).count == HostileKind.all.count)
    #expect(HostileKind.all.count >= 40)
    let whole = try wholeModels()
    let sealed = try HostileKind.all.filter { kind in
      var stream = RandomStream(seed: 0, purpose: .test)
      let file = try kind.damaged(stream.pick(whole), &stream)
      return file.count >= 40 && HostileModel.sealed(file) == file
    }
    #expect(sealed.count >= 40)
    Measurement.tell(
      "\(HostileKind.all.count) kinds of \(seeds) files, \(sealed.count) with a right digest")
  }

  /// Opens a file that must be refused.
  private static func expectRefusal(_ path: String, bytes: Int, _ what: String) throws {
    Measurement.resetPeak()
    let before = try Measurement.memory("VmRSS")
    do throws(TrainingError) {
      _ = try ClassifierModel(path: path)
      Issue.record("\(what): taken")
    } catch {
      #expect(error.kind == .badData, "\(what): \(error)")
      let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
      #expect((1...4).contains(lines.count) && lines[0].contains(path), "\(what): \(error)")
      #expect(lines.allSatisfy { $0.unicodeScalars.count < 1200 && !$0.isEmpty }, "\(what)")
      #expect(!lines.joined().unicodeScalars.contains(where: steersTerminal), "\(what): \(error)")
    }
    let growth = try Measurement.memory("VmHWM") - before
    #expect(growth < 64 << 10 + 2 * bytes >> 10, "\(what): \(growth) kB for \(bytes) bytes")
  }

  @Test("Every prefix and every flipped bit of a whole model is refused", arguments: 0..<3)
  func everyBit(precision: Int) throws {
    let whole = try wholeModels()[precision]
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: whole.count, alignment: 64)
    defer { memory.deallocate() }
    memory.copyBytes(from: whole)
    func isTaken(_ count: Int) -> Bool {
      let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
      let model = BoxedModel(name: "boxed", bytes: bytes)
      return (try? ClassifierModel(at: ModelLocation(model))) != nil
    }
    #expect(isTaken(whole.count))
    let prefixes = (0..<whole.count).filter(isTaken)
    #expect(prefixes.isEmpty)
    let bits = (0..<(8 * whole.count)).filter { bit in
      memory[bit / 8] ^= 1 << UInt8(bit % 8)
      defer { memory[bit / 8] ^= 1 << UInt8(bit % 8) }
      return isTaken(whole.count)
    }
    #expect(bits.isEmpty)
    Measurement.tell("\(whole.count) prefixes, \(8 * whole.count) bits")
  }
}
