import Glibc
package import KernelInterface
internal import Primitives

/// A file that gave no picture.
package struct BadImage: Error, Sendable, Hashable {
  /// Which file.
  package var sample: Sample
  /// The split whose folder it lies in.
  package var split: Split
  /// Why.
  package var failure: ImageFailure
}

/// Why pictures could not be loaded as a whole.
package enum ImageStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `shouldStop` said so.
  case stopped
  /// The system gave no memory for the pixels.
  case outOfMemory(bytes: Int)

  /// One sentence.
  package var description: String {
    switch self {
    case .stopped: "stopped while reading images"
    case .outOfMemory(let bytes): "no memory for \(bytes) bytes of pixels"
    }
  }
}

/// The decoded and resized pictures of some splits, one after the other in memory.
///
/// Pictures of the training split may be kept larger than the others, which have the network's
/// size and came through `ImageReader`, so that training, evaluation and prediction agree on
/// every pixel. A class, because it owns that memory; nothing changes after loading.
package final class ImageStore: @unchecked Sendable {
  /// The candidates that were read.
  ///
  /// The indices of the store are indices here.
  package let samples: [Sample]
  /// The network's size, which all but training pictures have.
  package let size: (width: Int, height: Int)
  /// The size of training pictures.
  package let trainingSize: (width: Int, height: Int)
  /// The files that gave no picture, in the order of the samples.
  package let failures: [BadImage]
  /// SHA-256 over preprocessing, relative paths and contents, 64 hexadecimal digits.
  package let fingerprint: String
  /// Bytes of pixels.
  package let byteCount: Int

  private let splits: [Split?]
  private let digests: [[UInt8]]
  private let indicesBySplit: [Split: [Int]]
  private let memory: UnsafeMutableRawPointer
  private let slotBytes: Int

  init(
    _ memory: UnsafeMutableRawPointer, plan: ImageStorePlan, outcomes: [ImageStoreOutcome]
  ) {
    self.memory = memory
    samples = plan.candidates.map(\.sample)
    size = plan.size
    trainingSize = plan.trainingSize
    slotBytes = plan.slotBytes
    byteCount = plan.byteCount
    splits = outcomes.map(\.split)
    digests = outcomes.map(\.digest)
    failures = zip(plan.candidates, outcomes).compactMap { candidate, outcome in
      outcome.failure.map {
        BadImage(sample: candidate.sample, split: candidate.folder, failure: $0)
      }
    }
    var indices: [Split: [Int]] = [:]
    for (index, outcome) in outcomes.enumerated() {
      if let split = outcome.split { indices[split, default: []].append(index) }
    }
    indicesBySplit = indices
    fingerprint = plan.fingerprint(outcomes)
  }

  deinit {
    free(memory)
  }

  /// The indices of the pictures of a split, in the order of the dataset.
  ///
  /// Bad files are left out.
  package func indices(_ split: Split) -> [Int] {
    indicesBySplit[split] ?? []
  }

  /// The split of a picture, or nil where the file is bad or belongs to a split not asked for.
  package func split(of index: Int) -> Split? { splits[index] }

  /// The SHA-256 of a file; empty if it could not be read.
  package func digest(of index: Int) -> [UInt8] { digests[index] }

  /// The classes of pictures.
  package func targets(_ indices: some Sequence<Int>) -> [Int32] {
    indices.map { Int32(samples[$0].classIndex) }
  }

  /// The size of a picture.
  package func size(of index: Int) -> (width: Int, height: Int) {
    splits[index] == .train ? trainingSize : size
  }

  /// A copy of a picture.
  package func image(_ index: Int) -> RGBImage {
    let size = size(of: index)
    let bytes = UnsafeBufferPointer(start: pixels(index), count: 3 * size.width * size.height)
    return RGBImage(width: size.width, height: size.height, pixels: Array(bytes))
  }

  /// The pixels of a picture, three bytes each; some bytes past the last can be read.
  func pixels(_ index: Int) -> UnsafePointer<UInt8> {
    precondition(splits[index] != nil, "there is no picture of this index")
    return UnsafePointer((memory + index * slotBytes).assumingMemoryBound(to: UInt8.self))
  }

  /// Writes the tensors of pictures of the network's size, one after the other.
  ///
  /// `target` has room for all of them.
  package func writeTensors(
    _ indices: [Int], _ preprocessing: Preprocessing,
    into target: UnsafeMutableBufferPointer<Float>, kernels: KernelTable, workers: WorkerPool
  ) {
    let count = preprocessing.tensorCount
    precondition(target.count >= indices.count * count, "the target is too small")
    guard let base = target.baseAddress else { return }
    let scale = preprocessing.scale
    let offset = preprocessing.offset
    workers.parallelFor(indices.count) { position, _ in
      let size = self.size(of: indices[position])
      precondition(
        size.width == preprocessing.width && size.height == preprocessing.height,
        "the picture must have the network's size")
      kernels.images.normalize(
        pixels(indices[position]), size.width * size.height, scale, offset,
        base + position * count)
    }
  }

  /// The mean and the standard deviation of red, green and blue over pictures, in 0...255.
  ///
  /// Sums are whole numbers, so the order of work changes nothing.
  package func channelStatistics(
    _ indices: [Int], workers: WorkerPool
  ) -> (mean: [Float], deviation: [Float]) {
    var sums = [Int](repeating: 0, count: 6 * indices.count)
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      workers.parallelFor(indices.count) { position, _ in
        let size = self.size(of: indices[position])
        let bytes = self.pixels(indices[position])
        for channel in 0..<3 {
          var sum = 0
          var squares = 0
          for at in stride(from: channel, to: 3 * size.width * size.height, by: 3) {
            let value = Int(bytes[at])
            sum += value
            squares += value * value
          }
          sums[6 * position + channel] = sum
          sums[6 * position + 3 + channel] = squares
        }
      }
    }
    let pixels = indices.reduce(0) { $0 + size(of: $1).width * size(of: $1).height }
    guard pixels > 0 else { return ([0, 0, 0], [255, 255, 255]) }
    var mean: [Float] = []
    var deviation: [Float] = []
    for channel in 0..<3 {
      var sum = 0
      var squares = 0
      for position in indices.indices {
        sum += sums[6 * position + channel]
        squares += sums[6 * position + 3 + channel]
      }
      let average = Double(sum) / Double(pixels)
      let variance = Double(squares) / Double(pixels) - average * average
      mean.append(Float(average))
      // Pictures of one colour have no deviation to divide by.
      deviation.append(Float(max(1, variance.squareRoot())))
    }
    return (mean, deviation)
  }
}
