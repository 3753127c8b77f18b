import Glibc

/// Why a fixture cannot be used.
package struct FixtureError: Error, CustomStringConvertible {
  package var description: String
}

/// Named tensors that a script wrote, in a format of the tests' own.
///
/// Little-endian: the 8 bytes `GOLDEN01`, UInt32 count; then for each tensor UInt32 name length,
/// name, UInt32 rank, UInt32 extents, Float32 values. Nothing here is shared with the product's
/// weight files, so neither can hide an error of the other.
package struct Fixture: Sendable {
  /// A tensor in row-major order.
  package struct Tensor: Sendable {
    package var shape: [Int]
    package var values: [Float]
  }

  /// The names in the order of the file.
  package private(set) var names: [String] = []
  private var tensors: [String: Tensor] = [:]

  /// Reads a whole file.
  package init(path: String) throws {
    var reader = Reader(bytes: try contents(of: path))
    guard try reader.text(8) == "GOLDEN01" else {
      throw FixtureError(description: "\(path): not a fixture")
    }
    for _ in 0..<(try reader.integer()) {
      let name = try reader.text(reader.integer())
      let rank = try reader.integer()
      let shape = try (0..<rank).map { _ in try reader.integer() }
      let values = try (0..<shape.reduce(1, *)).map { _ in try reader.float() }
      names.append(name)
      tensors[name] = Tensor(shape: shape, values: values)
    }
    guard reader.isAtEnd, tensors.count == names.count else {
      throw FixtureError(description: "\(path): bytes after the last tensor, or a name twice")
    }
  }

  /// The tensor of that name.
  package func tensor(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw FixtureError(description: "no tensor \(name) among \(names)")
    }
    return tensor
  }

  /// The values of the tensor of that name.
  package func values(_ name: String) throws -> [Float] { try tensor(name).values }

  /// The only value of the tensor of that name.
  package func scalar(_ name: String) throws -> Float {
    let values = try values(name)
    guard let first = values.first, values.count == 1 else {
      throw FixtureError(description: "\(name) holds \(values.count) values, expected 1")
    }
    return first
  }

  /// The names that start with `prefix`, without it, in the order of the file.
  package func names(after prefix: String) -> [String] {
    names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }
}

private struct Reader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else {
      throw FixtureError(description: "the fixture ends at byte \(bytes.count)")
    }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  mutating func text(_ count: Int) throws -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  mutating func word() throws -> UInt32 {
    try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func integer() throws -> Int { Int(try word()) }

  mutating func float() throws -> Float { Float(bitPattern: try word()) }
}

private func contents(of path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else {
    throw FixtureError(description: "\(path): cannot be opened")
  }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { break }
    bytes.append(contentsOf: chunk[0..<count])
  }
  return bytes
}
