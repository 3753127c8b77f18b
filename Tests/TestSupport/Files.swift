package import Compute
import FoundationEssentials
import Glibc
package import Primitives

/// A condition that a test needs and did not find.
package struct TestFailure: Error {
  package var message: String

  /// The condition as a sentence.
  package init(_ message: String) {
    self.message = message
  }
}

/// The bytes of a file below Fixtures, beside the test that asks.
package func fixture(_ name: String, beside file: String = #filePath) throws -> [UInt8] {
  let folder = file.split(separator: "/").dropLast().joined(separator: "/")
  return try bytes(of: "/\(folder)/Fixtures/\(name)")
}

/// The bytes of a file.
package func bytes(of path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(filePath: path)))
}

/// The text of a file.
package func text(of path: String) throws -> String {
  String(decoding: try bytes(of: path), as: UTF8.self)
}

/// Writes a file.
package func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(filePath: path))
}

/// The names in a folder, hidden ones too, in order.
package func contents(of path: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: path).sorted()
}

/// An engine of the level under test.
package func engine(threads: Int = 2) throws -> Engine { try TestEngine.make(threads: threads) }

/// A folder of its own that is gone after `body`.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  var template = Array("/tmp/cnnctl-tests-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw TestFailure("no temporary folder") }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// A PNG of one colour with a little noise, without compression.
package func png(
  width: Int, height: Int, color: [UInt8], seed: UInt32, edges: [UInt8]? = nil
) -> [UInt8] {
  func big(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
  func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    var crc: UInt32 = ~0
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return big(data.count) + body + big(Int(~crc))
  }
  var state = seed &* 2_654_435_761 &+ 1
  var rows: [UInt8] = []
  for _ in 0..<height {
    rows.append(0)
    for column in 0..<width {
      let isEdge = abs(2 * column + 1 - width) > height
      for channel in isEdge ? edges ?? color : color {
        state = state &* 1_664_525 &+ 1_013_904_223
        rows.append(UInt8(clamping: Int(channel) + Int(state >> 26) - 32))
      }
    }
  }
  var low = 1
  var high = 0
  for byte in rows {
    low = (low + Int(byte)) % 65_521
    high = (high + low) % 65_521
  }
  var stream: [UInt8] = [0x78, 0x01]
  for start in stride(from: 0, to: rows.count, by: 65_535) {
    let part = rows[start..<min(start + 65_535, rows.count)]
    let size = part.count
    stream.append(start + size == rows.count ? 1 : 0)
    stream += [UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8 & 255)]
    stream += part
  }
  stream += big(high << 16 | low)
  return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    + chunk("IHDR", big(width) + big(height) + [8, 2, 0, 0, 0]) + chunk("IDAT", stream)
    + chunk("IEND", [])
}

/// Writes a dataset of pictures that differ in colour, `counts` images a class in each folder.
package func writeDataset(_ path: String, _ counts: [String: Int], classes: [String]) throws {
  let colors: [[UInt8]] = [[200, 60, 60], [60, 60, 200], [60, 200, 60]]
  var seed: UInt32 = 1
  for (folder, count) in counts.sorted(by: { $0.key < $1.key }) {
    for (index, name) in classes.enumerated() {
      let place = [path, folder, name].filter { !$0.isEmpty }.joined(separator: "/")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for number in 0..<count {
        let bytes = png(width: 20, height: 17, color: colors[index], seed: seed)
        try Data(bytes).write(to: URL(filePath: "\(place)/\(number).png"))
        seed += 1
      }
    }
  }
}

/// The error that `body` ends with; nil for none, or one of another type.
package func refusal(_ body: () throws -> Void) -> TrainingError? {
  do {
    try body()
    return nil
  } catch {
    return error as? TrainingError
  }
}
