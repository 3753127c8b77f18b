package import KernelTypes

/// Packs the panel of channels that starts at `channel`: [indices][channels] to [indices][width].
///
/// The width is two vectors, or one if that holds the last channels; padded with zeros.
package func packPanel(
  _ filters: UnsafePointer<Float>, _ panel: UnsafeMutablePointer<Float>, indices: Int,
  channels: Int, channel: Int
) {
  let left = channels - channel
  let width = left > lanes ? 2 * lanes : lanes
  var source = filters + channel
  var target = panel
  for _ in 0..<indices {
    if left >= width {
      store(target, load(source))
      if width > lanes { store(target + lanes, load(source + lanes)) }
    } else {
      for i in 0..<width { target[i] = i < left ? source[i] : 0 }
    }
    source += channels
    target += width
  }
}

/// Packs the panel of input channels that starts at `channel` for the input gradient.
///
/// The rows and columns of the kernel that meet one phase of the input are taken from the last to
/// the first: kernel row `firstRow + stride · (rows - 1 - j)` for j in 0..<rows, columns likewise.
/// - filters: [kernelRows][kernelColumns][inputChannels][outputChannels].
/// - outputs: the output channels to pack, `filters` being at the first one.
/// - panel: [rows][columns][outputs][width].
package func packTurnedPanel(
  _ filters: UnsafePointer<Float>, _ panel: UnsafeMutablePointer<Float>, kernelColumns: Int,
  inputChannels: Int, outputChannels: Int, outputs: Int, stride: Int, firstRow: Int, rows: Int,
  firstColumn: Int, columns: Int, channel: Int
) {
  let left = inputChannels - channel
  let width = left > lanes ? 2 * lanes : lanes
  let filled = left < width ? left : width
  var target = panel
  for row in 0..<rows {
    for column in 0..<columns {
      let kernelRow = firstRow + stride * (rows - 1 - row)
      let kernelColumn = firstColumn + stride * (columns - 1 - column)
      let tap = kernelRow * kernelColumns + kernelColumn
      let source = filters + (tap * inputChannels + channel) * outputChannels
      turn(source, outputChannels, target, width, rows: filled, columns: outputs)
      for c in filled..<width {
        for o in 0..<outputs { target[o * width + c] = 0 }
      }
      target += outputs * width
    }
  }
}

/// Writes a matrix of `rows` x `columns` with rows and columns exchanged.
///
/// Squares of whole vectors go through registers, the rest one by one.
@inline(__always)
private func turn(
  _ source: UnsafePointer<Float>, _ sourceStep: Int, _ target: UnsafeMutablePointer<Float>,
  _ targetStep: Int, rows: Int, columns: Int
) {
  let wholeColumns = columns / lanes * lanes
  var row = 0
  while row + lanes <= rows {
    for column in stride(from: 0, to: wholeColumns, by: lanes) {
      turnSquare(
        source + row * sourceStep + column, sourceStep, target + column * targetStep + row,
        targetStep)
    }
    row += lanes
  }
  for r in 0..<rows {
    for column in (r < row ? wholeColumns : 0)..<columns {
      target[column * targetStep + r] = source[r * sourceStep + column]
    }
  }
}

/// Exchanges rows and columns of a square whose side is one vector.
///
/// Each round interleaves row i with row i + half the side; after as many rounds as the side has
/// factors of two, every element has changed its row and column number.
@inline(never)
func turnSquare(
  _ source: UnsafePointer<Float>, _ sourceStep: Int, _ target: UnsafeMutablePointer<Float>,
  _ targetStep: Int
) {
  var rows = clearedAccumulators()
  for i in 0..<lanes { rows[i] = load(source + i * sourceStep) }
  interleave(&rows)
  interleave(&rows)
  #if KERNELS_AVX512 || KERNELS_AVX2
    interleave(&rows)
  #endif
  #if KERNELS_AVX512
    interleave(&rows)
  #endif
  for i in 0..<lanes { store(target + i * targetStep, rows[i]) }
}

@inline(__always)
private func interleave(_ rows: inout Accumulators) {
  let former = rows
  for i in 0..<(lanes / 2) {
    let (a, b) = (former[i], former[i + lanes / 2])
    rows[2 * i] = interleavedLow(a, b)
    rows[2 * i + 1] = interleavedHigh(a, b)
  }
}

/// a[0], b[0], a[1], b[1] and so on: spelled out, so that LLVM sees one shuffle.
@inline(__always)
private func interleavedLow(_ a: Vector, _ b: Vector) -> Vector {
  #if KERNELS_AVX512
    return Vector(
      a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3], a[4], b[4], a[5], b[5], a[6], b[6], a[7],
      b[7])
  #elseif KERNELS_AVX2
    return Vector(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3])
  #else
    return Vector(a[0], b[0], a[1], b[1])
  #endif
}

/// The same for the upper halves of both.
@inline(__always)
private func interleavedHigh(_ a: Vector, _ b: Vector) -> Vector {
  #if KERNELS_AVX512
    return Vector(
      a[8], b[8], a[9], b[9], a[10], b[10], a[11], b[11], a[12], b[12], a[13], b[13], a[14],
      b[14], a[15], b[15])
  #elseif KERNELS_AVX2
    return Vector(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7])
  #else
    return Vector(a[2], b[2], a[3], b[3])
  #endif
}

/// Copies rows of an image into a band, with zeros around them.
package func padBand(
  _ image: UnsafePointer<Float>, _ band: UnsafeMutablePointer<Float>, _ shape: BandShape
) {
  let (begin, skipped, copied) = (shape.zeros, shape.skipped, shape.copied)
  let room = shape.bandRowStep - begin
  for row in 0..<shape.rows {
    let target = band + row * shape.bandRowStep
    let imageRow = shape.firstRow + row
    if imageRow < 0 || imageRow >= shape.imageRows {
      target.update(repeating: 0, count: shape.bandRowStep)
      continue
    }
    target.update(repeating: 0, count: begin)
    (target + begin).update(from: image + imageRow * shape.imageRowLength + skipped, count: copied)
    (target + begin + copied).update(repeating: 0, count: room - copied)
  }
}
