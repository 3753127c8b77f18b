package import KernelTypes

/// Correlates a padded band with packed filters and writes `shape.rows` output rows.
///
/// - band: the input of the first output pixel.
/// - weights: panels of two vectors of channels, the last of one where that is enough; in a panel
///   [kernel row][index in the row][channel], zeros after the last channel.
/// - bias: one number a channel, padded like the panels, or nil.
/// - output: the first output pixel.
package func correlateBand(
  _ band: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ shape: CorrelationShape
) {
  let folded = folded(shape)
  let bytes = 2 * widestTile * lanes * 4
  withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { memory in
    if let spare = memory.baseAddress?.assumingMemoryBound(to: Float.self) {
      var channel = 0
      var panel = weights
      while channel < shape.channels {
        let left = shape.channels - channel
        let width = left > lanes ? 2 * lanes : lanes
        correlatePanel(
          band, panel, bias.map { $0 + channel }, output + channel, left, folded, spare)
        channel += width
        panel += shape.weightStep == nil ? shape.kernelRows * shape.rowLength * width : width
      }
    }
  }
}

/// The same pixels in rows as long as possible, since tiles fit long rows best.
@inline(__always)
private func folded(_ shape: CorrelationShape) -> CorrelationShape {
  var s = shape
  if s.bandLineStep == s.columns * s.bandPixelStep
    && s.outputRowStep == s.columns * s.outputPixelStep
  {
    // Rows that follow one another without a gap are one row.
    s.columns *= s.rows
    s.rows = 1
  }
  if s.rows > s.columns {
    (s.rows, s.columns) = (s.columns, s.rows)
    (s.bandLineStep, s.bandPixelStep) = (s.bandPixelStep, s.bandLineStep)
    (s.outputRowStep, s.outputPixelStep) = (s.outputPixelStep, s.outputRowStep)
  }
  return s
}

/// All pixels of one panel.
///
/// A single long kernel row, that is a matrix product, is divided: the weights of one part stay in
/// the first-level cache for all pixels. The partial sums are stored in the output, unrounded.
@inline(__always)
private func correlatePanel(
  _ band: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ channels: Int, _ shape: CorrelationShape,
  _ spare: UnsafeMutablePointer<Float>
) {
  let vectors = channels > lanes ? 2 : 1
  let longest = shape.kernelRows == 1 ? 256 : Int.max
  var first = 0
  repeat {
    var s = shape
    let left = shape.rowLength - first
    s.rowLength = left < longest ? left : longest
    s.accumulates = shape.accumulates || first > 0
    s.rectifies = shape.rectifies && s.rowLength == left
    s.ceiling = s.rowLength == left ? shape.ceiling : .infinity
    let x = band + first
    let w = weights + first * (shape.weightStep ?? vectors * lanes)
    correlateMap(vectors, x, w, bias, output, channels, s, spare)
    first += s.rowLength
  } while first < shape.rowLength
}

/// One panel, in tiles of nearly equal sizes that cover it exactly.
///
/// If the rows are short, a tile spans several of them. A tile reads and writes whole vectors: if
/// the panel's last channels do not fill them, it writes to `spare`, and the existing channels are
/// copied.
@inline(__always)
private func correlateMap(
  _ vectors: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>, _ channels: Int,
  _ s: CorrelationShape, _ spare: UnsafeMutablePointer<Float>
) {
  if s.rows <= 0 || s.columns <= 0 { return }
  let width = vectors * lanes
  let strips = (s.columns + widestTile - 1) / widestTile
  let widest = part(0, of: s.columns, parts: strips)
  let tallest = tileRows(vectors, widest)
  let groups = (s.rows + tallest - 1) / tallest
  var row = 0
  for group in 0..<groups {
    let rows = part(group, of: s.rows, parts: groups)
    var column = 0
    for strip in 0..<strips {
      let columns = part(strip, of: s.columns, parts: strips)
      let xOfTile = x + row * s.bandLineStep + column * s.bandPixelStep
      let yOfTile = y + row * s.outputRowStep + column * s.outputPixelStep
      var target = TileTarget(
        start: bias, startRowStep: 0, startPixelStep: 0, output: yOfTile,
        rowStep: s.outputRowStep, pixelStep: s.outputPixelStep)
      if channels < width {
        target.output = spare
        target.pixelStep = width
        target.rowStep = columns * width
        if s.accumulates {
          for r in 0..<rows {
            for i in 0..<columns {
              let source = yOfTile + r * s.outputRowStep + i * s.outputPixelStep
              let copy = spare + (r * columns + i) * width
              for c in 0..<channels { copy[c] = source[c] }
            }
          }
        }
      }
      if s.accumulates {
        target.start = UnsafePointer(target.output)
        target.startRowStep = target.rowStep
        target.startPixelStep = target.pixelStep
      }
      withUnsafePointer(to: target) {
        correlateTile(vectors, rows, columns, xOfTile, w, $0, s)
      }
      if channels < width {
        for r in 0..<rows {
          for i in 0..<columns {
            let result = yOfTile + r * s.outputRowStep + i * s.outputPixelStep
            let copy = spare + (r * columns + i) * width
            for c in 0..<channels { result[c] = copy[c] }
          }
        }
      }
      column += columns
    }
    row += rows
  }
}
