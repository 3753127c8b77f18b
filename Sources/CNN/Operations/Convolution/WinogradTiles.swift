internal import KernelTypes
internal import Primitives

/// The division of a batch's maps into tiles of 4 x 4 pixels, and of the tiles into blocks.
///
/// A block is a number of consecutive rows of tiles, counted through all maps, or a part of one row
/// where that is long: what one thread works on in its second-level cache. It follows from the
/// layer's extents alone.
struct WinogradTiles {
  /// A range of rows of tiles in one map.
  struct Run {
    /// The map in the batch.
    let image: Int
    /// Its first row of tiles.
    let row: Int
    /// Rows of tiles.
    let rows: Int
    /// Tiles of the block before this stretch.
    let tilesBefore: Int
  }

  /// Planes of transformed tiles: 6 x 6.
  static let planes = 36

  let map: Shape
  let rowsOfMap: Int
  let columnsOfMap: Int
  /// Tiles of a row that a block takes.
  let width: Int
  /// Rows of tiles in a block.
  private(set) var rows: Int
  /// Blocks side by side in a row.
  let segments: Int

  /// - channels: of both sides of the product together.
  init(map: Shape, channels: Int) {
    self.map = map
    rowsOfMap = (map.height + 3) / 4
    columnsOfMap = (map.width + 3) / 4
    // Both sides of the products for one block take about 640 kB.
    let most = max(24, min(64, 4608 / max(1, channels)))
    segments = (columnsOfMap + most - 1) / most
    width = (columnsOfMap + segments - 1) / segments
    let rows = segments > 1 ? 1 : max(1, most / columnsOfMap)
    // Blocks of whole maps, so that the last one of a batch is not a rest.
    self.rows = rows > rowsOfMap ? rows / rowsOfMap * rowsOfMap : rows
  }

  /// The same blocks, but none with tiles of two maps: more of them.
  var ofOneMap: WinogradTiles {
    var tiles = self
    tiles.rows = min(rows, rowsOfMap)
    return tiles
  }

  /// Smaller blocks where the maps of a batch have few rows, so that several threads have work.
  func divided(batch: Int) -> WinogradTiles {
    var tiles = self
    tiles.rows = max(1, min(rows, batch * rowsOfMap / 8))
    return tiles
  }

  /// Up to four groups of whole panels of output channels.
  ///
  /// The product of each plane and group is a task, so that there is work for many threads.
  /// - work: multiply-adds of an output channel in a plane.
  static func groups(channels: Int, work: Int, _ kernels: KernelTable) -> [Range<Int>] {
    let width = kernels.panelWidth
    let least = max(channels / 4, Engine.leastWork / max(1, work))
    return (0..<channels).parts(of: max(width, least / width * width))
  }

  /// Tiles of a full block.
  var capacity: Int { rows * width }

  func blocks(batch: Int) -> Int {
    segments > 1
      ? batch * rowsOfMap * segments : (batch * rowsOfMap + rows - 1) / rows
  }

  /// The first tile of a row that a block takes, and how many.
  func columns(block: Int) -> Range<Int> {
    let first = block % segments * width
    return first..<min(columnsOfMap, first + width)
  }

  /// The rows of tiles of a block, counted through all maps.
  func rows(block: Int, batch: Int) -> Range<Int> {
    let first = block / segments * rows
    return first..<min(batch * rowsOfMap, first + rows)
  }

  /// Calls `body` with the stretches of consecutive rows of tiles, map by map.
  ///
  /// - across: tiles of a row.
  func forEachRun(rows: Range<Int>, across: Int, _ body: (Run) -> Void) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let image = row / rowsOfMap
      let count = min(rows.upperBound, (image + 1) * rowsOfMap) - row
      body(
        Run(
          image: image, row: row - image * rowsOfMap, rows: count,
          tilesBefore: (row - rows.lowerBound) * across))
      row += count
    }
  }

  func tilesBefore(block: Int, batch: Int) -> Int {
    let row = block / segments * rows
    if row >= batch * rowsOfMap { return batch * rowsOfMap * columnsOfMap }
    return row * columnsOfMap + columns(block: block).lowerBound
  }

  /// The pixels of the batch in rows of tiles; they follow each other in memory.
  func pixels(rows: Range<Int>) -> Range<Int> {
    func place(_ row: Int) -> Int {
      let image = row / rowsOfMap
      return image * map.pixels + (row - image * rowsOfMap) * 4 * map.width
    }
    return place(rows.lowerBound)..<place(rows.upperBound)
  }
}
