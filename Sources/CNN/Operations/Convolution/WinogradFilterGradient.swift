internal import KernelTypes

/// The gradient of 3 x 3 filters at stride 1 by Winograd's method, F(3x3, 4x4).
///
/// On the tiles of the forward pass: dW = Aᵀ [Σ over tiles of (Bᵀ x B) ⊙ (G dy Gᵀ)] A, where the sum
/// in each of the 36 planes is a product [channel][tile] by [tile][output channel]. It is turned
/// back once, after the sum.
struct WinogradFilterGradient {
  let input: Shape
  let output: Shape
  let top: Int
  let left: Int
  private let tiles: WinogradTiles

  init(input: Shape, output: Shape, top: Int, left: Int) {
    self.input = input
    self.output = output
    self.top = top
    self.left = left
    isPrivate = input.channels * output.channels <= 4096
    let blocks = WinogradTiles(map: output, channels: input.channels + output.channels)
    tiles = isPrivate ? blocks : blocks.ofOneMap
  }

  private var planes: Int { WinogradTiles.planes }
  private var filterTap: Int { input.channels * output.channels }
  private var filterPlane: Int { filterTap + 16 }
  private var bandCount: Int {
    let rows = 4 * min(tiles.rows, tiles.rowsOfMap) + 2
    let columns = 4 * tiles.width + 2
    return max(
      Band.count(rows: rows, columns: columns, shape: input),
      Band.count(rows: rows, columns: columns, shape: output))
  }

  /// Whether all sums of one thread fit into its cache along with a block's tiles.
  ///
  /// Then each thread works on its own blocks from one end to the other. Otherwise the tiles of
  /// many blocks are transformed first, and each plane's sums belong to one task.
  private let isPrivate: Bool

  /// Blocks whose tiles are in memory together where sums are shared: about 8 MB.
  private var blocksTogether: Int {
    let floats = planes * tiles.capacity * (input.channels + output.channels)
    return max(1, (1 << 21) / floats)
  }

  /// Chunks of blocks with separate sums; few, because they are added at the end.
  private func chunks(batch: Int) -> Int { min(16, tiles.blocks(batch: batch)) }

  /// Floats of scratch memory for all threads.
  func sharedCount(batch: Int) -> Int {
    if isPrivate { return chunks(batch: batch) * 9 * filterTap }
    let blocks = min(blocksTogether, tiles.blocks(batch: batch))
    return planes * (inputPlane(blocks) + outputPlane(blocks) + filterPlane)
  }

  /// Floats of scratch memory for each thread.
  var workerCount: Int {
    isPrivate
      ? planes * (inputPlane(1) + outputPlane(1) + filterPlane) + bandCount : bandCount
  }

  // A cache line more, so that the planes do not all fall into the same places of the cache.
  private func inputPlane(_ blocks: Int) -> Int { blocks * tiles.capacity * input.channels + 16 }
  private func outputPlane(_ blocks: Int) -> Int { blocks * tiles.capacity * output.channels + 16 }

  /// dfilters += Σ over images and pixels of x · dy, in an order that depends on sizes alone.
  func run(
    _ engine: Engine, batch: Int, input image: Activation, outputGradient dy: Activation,
    gradient: Output, scratch: Scratch
  ) {
    if isPrivate {
      runPrivate(engine, batch, image, dy, gradient, scratch)
    } else {
      runShared(engine, batch, image, dy, gradient, scratch)
    }
  }

  private func runPrivate(
    _ engine: Engine, _ batch: Int, _ image: Activation, _ dy: Activation, _ gradient: Output,
    _ scratch: Scratch
  ) {
    let k = engine.kernels
    let blocks = tiles.blocks(batch: batch)
    let chunks = chunks(batch: batch)
    let partials = scratch.shared
    engine.workers.parallelFor(chunks) { chunk, worker in
      let v = scratch.worker(worker)
      let d = v + planes * inputPlane(1)
      let sums = d + planes * outputPlane(1)
      let spare = sums + planes * filterPlane
      let first = chunk * blocks / chunks
      for block in first..<((chunk + 1) * blocks / chunks) {
        let count = transformBlock(
          k, block, batch, image, dy, v, inputPlane(1), d, outputPlane(1), spare)
        k.winograd.multiplyGradient(
          v, d, sums, planes, count, input.channels, output.channels, inputPlane(1),
          outputPlane(1), filterPlane, 0..<output.channels, block > first)
      }
      k.winograd.transformFilterGradient(
        sums, partials + chunk * 9 * filterTap, filterTap, filterPlane, filterTap, false)
    }
    engine.stretches(9 * filterTap, terms: chunks) { start, count in
      k.elementwise.sumParts(
        partials + start, chunks, 9 * filterTap, gradient + start, count)
    }
  }

  private func runShared(
    _ engine: Engine, _ batch: Int, _ image: Activation, _ dy: Activation, _ gradient: Output,
    _ scratch: Scratch
  ) {
    let k = engine.kernels
    let blocks = tiles.blocks(batch: batch)
    let together = min(blocksTogether, blocks)
    let v = scratch.shared
    let d = v + planes * inputPlane(together)
    let sums = d + planes * outputPlane(together)
    for first in stride(from: 0, to: blocks, by: together) {
      let end = min(blocks, first + together)
      let before = tiles.tilesBefore(block: first, batch: batch)
      engine.workers.parallelFor(end - first) { index, worker in
        let tile = tiles.tilesBefore(block: first + index, batch: batch) - before
        transformBlock(
          k, first + index, batch, image, dy, v + tile * input.channels, inputPlane(together),
          d + tile * output.channels, outputPlane(together), scratch.worker(worker))
      }
      let count = tiles.tilesBefore(block: end, batch: batch) - before
      let groups = WinogradTiles.groups(
        channels: output.channels, work: count * input.channels, k)
      engine.workers.parallelFor(planes * groups.count) { task, _ in
        let plane = task / groups.count
        k.winograd.multiplyGradient(
          v + plane * inputPlane(together), d + plane * outputPlane(together),
          sums + plane * filterPlane, 1, count, input.channels, output.channels, 0, 0, 0,
          groups[task % groups.count], first > 0)
      }
    }
    engine.stretches(filterTap, terms: planes) { start, count in
      k.winograd.transformFilterGradient(
        sums + start, gradient + start, count, filterPlane, filterTap, true)
    }
  }

  /// Transforms a block's tiles of input and output gradient; returns how many they are.
  @discardableResult
  private func transformBlock(
    _ k: KernelTable, _ block: Int, _ batch: Int, _ image: Activation, _ dy: Activation,
    _ v: Output,
    _ inputPlane: Int, _ d: Output, _ outputPlane: Int, _ spare: Output
  ) -> Int {
    let columns = tiles.columns(block: block)
    let rows = tiles.rows(block: block, batch: batch)
    tiles.forEachRun(rows: rows, across: columns.count) { run in
      let x = Band(
        image: image.image(run.image, input), shape: input, firstRow: 4 * run.row - top,
        rows: 4 * run.rows + 2, left: left - 4 * columns.lowerBound,
        columns: 4 * columns.count + 2, scratch: spare, k)
      for row in 0..<run.rows {
        let tile = run.tilesBefore + row * columns.count
        k.winograd.transformInput(
          x.start + 4 * row * x.rowStep, v + tile * input.channels, columns.count, x.rowStep,
          input.channels, inputPlane)
      }
      let g = Band(
        image: dy.image(run.image, output), shape: output,
        firstRow: 4 * run.row, rows: 4 * run.rows, left: -4 * columns.lowerBound,
        columns: 4 * columns.count, scratch: spare, k)
      for row in 0..<run.rows {
        let tile = run.tilesBefore + row * columns.count
        k.winograd.transformGradient(
          g.start + 4 * row * g.rowStep, d + tile * output.channels, columns.count, g.rowStep,
          output.channels, outputPlane)
      }
    }
    return rows.count * columns.count
  }
}
