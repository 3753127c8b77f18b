internal import Primitives

/// Sums over the pixels of an image, from which mean and deviation follow.
struct ChannelSums: Sendable, Hashable {
  /// A number for each of red, green and blue, in place.
  struct Channels: Sendable, Hashable {
    private var red = 0
    private var green = 0
    private var blue = 0

    /// The number of a channel, 0 to 2.
    subscript(channel: Int) -> Int {
      get { channel == 0 ? red : channel == 1 ? green : blue }
      set {
        switch channel {
        case 0: red = newValue
        case 1: green = newValue
        default: blue = newValue
        }
      }
    }
  }

  var count = 0
  /// The sums of red, green and blue.
  var values = Channels()
  /// The sums of their squares.
  var squares = Channels()

  init() {}

  init(_ bytes: UnsafeRawBufferPointer) {
    count = bytes.count / 3
    // Forty-eight bytes are sixteen pixels: three vectors whose lanes repeat the channels from
    // 0, 1 and 2. A lane holds the squares of 66,000 bytes, so runs are added up before.
    for run in bytes.indices.parts(of: 48 * 60_000) {
      add(UnsafeRawBufferPointer(rebasing: bytes[run]))
    }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    typealias Lanes = SIMD16<UInt32>
    var sums = (Lanes(), Lanes(), Lanes())
    var squareSums = (Lanes(), Lanes(), Lanes())
    func take(_ at: Int, _ sum: inout Lanes, _ squareSum: inout Lanes) {
      let lanes = Lanes(
        truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self))
      sum &+= lanes
      squareSum &+= lanes &* lanes
    }
    var at = 0
    while at + 48 <= bytes.count {
      take(at, &sums.0, &squareSums.0)
      take(at + 16, &sums.1, &squareSums.1)
      take(at + 32, &sums.2, &squareSums.2)
      at += 48
    }
    for (first, sum, squareSum) in [
      (0, sums.0, squareSums.0), (1, sums.1, squareSums.1), (2, sums.2, squareSums.2),
    ] {
      for lane in 0..<16 {
        values[(first + lane) % 3] += Int(sum[lane])
        squares[(first + lane) % 3] += Int(squareSum[lane])
      }
    }
    while at < bytes.count {
      let value = Int(bytes[at])
      values[at % 3] += value
      squares[at % 3] += value * value
      at += 1
    }
  }

  mutating func add(_ other: ChannelSums) {
    count += other.count
    for channel in 0..<3 {
      values[channel] += other.values[channel]
      squares[channel] += other.squares[channel]
    }
  }
}
