package import KernelInterface

/// Packs the panel of channels that starts at `channel`: [indices][channels] to [indices][width].
///
/// The width is two vectors, or one where that holds the last channels; behind them stand zeros.
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
/// - panel: [rows][columns][outputChannels][width].
package func packTurnedPanel(
  _ filters: UnsafePointer<Float>, _ panel: UnsafeMutablePointer<Float>, kernelColumns: Int,
  inputChannels: Int, outputChannels: Int, stride: Int, firstRow: Int, rows: Int,
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
      // Eight outputs at a time, so that a cache line is read and written as a whole.
      var first = 0
      while first < outputChannels {
        let last = first + 8 < outputChannels ? first + 8 : outputChannels
        for c in 0..<filled {
          for o in first..<last { target[o * width + c] = source[c * outputChannels + o] }
        }
        first = last
      }
      for c in filled..<width {
        for o in 0..<outputChannels { target[o * width + c] = 0 }
      }
      target += outputChannels * width
    }
  }
}

/// Copies rows of an image into a band, with zeros around them.
package func padBand(
  _ image: UnsafePointer<Float>, _ band: UnsafeMutablePointer<Float>, _ shape: BandShape
) {
  let begin = shape.left > 0 ? shape.left : 0
  let skipped = shape.left < 0 ? -shape.left : 0
  let available = shape.imageRowLength - skipped
  let room = shape.bandRowStep - begin
  let copied = available < room ? (available > 0 ? available : 0) : room
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
