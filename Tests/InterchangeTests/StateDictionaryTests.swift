import Foundation
import Interchange
import Primitives
import Testing

/// Files of weights as PyTorch writes them, and as somebody writes them who means harm.
struct StateDictionaryTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures/torch/"

  /// Number i of the tensor with that key, as in Tests/Scripts/make_torch_files.py.
  private static func numbers(_ key: Int, _ places: [Int]) -> [Float] {
    places.map { Float((37 * $0 + 11 * key) % 101 - 50) / 8 }
  }

  private static let expected: [(name: String, type: NumberType, shape: [Int], values: [Float])] = [
    ("conv.weight", .float32, [2, 3, 2, 2], numbers(1, Array(0..<24))),
    ("conv.double", .float64, [5], numbers(2, Array(0..<5))),
    ("conv.half", .float16, [3, 2], numbers(3, Array(0..<6))),
    ("conv.brain", .bfloat16, [2, 2], numbers(4, Array(0..<4))),
    ("bn.num_batches_tracked", .int64, [], [7]),
    ("one", .float32, [1], numbers(5, [0])),
    ("turned", .float32, [6, 4], numbers(9, (0..<24).map { $0 % 4 * 6 + $0 / 4 })),
    ("cut", .float32, [2, 3], numbers(9, [8, 9, 10, 14, 15, 16])),
    ("column", .float32, [4], numbers(9, [4, 10, 16, 22])),
    (
      "last", .float32, [2, 4, 3],
      numbers(6, (0..<24).map { $0 / 12 * 12 + $0 % 3 * 4 + $0 % 12 / 3 })
    ),
  ]

  @Test(
    "What PyTorch saved is read, number by number",
    arguments: [
      "old-2.pth", "old-4.pth", "zip-2.pth", "zip-5.pth", "wrapped.pt", "wrapped-old.pt",
      "training.pt", "net.pth", "stored.whl", "packed.zip", "streamed.zip",
    ])
  func goldens(_ file: String) throws {
    let state = try StateDictionary(path: Self.folder + file)
    #expect(state.tensors.map(\.name) == Self.expected.map(\.name))
    for (tensor, expected) in zip(state.tensors, Self.expected) {
      #expect(tensor.type == expected.type && tensor.shape == expected.shape, "\(tensor.name)")
      #expect(try tensor.values() == expected.values, "\(tensor.name)")
    }
  }

  @Test("Files put together here are read, so that what is wrong with the others is what is meant")
  func whole() throws {
    let parts = TorchFileParts()
    let wheel = ZipPart("net/w.pth", parts.old)
    let hidden = ZipPart("__MACOSX/net/._w.pth", [0])
    for file in [
      parts.old, parts.zip, ZipPart.archive([wheel]), ZipPart.archive([wheel.packed, hidden]),
      ZipPart.archive([ZipPart("w.PT", parts.zip)]),
    ] {
      let state = try StateDictionary(file, name: "whole")
      #expect(state.tensors.map(\.name) == ["a"] && state.tensors[0].shape == [2, 3])
      #expect(try state.tensors[0].values() == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test("Infinite and undefined numbers are refused by their tensor")
  func notFinite() throws {
    for pattern in [0x7F80_0000, 0x7FC0_0000] {
      var parts = TorchFileParts()
      parts.storages[0].bytes.replaceSubrange(8..<12, with: little(pattern, 4))
      let tensor = try StateDictionary(parts.old, name: "file").tensors[0]
      let error = #expect(throws: TrainingError.self) { try tensor.values() }
      #expect(error?.problem.contains("tensor a: element 2 is not finite") == true)
    }
  }

  // MARK: Harm

  @Test("Every kind of hostile file is refused in words")
  func hostile() {
    let kinds = HostileWeightFile.all
    #expect(Set(kinds.map(\.name)).count == kinds.count && kinds.count >= 30)
    for kind in kinds {
      do throws(TrainingError) {
        _ = try StateDictionary(kind.bytes, name: "file")
        Issue.record("\(kind.name): taken")
      } catch {
        let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(error.kind == .badData && (1...4).contains(lines.count), "\(kind.name): \(error)")
        #expect(lines[0].hasPrefix("file"), "\(kind.name): \(error)")
        #expect(lines.allSatisfy { $0.unicodeScalars.count < 1200 }, "\(kind.name)")
        #expect(error.description.contains(kind.message), "\(kind.name): \(error)")
      }
    }
  }

  @Test("Every beginning of a file is refused, whatever its format")
  func prefixes() {
    let parts = TorchFileParts()
    for file in [parts.old, parts.zip, ZipPart.archive([ZipPart("w.pth", parts.old).packed])] {
      for count in 0..<file.count {
        #expect(throws: TrainingError.self, "\(count)") {
          try StateDictionary(Array(file.prefix(count)), name: "file")
        }
      }
    }
  }

  @Test("Twenty thousand mutants end in tensors or in words, in little memory")
  func mutants() async {
    await #expect(processExitsWith: .success) {
      let parts = TorchFileParts()
      var stream = RandomStream(seed: 1, purpose: .test)
      var files = [
        parts.old, parts.zip, ZipPart.archive([ZipPart("w.pth", parts.old).packed]),
      ]
      for name in ["old-4.pth", "wrapped.pt", "zip-2.pth", "streamed.zip"] {
        files.append(Array(try Data(contentsOf: URL(filePath: StateDictionaryTests.folder + name))))
      }
      var taken = 0
      for number in 0..<20_000 {
        let file = StateDictionaryTests.mutant(files[number % files.count], files, &stream)
        do throws(TrainingError) {
          for tensor in try StateDictionary(file, name: "file").tensors { _ = try tensor.values() }
          taken += 1
        } catch {
          #expect(error.kind == .badData, "\(error)")
        }
      }
      #expect(taken > 100 && taken < 19_000, "\(taken) were taken")
      let status = try String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)
      let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        .flatMap { line in Int(line.filter(\.isNumber)) }
      #expect(try #require(peak) < 300_000, "\(peak ?? 0) kB")
    }
  }

  /// A file with a few bytes changed, cut out, repeated or taken from another file.
  private static func mutant(
    _ file: [UInt8], _ others: [[UInt8]], _ stream: inout RandomStream
  ) -> [UInt8] {
    var file = file
    for _ in 0...stream.index(below: 3) where file.count > 16 {
      let place = stream.index(below: file.count - 8)
      let end = place + 1 + stream.index(below: 8)
      switch stream.index(below: 6) {
      case 0: file[place] ^= 1 << UInt8(stream.index(below: 8))
      case 1: file[place] = UInt8(stream.index(below: 256))
      case 2: file.removeSubrange(place..<end)
      case 3: file.insert(contentsOf: file[place..<end], at: place)
      case 4:
        let other = others[stream.index(below: others.count)]
        let start = stream.index(below: other.count - 8)
        file.replaceSubrange(place..<end, with: other[start..<(start + end - place)])
      default:
        file.replaceSubrange(
          place..<end,
          with: [UInt8](repeating: [0, 0x7F, 0xFF][stream.index(below: 3)], count: end - place))
      }
    }
    return file
  }
}
