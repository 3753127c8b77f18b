/// Pixels of a row that are sampled together.
@inline(__always) private var chunk: Int { 128 }

// The scratch memory holds for each pixel of a chunk: the weights of the pixel to the right and of
// the one below, the offset of the pixel to the left and above, whether the pixel has the border's
// colour, three words of its neighbours' bytes, and its three channels.
//
// A function for each pass over them: the compiler keeps whole vectors only from memory to memory,
// and takes vectors apart that are put together lane by lane.

/// From one number of each pixel of a chunk to the next.
@inline(__always) private var plane: Int { 4 * chunk }
@inline(__always) private var downAt: Int { plane }
@inline(__always) private var offsetsAt: Int { 2 * plane }
@inline(__always) private var outsideAt: Int { 3 * plane }
@inline(__always) private var upperAt: Int { 4 * plane }
@inline(__always) private var lowerAt: Int { 5 * plane }
@inline(__always) private var restAt: Int { 6 * plane }
/// Loads of single bytes read past the words of the neighbours.
@inline(__always) private var channelsAt: Int { 7 * plane + 64 }

/// See `ImageKernels.SampleAffine`.
///
/// Bilinear, sixteen pixels of a row at a time, each channel in a vector of its own. Positions
/// beyond the border are first moved onto the picture, so that no pixel needs a branch.
func sampleAffine(
  _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
  _ target: UnsafeMutablePointer<Float>, _ targetWidth: Int, _ targetHeight: Int,
  _ parameters: UnsafePointer<Float>, _ border: Int, _ adds: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let pixels = UnsafeRawPointer(source)
  let places = UnsafeMutableRawPointer(scratch)
  let stride = 3 * width
  // A picture one pixel high has no row below: the row itself stands for it.
  let below = height > 1 ? stride : 0
  touch(pixels, stride * height, places + channelsAt - 64)
  for y in 0..<targetHeight {
    let line = Float(y)
    var x = 0
    while x < targetWidth {
      let count = min(chunk, targetWidth - x)
      if border == 2 { clearMarks(places, count) }
      locate(
        places, places, from: x, count: count, step: parameters[0],
        start: parameters[1] * line + parameters[2], size: width, bytes: 3, border, adds: false)
      locate(
        places, places + downAt, from: x, count: count, step: parameters[3],
        start: parameters[4] * line + parameters[5], size: height, bytes: stride, border,
        adds: true)
      fetchNeighbours(pixels, below, places, count)
      // Red of the right neighbours is the last byte of a word, green and blue are in the rest.
      blend(places, upperAt, upperAt + 3, lowerAt, lowerAt + 3, channelsAt, count)
      blend(
        places, upperAt + 1, restAt, lowerAt + 1, restAt + 2, channelsAt + plane, count)
      blend(
        places, upperAt + 2, restAt + 1, lowerAt + 2, restAt + 3, channelsAt + 2 * plane, count)
      if border == 2 {
        for channel in 0..<3 {
          paint(places, channelsAt + channel * plane, parameters[18 + channel], count)
        }
      }
      mixChannels(places + channelsAt, parameters + 6, count)
      let row = target + 3 * (y * targetWidth + x)
      let channels = places + channelsAt
      if adds { interleaveAdding(channels, count, row) } else { interleave(channels, count, row) }
      x += count
    }
  }
}

/// Reads from each line of the cache that `count` bytes take; `sink` gets what is of no use.
///
/// Pictures come from main memory in random order, and what is read along slanting rows no
/// processor foresees: read in order first, a picture is there sooner.
@inline(never)
func touch(_ bytes: UnsafeRawPointer, _ count: Int, _ sink: UnsafeMutableRawPointer) {
  var seen: UInt8 = 0
  for at in stride(from: 0, to: count, by: 64) {
    seen |= (bytes + at).load(as: UInt8.self)
  }
  sink.storeBytes(of: seen, as: UInt8.self)
}

/// Sets the marks of `count` pixels to zero.
@inline(__always)
func clearMarks(_ places: UnsafeMutableRawPointer, _ count: Int) {
  for at in stride(from: 0, to: 4 * count, by: 64) {
    (places + outsideAt + at).storeBytes(of: SIMD16<Int32>.zero, as: SIMD16<Int32>.self)
  }
}

/// Works out one coordinate of the places where `count` pixels are sampled: `start` + `step` x.
///
/// `weights` gets the distances to the whole positions before, whose offsets of `bytes` each go to
/// `places`, added to those that are there or not.
@inline(never)
func locate(
  _ places: UnsafeMutableRawPointer, _ weights: UnsafeMutableRawPointer, from: Int, count: Int,
  step: Float, start: Float, size: Int, bytes: Int, _ border: Int,
  adds: Bool
) {
  let last = Float(size - 1)
  let limit = Float(max(0, size - 2))
  let scale = Int32(truncatingIfNeeded: bytes)
  var lane = SIMD16<Float>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) + Float(from)
  var at = 0
  while at < 4 * count {
    let exact = lane * step + start
    var position = exact
    if border == 1 { position = mirrored(position, Float(size)) }
    position = limited(position, last)
    let before = wholePart(position, limit)
    (weights + at).storeBytes(of: position - before, as: SIMD16<Float>.self)
    let offsets = places + offsetsAt + at
    var sum = integers(before) &* scale
    if adds { sum &+= offsets.loadUnaligned(as: SIMD16<Int32>.self) }
    offsets.storeBytes(of: sum, as: SIMD16<Int32>.self)
    if border == 2 {
      let marks = places + outsideAt + at
      let mark = marks.loadUnaligned(as: SIMD16<Int32>.self)
      marks.storeBytes(of: mark | outside(exact, Float(size)), as: SIMD16<Int32>.self)
    }
    lane += 16
    at += 64
  }
}

/// Copies the neighbours of `count` pixels, and of those that fill up the last vector.
///
/// Of the two above the first four of the six bytes, the same of the two below, and the last two
/// of both.
@inline(never)
func fetchNeighbours(
  _ source: UnsafeRawPointer, _ below: Int, _ places: UnsafeMutableRawPointer, _ count: Int
) {
  let end = 4 * ((count + 15) & ~15)
  var at = 0
  while at < end {
    let offset = Int((places + offsetsAt + at).load(as: Int32.self))
    let pair = (source + offset).loadUnaligned(as: UInt64.self)
    let pairBelow = (source + offset + below).loadUnaligned(as: UInt64.self)
    (places + upperAt + at).storeBytes(
      of: UInt32(truncatingIfNeeded: pair), as: UInt32.self)
    (places + lowerAt + at).storeBytes(
      of: UInt32(truncatingIfNeeded: pairBelow), as: UInt32.self)
    let rest = pair >> 32 & 0xFFFF | pairBelow >> 16 & 0xFFFF_0000
    (places + restAt + at).storeBytes(of: UInt32(truncatingIfNeeded: rest), as: UInt32.self)
    at += 4
  }
}

/// Works out one channel of `count` pixels from their neighbours.
///
/// The arguments say where in `places` the byte of the first pixel's neighbour above and to the
/// left lies, of those above and to the right, below and to the left, below and to the right, and
/// where the channel goes. A byte of a word is read from an address of its own, as shifted vectors
/// are taken apart lane by lane.
@inline(never)
func blend(
  _ places: UnsafeMutableRawPointer, _ upper: Int, _ upperRight: Int, _ lower: Int,
  _ lowerRight: Int, _ channel: Int, _ count: Int
) {
  var at = places
  let end = places + 4 * count
  while at < end {
    let right = at.loadUnaligned(as: SIMD16<Float>.self)
    let down = (at + downAt).loadUnaligned(as: SIMD16<Float>.self)
    let above = raisedBytes(at + upper)
    let under = raisedBytes(at + lower)
    let first = multiplyAdd(above - 0x1p23, raisedBytes(at + upperRight) - above, right)
    let second = multiplyAdd(under - 0x1p23, raisedBytes(at + lowerRight) - under, right)
    (at + channel).storeBytes(
      of: multiplyAdd(first, second - first, down), as: SIMD16<Float>.self)
    at += 64
  }
}

/// Every fourth byte from an address on, sixteen of them, each plus 2^23.
@inline(__always)
func raisedBytes(_ bytes: UnsafeMutableRawPointer) -> SIMD16<Float> {
  let lowest = bytes.loadUnaligned(as: SIMD16<UInt32>.self) & 255
  return unsafeBitCast(lowest | 0x4B00_0000, to: SIMD16<Float>.self)
}

/// Gives one channel of those of `count` pixels that lie outside the border's value.
@inline(never)
func paint(_ places: UnsafeMutableRawPointer, _ channel: Int, _ value: Float, _ count: Int) {
  var at = places
  let end = places + 4 * count
  while at < end {
    let mark = (at + outsideAt).loadUnaligned(as: SIMD16<Int32>.self)
    let inside = (at + channel).loadUnaligned(as: SIMD16<Float>.self)
    (at + channel).storeBytes(of: chosen(inside, value, mark), as: SIMD16<Float>.self)
    at += 64
  }
}

/// Multiplies the channels of `count` pixels by the matrix, in place.
@inline(never)
func mixChannels(
  _ channels: UnsafeMutableRawPointer, _ matrix: UnsafePointer<Float>, _ count: Int
) {
  var at = channels
  let end = channels + 4 * count
  while at < end {
    let red = at.loadUnaligned(as: SIMD16<Float>.self)
    let green = (at + plane).loadUnaligned(as: SIMD16<Float>.self)
    let blue = (at + 2 * plane).loadUnaligned(as: SIMD16<Float>.self)
    at.storeBytes(of: mixed(red, green, blue, matrix), as: SIMD16<Float>.self)
    (at + plane).storeBytes(of: mixed(red, green, blue, matrix + 4), as: SIMD16<Float>.self)
    (at + 2 * plane).storeBytes(of: mixed(red, green, blue, matrix + 8), as: SIMD16<Float>.self)
    at += 64
  }
}

/// The values, but `other` where the mark is -1 and not 0.
@inline(__always)
func chosen(_ values: SIMD16<Float>, _ other: Float, _ mark: SIMD16<Int32>) -> SIMD16<Float> {
  let bits = unsafeBitCast(values, to: SIMD16<Int32>.self)
  return unsafeBitCast(
    bits & ~mark | mark & Int32(bitPattern: other.bitPattern), to: SIMD16<Float>.self)
}

/// Writes `count` pixels, the three channels of each side by side.
@inline(never)
func interleave(
  _ channels: UnsafeMutableRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Float>
) {
  let red = UnsafeRawPointer(channels).assumingMemoryBound(to: Float.self)
  let green = UnsafeRawPointer(channels + plane).assumingMemoryBound(to: Float.self)
  let blue = UnsafeRawPointer(channels + 2 * plane).assumingMemoryBound(to: Float.self)
  for x in 0..<count {
    target[3 * x] = red[x]
    target[3 * x + 1] = green[x]
    target[3 * x + 2] = blue[x]
  }
}

/// Adds to `count` pixels what `interleave` would write.
@inline(never)
func interleaveAdding(
  _ channels: UnsafeMutableRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Float>
) {
  let red = UnsafeRawPointer(channels).assumingMemoryBound(to: Float.self)
  let green = UnsafeRawPointer(channels + plane).assumingMemoryBound(to: Float.self)
  let blue = UnsafeRawPointer(channels + 2 * plane).assumingMemoryBound(to: Float.self)
  for x in 0..<count {
    target[3 * x] += red[x]
    target[3 * x + 1] += green[x]
    target[3 * x + 2] += blue[x]
  }
}

// Limits by the bits of the numbers: a function that compares whole vectors more than a few times
// is not put together from one piece.

/// The whole number at or below each position, or at a whole position perhaps the one before; at
/// most `limit`.
@inline(__always)
func wholePart(_ position: SIMD16<Float>, _ limit: Float) -> SIMD16<Float> {
  limited(nearest(position - 0.5), limit)
}

/// -1 where positions lie beyond the area of `size` pixels, from -1/2 to size - 1/2; else 0.
@inline(__always)
func outside(_ position: SIMD16<Float>, _ size: Float) -> SIMD16<Int32> {
  let below = unsafeBitCast(position + 0.5, to: SIMD16<Int32>.self)
  let above = unsafeBitCast(size - 0.5 - position, to: SIMD16<Int32>.self)
  return (below | above) &>> 31
}

/// Positions mirrored at the edges of the area of `size` pixels, -1/2 and size - 1/2.
@inline(__always)
func mirrored(_ position: SIMD16<Float>, _ size: Float) -> SIMD16<Float> {
  // Off by whole periods, then by less than half of one: mirrored is the distance from zero.
  let edge = position + 0.5
  let period = 2 * size
  let within = edge - nearest(edge * (1 / period)) * period
  let distance = unsafeBitCast(within, to: SIMD16<Int32>.self) & Int32.max
  return unsafeBitCast(distance, to: SIMD16<Float>.self) - 0.5
}

/// Positions brought to 0...limit; what is no number becomes one of the two.
@inline(__always)
func limited(_ position: SIMD16<Float>, _ limit: Float) -> SIMD16<Float> {
  // Of numbers without a sign the greater one has the greater bits.
  let bits = unsafeBitCast(position, to: SIMD16<Int32>.self)
  let greatest = SIMD16<Int32>(repeating: Int32(bitPattern: limit.bitPattern))
  let beyond = (bits & ~(bits &>> 31)) &- greatest
  return unsafeBitCast(greatest &+ (beyond & beyond &>> 31), to: SIMD16<Float>.self)
}

/// One channel of the target: a row of the matrix times (red, green, blue, 1).
@inline(__always)
func mixed(
  _ red: SIMD16<Float>, _ green: SIMD16<Float>, _ blue: SIMD16<Float>, _ row: UnsafePointer<Float>
) -> SIMD16<Float> {
  var sum = SIMD16<Float>(repeating: row[3])
  sum = multiplyAdd(sum, red, SIMD16(repeating: row[0]))
  sum = multiplyAdd(sum, green, SIMD16(repeating: row[1]))
  return multiplyAdd(sum, blue, SIMD16(repeating: row[2]))
}
