/// Rows of text as pieces of bytes that are worth a call to the system each.
package struct RowPieces<Rows: Sequence<String>>: Sequence {
  /// The rows, each with its newline.
  let rows: Rows

  package init(rows: Rows) { self.rows = rows }

  /// Bytes of a piece, but for what its last row has more.
  private static var size: Int { 1 << 18 }

  package func makeIterator() -> AnyIterator<[UInt8]> {
    var rest = rows.makeIterator()
    return AnyIterator {
      var piece: [UInt8] = []
      while piece.count < RowPieces.size, let row = rest.next() { piece += row.utf8 }
      return piece.isEmpty ? nil : piece
    }
  }
}
