import Primitives
import TestSupport

extension HostileKind {
  /// A file of another format: its first bytes, then anything.
  private static func format(_ name: String, _ magic: [UInt8]) -> HostileKind {
    .bytes(name) { file, stream in
      file = magic + stream.bytes(stream.index(below: file.count))
    }
  }

  /// Another length of the header.
  private static func length(
    _ name: String, _ length: @escaping @Sendable (Int, inout RandomStream) -> Int
  ) -> HostileKind {
    .bytes(name) { file, stream in
      let right = Int(file[0]) | Int(file[1]) << 8
      var wrong = right
      while wrong == right { wrong = length(right, &stream) }
      for byte in 0..<8 { file[byte] = UInt8(truncatingIfNeeded: wrong >> (8 * byte)) }
      file = HostileModel.sealed(file)
    }
  }

  /// Bytes that were lost, changed or added, and files that never were models.
  static let ofBytes: [HostileKind] = [
    .bytes("cut off") { $0.removeLast(1 + $1.index(below: $0.count)) },
    .bytes("cut off in front") { $0.removeFirst(1 + $1.index(below: $0.count)) },
    .bytes("less than a header's length") { $0 = $1.bytes($1.index(below: 8)) },
    .bytes("more behind the end") { $0 += $1.bytes(1 + $1.index(below: 5000)) },
    .bytes("a second model behind the end") { file, _ in file += file },
    .bytes("flipped bits") { file, stream in
      for place in stream.shuffledIndices(file.count).prefix(1 + stream.index(below: 8)) {
        file[place] ^= 1 << UInt8(stream.index(below: 8))
      }
    },
    .bytes("a run of zeros") { file, stream in
      let start = stream.pick(file.indices.filter { file[$0] != 0 })
      for place in file[start...].indices.prefix(64) { file[place] = 0 }
    },
    .bytes("a byte more") { file, stream in
      file.insert(1, at: 8 + stream.index(below: file.count - 9))
    },
    .bytes("a byte less") { file, stream in file.remove(at: stream.index(below: file.count)) },
    .bytes("pieces in another order") { file, stream in
      let cut = file.count / 4 + stream.index(below: file.count / 2)
      file = Array(file[cut...] + file[..<cut])
    },
    .bytes("noise") { file, stream in file = stream.bytes(file.count) },
    .bytes("zeros") { file, _ in file = [UInt8](repeating: 0, count: file.count) },
    .bytes("line ends of Windows") { file, _ in
      file = file.flatMap { $0 == 10 ? [13, 10] : [$0] } + [13]
    },

    length("a header that seems shorter") { right, stream in stream.index(below: right) },
    length("a header that seems longer") { right, stream in right + 1 + stream.index(below: 4000) },
    length("a header of gigabytes") { _, stream in 1 << (31 + stream.index(below: 32)) },
    length("a negative length") { _, stream in -1 - stream.index(below: 1 << 20) },

    format("a pickle", [0x80, 0x02, 0x63] + Array("os\nsystem\n".utf8)),
    format("a zip archive", Array("PK\u{3}\u{4}".utf8)),
    format("HDF5", [0x89] + Array("HDF\r\n\u{1a}\n".utf8)),
    format("GGUF", Array("GGUF".utf8) + [3, 0, 0, 0]),
    format("NumPy", [0x93] + Array("NUMPY".utf8) + [1, 0]),
    format("a script", Array("#!/bin/sh\n".utf8)),
  ]
}
