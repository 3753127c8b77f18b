internal import Glibc
internal import Primitives

/// Where decoded pictures are kept between the epochs of a run.
package struct PictureCache: Sendable, Hashable {
  /// What is asked for; the raw values are those of `--cache`.
  package enum Policy: String, Sendable, CaseIterable {
    /// In memory if that takes half of what is free at most, else in a file if the disk has room,
    /// else nowhere.
    case auto
    /// In memory.
    case ram
    /// In a file, which the next run finds again.
    case disk
    /// Nowhere: every picture is decoded again whenever it is wanted.
    case off
  }

  /// What is asked for.
  package var policy: Policy
  /// The folder for files, never inside a dataset; nil where there is none to be had.
  package var folder: String?
  /// Bytes of memory that can be taken; nil where that is not known.
  var availableMemory: Int?

  /// The given wish; memory is asked of the system unless given.
  package init(_ policy: Policy = .ram, folder: String? = nil, availableMemory: Int? = nil) {
    self.policy = policy
    self.folder = folder
    self.availableMemory = availableMemory ?? (policy == .auto ? AvailableMemory().bytes : nil)
  }

  /// Where pictures are kept.
  package enum Place: String, Sendable, Hashable {
    /// See `Policy.ram`.
    case ram
    /// See `Policy.disk`.
    case disk
    /// See `Policy.off`.
    case off
  }

  /// The place for so many bytes of pixels.
  func place(bytes: Int) -> Place {
    switch policy {
    case .ram: .ram
    case .disk: .disk
    case .off: .off
    case .auto:
      if availableMemory.map({ bytes <= $0 / 2 }) ?? true {
        .ram
      } else if let folder, PictureCacheFile.makeFolder(folder) == nil,
        PictureCacheFile.freeBytes(folder).map({ bytes + bytes / 20 <= $0 }) ?? false
      {
        .disk
      } else {
        .off
      }
    }
  }
}

/// Sums over the pixels of a picture, from which mean and deviation follow.
struct ChannelSums: Sendable, Hashable, Codable {
  /// Pixels.
  var count = 0
  /// The sums of red, green and blue.
  var values = [0, 0, 0]
  /// The sums of their squares.
  var squares = [0, 0, 0]

  /// The sums of no picture.
  init() {}

  /// The sums of one picture's bytes.
  init(_ pixels: [UInt8]) {
    count = pixels.count / 3
    pixels.withUnsafeBytes { bytes in
      // Forty-eight bytes are sixteen pixels: three vectors whose lanes repeat the channels from
      // 0, 1 and 2. A lane holds the squares of 66,000 bytes, so runs are added up before.
      let run = 48 * 60_000
      for start in stride(from: 0, to: bytes.count, by: run) {
        add(UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + run)]))
      }
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

  /// Adds another picture's sums.
  mutating func add(_ other: ChannelSums) {
    count += other.count
    for channel in 0..<3 {
      values[channel] += other.values[channel]
      squares[channel] += other.squares[channel]
    }
  }
}
