internal import Primitives

/// A matrix of features as NumPy's `load` reads it, with the paths of its rows in a table beside it.
///
/// Format: version 1.0 of https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
struct FeatureMatrix {
  /// The file of the matrix, and the one of the paths.
  let (path, table): (String, String)

  /// Nil where the name does not end in `.npy`.
  ///
  /// Error: one of the two files is an input.
  init?(_ path: String, beside inputs: OutputGuard) throws {
    guard path.lowercased().hasSuffix(".npy") else { return nil }
    self.path = path
    table = path.dropLast(4) + ".csv"
    for file in [path, table] { try inputs.check(file, as: .text) }
  }

  /// Writes rows of `features` numbers and their paths, each file in one step.
  func write(_ rows: [[Float]], of features: Int, paths: [String]) throws {
    let pieces = (-1..<rows.count).lazy.map { row -> [UInt8] in
      row < 0
        ? FeatureMatrix.header(rows: rows.count, columns: features)
        : rows[row].flatMap { $0.bitPattern.littleEndianBytes }
    }
    try FileSystem.replace(FilePlace(named: path), withPieces: pieces)
    let lines = (-1..<paths.count).lazy.map { row in
      Array(
        (row < 0 ? CSV.row(["row", "path"]) : CSV.row(["\(row)", CSV.path(paths[row])])).utf8)
    }
    try FileSystem.replace(FilePlace(named: table), withPieces: lines)
  }

  /// What stands before the numbers: it ends at a multiple of 64 bytes.
  static func header(rows: Int, columns: Int) -> [UInt8] {
    let text =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: length - text.utf8.count - 1)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
      + Array(text.utf8) + padding + [UInt8(ascii: "\n")]
  }
}
