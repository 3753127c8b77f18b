internal import KernelInterface
internal import KernelSelection

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

  /// Floats of the transformed filters.
  var weightCount: Int { WinogradTiles.planes * source.channels * target.channels }

  /// Floats of scratch memory for each thread.
  func workerCount(_ kernels: KernelTable) -> Int {
    max(
      9 * source.channels * kernels.panelWidth,
      WinogradTiles.planes * (sourcePlane + targetPlane) + bandCount)
  }

  /// Tasks of a batch, each of which computes consecutive pixels unless rows are divided.
  func tasks(batch: Int) -> Int { tiles.blocks(batch: batch) }

  // A cache line more, so that the planes do not all fall into the same places of the cache.
  private var sourcePlane: Int { tiles.capacity * source.channels + 16 }
  private var targetPlane: Int { tiles.capacity * target.channels + 16 }
  private var bandColumns: Int { 4 * tiles.width + 2 }
  private var bandCount: Int {
    (4 * min(tiles.rows, tiles.rowsOfMap) + 2) * bandColumns * source.channels
  }

  /// Transforms filters [3][3][source channel][target channel], panel by panel.
  func transformFilters(_ engine: Engine, _ filters: Input, to u: Output) {
    let k = engine.kernels
    let width = k.panelWidth
    let plane = source.channels * target.channels
    engine.workers.parallelFor((target.channels + width - 1) / width) { panel, _ in
      let channel = panel * width
      k.winograd.transformFilters(
        filters + channel, u + channel * source.channels, source.channels,
        min(width, target.channels - channel), target.channels, plane, plane)
    }
  }

  /// Transforms filters [3][3][target channel][source channel], turned by 180 degrees.
  func transformTurnedFilters(
    _ engine: Engine, _ filters: Input, to u: Output, scratch: Scratch
  ) {
    let k = engine.kernels
    let width = k.panelWidth
    engine.workers.parallelFor((target.channels + width - 1) / width) { panel, worker in
      let packed = scratch.worker(worker)
      let channel = panel * width
      let own = min(width, target.channels - channel)
      k.convolution.packTurnedPanel(
        filters, packed, 3, target.channels, source.channels, 1, 0, 3, 0, 3, channel)
      k.winograd.transformFilters(
        packed, u + channel * source.channels, source.channels, own, own, own * source.channels,
        source.channels * target.channels)
    }
  }

  /// Computes all maps of a batch; the arguments are those of `DirectCorrelation.run`.
  func run(
    _ engine: Engine, batch: Int, source image: Activation, weights: Input, bias: Input?,
    target output: Output, accumulates: Bool = false, rectifies: Bool = false, scratch: Scratch,
    completed: Completion? = nil
  ) {
    let k = engine.kernels
    engine.workers.parallelFor(tiles.blocks(batch: batch)) { block, worker in
      let v = scratch.worker(worker)
      let m = v + WinogradTiles.planes * sourcePlane
      let spare = m + WinogradTiles.planes * targetPlane
      let count = transformInput(k, block, batch, image, v, sourcePlane, spare)
      k.winograd.multiply(
        v, weights, m, WinogradTiles.planes, count, source.channels, target.channels, sourcePlane,
        targetPlane)
      transformOutput(
        k, block, batch, Input(m), targetPlane, output, bias, accumulates, rectifies)
      completed?(block, tiles.pixels(block: block, batch: batch))
    }
  }

  /// Transforms the source's tiles of a block; returns how many they are.
  private func transformInput(
    _ k: KernelTable, _ block: Int, _ batch: Int, _ image: Activation, _ v: Output, _ plane: Int,
    _ spare: Output
  ) -> Int {
    let columns = tiles.columns(block: block)
    return tiles.forEachRun(block: block, batch: batch) { run in
      let band = Band(
        image: image + run.image * source.count, shape: source, firstRow: 4 * run.row - top,
        rows: 4 * run.rows + 2, left: left - 4 * columns.lowerBound,
        columns: 4 * columns.count + 2, scratch: spare, k)
      for row in 0..<run.rows {
        let tile = run.tilesBefore + row * columns.count
        k.winograd.transformInput(
          band.start + 4 * row * band.rowStep, v + tile * source.channels, columns.count,
          band.rowStep, source.channels, plane)
      }
    }
  }

  private func transformOutput(
    _ k: KernelTable, _ block: Int, _ batch: Int, _ m: Input, _ plane: Int, _ output: Output,
    _ bias: Input?, _ accumulates: Bool, _ rectifies: Bool
  ) {
    let columns = tiles.columns(block: block)
    tiles.forEachRun(block: block, batch: batch) { run in
      for row in 0..<run.rows {
        let tile = run.tilesBefore + row * columns.count
        let y = 4 * (run.row + row)
        let place = y * target.width + 4 * columns.lowerBound
        k.winograd.transformOutput(
          m + tile * target.channels, output + run.image * target.count + place * target.channels,
          bias, columns.count, target.width * target.channels, target.channels, plane,
          min(4, target.height - y), target.width - 4 * columns.lowerBound, accumulates, rectifies)
      }
    }
  }
}
