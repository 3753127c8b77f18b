internal import KernelTypes
internal import Primitives

/// A correlation of maps with 3 x 3 filters at stride 1 by Winograd's method.
///
/// A block of tiles is transformed, multiplied and transformed back by one thread while it stays
/// in its cache.
struct WinogradCorrelation {
  let source: Shape
  let target: Shape
  /// Zeros before the source's first row and column.
  let top: Int
  let left: Int
  let tiles: WinogradTiles

  init(source: Shape, target: Shape, top: Int, left: Int) {
    self.source = source
    self.target = target
    self.top = top
    self.left = left
    tiles = WinogradTiles(map: target, channels: source.channels + target.channels)
  }

  /// The maximum number of tiles in memory at once; 0 if blocks are processed one by one.
  ///
  /// For many channels, where there may be fewer blocks than threads, all of which would read the
  /// same large filters.
  private var mostTogether: Int {
    let isLarge = source.channels * target.channels >= 1 << 14 && tiles.segments == 1
    return isLarge ? (1 << 17) / (source.channels + target.channels) : 0
  }

  /// Whether the tiles of all maps are in memory together.
  private func isTogether(_ batch: Int) -> Bool { tilesTogether(batch) <= mostTogether }

  /// Whether filters that are not transformed yet are transformed piece by piece, while they are
  /// multiplied: transformed, they are four times the size, and few tiles are soon multiplied.
  func transformsPieces(batch: Int) -> Bool { batch <= 2 && isTogether(batch) }

  /// Input channels of a piece of a panel of filters, which stays in the second-level cache.
  private func pieceRows(_ width: Int) -> Int {
    min(source.channels, (1 << 16) / (WinogradTiles.planes * width))
  }

  /// Floats of a plane of a piece.
  private func piecePlane(_ width: Int) -> Int { pieceRows(width) * width + 16 }

  private func tilesTogether(_ batch: Int) -> Int {
    batch * tiles.rowsOfMap * tiles.columnsOfMap
  }

  /// Floats of the transformed filters.
  var weightCount: Int { WinogradTiles.planes * filterPlane }

  /// Floats of the transformed filters and a bias behind them; channels are whole vectors.
  private var packedCount: Int { weightCount + target.channels }

  /// Floats of scratch memory for all threads: the filters, and the tiles where they are together.
  ///
  /// Enough for every batch up to this one: a smaller one may be together where this one is not.
  func sharedCount(batch: Int) -> Int {
    let tiles = min(tilesTogether(batch), mostTogether)
    guard tiles > 0 else { return packedCount }
    return packedCount + WinogradTiles.planes * (sourcePlane(tiles) + targetPlane(tiles))
  }

  /// Floats of scratch memory for each thread.
  func workerCount(_ kernels: KernelTable) -> Int {
    max(
      9 * WinogradCorrelation.pieceInputs * kernels.panelWidth,
      WinogradTiles.planes * piecePlane(kernels.panelWidth),
      WinogradTiles.planes * (sourcePlane(tiles.capacity) + targetPlane(tiles.capacity))
        + bandCount)
  }

  /// Tasks of a batch, each of which computes consecutive pixels unless rows are divided.
  func tasks(batch: Int) -> Int {
    guard isTogether(batch) else { return tiles.blocks(batch: batch) }
    return (batch * tiles.rowsOfMap + rowsOfTask(batch) - 1) / rowsOfTask(batch)
  }

  /// Rows of tiles of one task where the tiles of all maps are together.
  private func rowsOfTask(_ batch: Int) -> Int {
    max(1, min(tiles.rows, batch * tiles.rowsOfMap / Engine.wantedTasks))
  }

  // A cache line more, so that the planes do not all fall into the same places of the cache.
  private var filterPlane: Int { source.channels * target.channels + 16 }
  private func sourcePlane(_ tiles: Int) -> Int { tiles * source.channels + 16 }
  private func targetPlane(_ tiles: Int) -> Int { tiles * target.channels + 16 }
  private var bandColumns: Int { 4 * tiles.width + 2 }
  private var bandCount: Int {
    let rows = 4 * min(tiles.rows, tiles.rowsOfMap)
    return max(
      Band.count(rows: rows + 2, columns: bandColumns, shape: source),
      rows * target.width * target.channels)
  }

  /// Transforms filters [3][3][source channel][target channel], panel by panel.
  func transformFilters(_ engine: Engine, _ filters: Input, to u: Output) {
    let k = engine.kernels
    forEachPiece(engine) { inputs, channels, _ in
      k.winograd.transformFilters(
        filters + inputs.lowerBound * target.channels + channels.lowerBound,
        u + channels.lowerBound * source.channels + inputs.lowerBound * channels.count,
        inputs.count, channels.count, target.channels, source.channels * target.channels,
        filterPlane)
    }
  }

  /// Transforms filters [3][3][target channel][source channel], turned by 180 degrees.
  func transformTurnedFilters(
    _ engine: Engine, _ filters: Input, to u: Output, scratch: Scratch
  ) {
    let k = engine.kernels
    forEachPiece(engine) { inputs, channels, worker in
      let packed = scratch.worker(worker)
      k.convolution.packTurnedPanel(
        filters + inputs.lowerBound, packed, 3, target.channels, source.channels, inputs.count, 1,
        0, 3, 0, 3, channels.lowerBound)
      k.winograd.transformFilters(
        packed, u + channels.lowerBound * source.channels + inputs.lowerBound * channels.count,
        inputs.count, channels.count, channels.count, channels.count * inputs.count, filterPlane)
    }
  }

  /// Calls `body` with some source channels and the target channels of a panel, for all filters, on
  /// all threads.
  private func forEachPiece(
    _ engine: Engine, _ body: (_ inputs: Range<Int>, _ channels: Range<Int>, _ worker: Int) -> Void
  ) {
    let pieces = (0..<source.channels).parts(of: WinogradCorrelation.pieceInputs)
    let panels = (0..<target.channels).parts(of: engine.kernels.panelWidth)
    engine.workers.parallelFor(panels.count * pieces.count) { task, worker in
      body(pieces[task % pieces.count], panels[task / pieces.count], worker)
    }
  }

  /// Source channels of the filters that one task transforms: some microseconds of work.
  private static let pieceInputs = 32

  /// The filters of a run.
  enum Filters {
    /// As `transformFilters` writes them.
    case transformed(Input)
    /// As it reads them; where `transformsPieces`.
    case plain(Input)
  }

  /// Computes all maps of a batch; the other arguments are those of `DirectCorrelation.run`.
  func run(
    _ engine: Engine, batch: Int, source image: Activation, filters: Filters, bias: Input?,
    target: Output, accumulates: Bool = false, rectifies: Bool = false, scratch: Scratch,
    pooling: Pooling? = nil, completed: Completion? = nil
  ) {
    precondition(pooling == nil || tiles.segments == 1, "windows of pooling across blocks")
    let work = Work(
      kernels: engine.kernels, image: image, bias: bias, target: target,
      accumulates: accumulates, rectifies: rectifies, pooling: pooling)
    switch filters {
    case .transformed(let weights) where !isTogether(batch):
      runBlocks(engine, batch, work, weights, scratch, completed)
    default:
      runTogether(engine, batch, work, filters, scratch, completed)
    }
  }

  /// The inputs and outputs of a run.
  private struct Work {
    let kernels: KernelTable
    let image: Activation
    let bias: Input?
    let target: Output
    let accumulates: Bool
    let rectifies: Bool
    let pooling: Pooling?
  }

  /// Each thread takes blocks from one end to the other.
  private func runBlocks(
    _ engine: Engine, _ batch: Int, _ work: Work, _ weights: Input, _ scratch: Scratch,
    _ completed: Completion?
  ) {
    // Measurements are those of whole blocks; no other number depends on them.
    let tiles =
      engine.sharesWork && completed == nil ? self.tiles.divided(batch: batch) : self.tiles
    let vStep = sourcePlane(tiles.capacity)
    let mStep = targetPlane(tiles.capacity)
    engine.workers.parallelFor(tiles.blocks(batch: batch)) { block, worker in
      let v = scratch.worker(worker)
      let m = v + WinogradTiles.planes * vStep
      let spare = m + WinogradTiles.planes * mStep
      let rows = tiles.rows(block: block, batch: batch)
      let columns = tiles.columns(block: block)
      transformInput(work, rows, columns, v, vStep, spare)
      work.kernels.winograd.multiply(
        v, weights, m,
        product(
          WinogradTiles.planes, tiles: rows.count * columns.count, vStep: vStep, mStep: mStep))
      transformOutput(work, rows, columns, Input(m), mStep, spare)
      completed?(block, tiles.pixels(rows: rows))
    }
  }

  /// The product of transformed tiles with all transformed filters.
  private func product(
    _ planes: Int, tiles: Int, vStep: Int, mStep: Int
  ) -> WinogradProductShape {
    WinogradProductShape(
      planes: planes, tiles: tiles, inputs: source.channels, outputs: target.channels,
      vStep: vStep, uStep: filterPlane, mStep: mStep)
  }

  /// All tiles are transformed, then each plane is one product, then all are transformed back.
  ///
  /// For few tiles and many channels: the filters, which are most of what is read, are read once.
  private func runTogether(
    _ engine: Engine, _ batch: Int, _ work: Work, _ filters: Filters, _ scratch: Scratch,
    _ completed: Completion?
  ) {
    let count = tilesTogether(batch)
    let columns = 0..<tiles.columnsOfMap
    let v = scratch.shared + packedCount
    let m = v + WinogradTiles.planes * sourcePlane(count)
    let (vStep, mStep) = (sourcePlane(count), targetPlane(count))
    let tasks = tasks(batch: batch)
    let step = rowsOfTask(batch)
    let all = batch * tiles.rowsOfMap
    engine.workers.parallelFor(tasks) { task, worker in
      let rows = (task * step)..<min(all, (task + 1) * step)
      let tile = rows.lowerBound * tiles.columnsOfMap
      transformInput(
        work, rows, columns, v + tile * source.channels, vStep, scratch.worker(worker))
    }
    let product = product(1, tiles: count, vStep: vStep, mStep: mStep)
    switch filters {
    case .transformed(let weights):
      let groups = WinogradTiles.groups(
        channels: target.channels, work: count * source.channels, work.kernels)
      engine.workers.parallelFor(WinogradTiles.planes * groups.count) { task, _ in
        let plane = task / groups.count
        let channels = groups[task % groups.count]
        var own = product
        own.channels = channels.count
        work.kernels.winograd.multiply(
          v + plane * vStep,
          weights + plane * filterPlane + channels.lowerBound * source.channels,
          m + plane * mStep + channels.lowerBound, own)
      }
    case .plain(let filters):
      multiplyPieces(engine, filters, Input(v), m, product, scratch)
    }
    engine.workers.parallelFor(tasks) { task, worker in
      let rows = (task * step)..<min(all, (task + 1) * step)
      let tile = rows.lowerBound * tiles.columnsOfMap
      transformOutput(
        work, rows, columns, Input(m) + tile * target.channels, mStep, scratch.worker(worker))
      completed?(task, tiles.pixels(rows: rows))
    }
  }

  /// Transforms a piece of a panel of filters and multiplies it with all tiles, then the next piece.
  ///
  /// Sums go on from piece to piece, so that the bits are those of filters transformed before.
  private func multiplyPieces(
    _ engine: Engine, _ filters: Input, _ v: Input, _ m: Output, _ product: WinogradProductShape,
    _ scratch: Scratch
  ) {
    let k = engine.kernels
    let step = pieceRows(k.panelWidth)
    let panels = (target.channels + k.panelWidth - 1) / k.panelWidth
    engine.workers.parallelFor(panels) { panel, worker in
      let u = scratch.worker(worker)
      let channel = panel * k.panelWidth
      var product = product
      product.planes = WinogradTiles.planes
      product.channels = min(k.panelWidth, target.channels - channel)
      product.uStep = piecePlane(k.panelWidth)
      for first in Swift.stride(from: 0, to: source.channels, by: step) {
        product.indices = min(step, source.channels - first)
        product.continues = first > 0
        k.winograd.transformFilters(
          filters + first * target.channels + channel, u, product.indices, product.channels,
          target.channels, source.channels * target.channels, product.uStep)
        k.winograd.multiply(v + first, Input(u), m + channel, product)
      }
    }
  }

  /// Transforms the source's tiles of some rows.
  private func transformInput(
    _ work: Work, _ rows: Range<Int>, _ columns: Range<Int>, _ v: Output, _ plane: Int,
    _ spare: Output
  ) {
    tiles.forEachRun(rows: rows, across: columns.count) { run in
      let band = Band(
        image: work.image.image(run.image, source), shape: source, firstRow: 4 * run.row - top,
        rows: 4 * run.rows + 2, left: left - 4 * columns.lowerBound,
        columns: 4 * columns.count + 2, scratch: spare, work.kernels)
      for row in 0..<run.rows {
        let tile = run.tilesBefore + row * columns.count
        work.kernels.winograd.transformInput(
          band.start + 4 * row * band.rowStep, v + tile * source.channels, columns.count,
          band.rowStep, source.channels, plane)
      }
    }
  }

  /// Writes the pixels of some rows of tiles, or pools them.
  ///
  /// - spare: room for the rows of one stretch.
  private func transformOutput(
    _ work: Work, _ rows: Range<Int>, _ columns: Range<Int>, _ m: Input, _ plane: Int,
    _ spare: Output
  ) {
    let rowStep = target.width * target.channels
    tiles.forEachRun(rows: rows, across: columns.count) { run in
      let first = 4 * run.row
      let map =
        work.pooling == nil
        ? work.target + run.image * target.count + first * rowStep
          + 4 * columns.lowerBound * target.channels : spare
      for row in 0..<run.rows {
        let tile = run.tilesBefore + row * columns.count
        work.kernels.winograd.transformOutput(
          m + tile * target.channels, map + 4 * row * rowStep, work.bias, columns.count, rowStep,
          target.channels, plane, min(4, target.height - first - 4 * row),
          target.width - 4 * columns.lowerBound, work.accumulates, work.rectifies)
      }
      work.pooling?.pool(
        work.kernels, Input(spare), image: run.image, firstRow: first,
        rows: min(4 * run.rows, target.height - first))
    }
  }
}
