// Pooling by windows of 2 x 2 side by side, which every network here uses: each input belongs to
// one window at most, so constants replace the clipping, and a gradient can be written whole.

internal import KernelTypes

/// Whether the windows are 2 x 2, side by side, inside the image, and hold a whole vector.
@inline(__always)
func halves(_ s: PoolShape) -> Bool {
  s.size == 2 && s.stride == 2 && s.padTop == 0 && s.padLeft == 0 && s.channels >= lanes
    && 2 * s.outputHeight <= s.height && 2 * s.outputWidth <= s.width
}

/// The channel after `c` at which the next whole vector begins.
///
/// A last partial vector overlaps the previous one: its values are computed twice, with the same
/// result.
@inline(__always)
private func following(_ c: Int, _ channels: Int) -> Int {
  let next = c + lanes
  return next < channels && next + lanes > channels ? channels - lanes : next
}

/// Whether `v` replaces `best`: it is greater, or the first NaN.
@inline(__always)
private func wins(_ v: Vector, over best: Vector) -> SIMDMask<Vector.MaskStorage> {
  .!(v .<= best) .& (best .== best)
}

/// `maxPool` if `halves`.
///
/// The codes of some pixels are collected as whole words and then narrowed in a loop of their own:
/// LLVM scalarizes a vector that is narrowed where it is computed.
@inline(__always)
func maxPoolOfHalves(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  _ codes: UnsafeMutablePointer<UInt8>, _ s: PoolShape
) {
  let pixelsAtOnce = s.channels < 1024 ? 1024 / s.channels : 1
  let bytes = 4 * pixelsAtOnce * s.channels
  withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { memory in
    if let words = memory.baseAddress?.assumingMemoryBound(to: Int32.self) {
      for oy in 0..<s.outputHeight {
        var ox = 0
        while ox < s.outputWidth {
          let end = ox + pixelsAtOnce < s.outputWidth ? ox + pixelsAtOnce : s.outputWidth
          maximaOfHalves(x, y, words, row: oy, ox..<end, s)
          let at = (oy * s.outputWidth + ox) * s.channels
          for i in 0..<((end - ox) * s.channels) {
            codes[at + i] = UInt8(truncatingIfNeeded: words[i])
          }
          ox = end
        }
      }
    }
  }
}

/// The maxima of neighbouring windows of one row, and in `words` their places if it is given.
@inline(__always)
func maximaOfHalves(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  _ words: UnsafeMutablePointer<Int32>?, row oy: Int, _ columns: Range<Int>, _ s: PoolShape
) {
  let rowStep = s.width * s.channels
  for ox in columns {
    let window = x + 2 * (oy * rowStep + ox * s.channels)
    let at = (oy * s.outputWidth + ox) * s.channels
    var c = 0
    while c < s.channels {
      let p = window + c
      var top = load(p)
      var bottom = load(p + rowStep)
      let topRight = load(p + s.channels)
      let bottomRight = load(p + rowStep + s.channels)
      let rightAtTop = wins(topRight, over: top)
      let rightAtBottom = wins(bottomRight, over: bottom)
      top.replace(with: topRight, where: rightAtTop)
      bottom.replace(with: bottomRight, where: rightAtBottom)
      let below = wins(bottom, over: top)
      top.replace(with: bottom, where: below)
      store(y + at + c, top)
      if let words {
        var code = IndexVector.zero.replacing(
          with: IndexVector(repeating: 1), where: rightAtTop)
        let codeBelow = IndexVector(repeating: 2).replacing(
          with: IndexVector(repeating: 3), where: rightAtBottom)
        code.replace(with: codeBelow, where: below)
        UnsafeMutableRawPointer(words + (ox - columns.lowerBound) * s.channels + c).storeBytes(
          of: code, as: IndexVector.self)
      }
      c = following(c, s.channels)
    }
  }
}

/// Writes zeros outside the windows: after the last column of `row`'s windows.
@inline(__always)
private func clearEdge(_ dx: UnsafeMutablePointer<Float>, row: Int, _ s: PoolShape) {
  let covered = 2 * s.outputWidth
  (dx + (row * s.width + covered) * s.channels).update(
    repeating: 0, count: (s.width - covered) * s.channels)
}

/// Writes zeros outside the windows: after the last row and the last column of windows.
@inline(__always)
private func clearEdges(_ dx: UnsafeMutablePointer<Float>, _ s: PoolShape) {
  if 2 * s.outputWidth < s.width {
    for row in 0..<(2 * s.outputHeight) { clearEdge(dx, row: row, s) }
  }
  let covered = 2 * s.outputHeight * s.width * s.channels
  (dx + covered).update(repeating: 0, count: s.height * s.width * s.channels - covered)
}

/// `maxPoolGradient` if `halves` and not `accumulates`: every element of dx is written once.
@inline(__always)
func maxPoolGradientOfHalves(
  _ codes: UnsafePointer<UInt8>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
  _ s: PoolShape
) {
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    for ox in 0..<s.outputWidth {
      let window = dx + 2 * (oy * rowStep + ox * s.channels)
      let at = (oy * s.outputWidth + ox) * s.channels
      var c = 0
      while c < s.channels {
        let code = IndexVector(
          truncatingIfNeeded: UnsafeRawPointer(codes + at + c).loadUnaligned(as: ByteVector.self))
        let d = load(dy + at + c)
        let p = window + c
        store(p, Vector.zero.replacing(with: d, where: code .== IndexVector(repeating: 0)))
        store(
          p + s.channels, Vector.zero.replacing(with: d, where: code .== IndexVector(repeating: 1)))
        store(
          p + rowStep, Vector.zero.replacing(with: d, where: code .== IndexVector(repeating: 2)))
        store(
          p + rowStep + s.channels,
          Vector.zero.replacing(with: d, where: code .== IndexVector(repeating: 3)))
        c = following(c, s.channels)
      }
    }
  }
  clearEdges(dx, s)
}

/// `averagePool` if `halves`.
@inline(__always)
func averagePoolOfHalves(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ s: PoolShape
) {
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    for ox in 0..<s.outputWidth {
      let window = x + 2 * (oy * rowStep + ox * s.channels)
      let at = (oy * s.outputWidth + ox) * s.channels
      var c = 0
      while c < s.channels {
        let p = window + c
        let top = load(p) + load(p + s.channels)
        let bottom = load(p + rowStep) + load(p + rowStep + s.channels)
        store(y + at + c, (top + bottom) * Vector(repeating: 0.25))
        c = following(c, s.channels)
      }
    }
  }
}

/// `averagePoolGradient` if `halves` and not `accumulates`: every element of dx is written once.
@inline(__always)
func averagePoolGradientOfHalves(
  _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ s: PoolShape
) {
  let rowStep = s.width * s.channels
  for oy in 0..<s.outputHeight {
    for ox in 0..<s.outputWidth {
      let window = dx + 2 * (oy * rowStep + ox * s.channels)
      let at = (oy * s.outputWidth + ox) * s.channels
      var c = 0
      while c < s.channels {
        let share = load(dy + at + c) * Vector(repeating: 0.25)
        let p = window + c
        store(p, share)
        store(p + s.channels, share)
        store(p + rowStep, share)
        store(p + rowStep + s.channels, share)
        c = following(c, s.channels)
      }
    }
  }
  clearEdges(dx, s)
}
