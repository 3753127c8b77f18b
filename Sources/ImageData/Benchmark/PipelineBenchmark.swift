package import Compute
internal import Glibc
internal import KernelTypes
internal import Synchronization

/// The speed at which photos become inputs on this machine.
///
/// Files are read into memory before, so that disks do not count.
package struct PipelineBenchmark: Sendable {
  /// The time per image on one thread, in seconds.
  package struct Figures: Sendable, Hashable {
    /// Images that were measured.
    package var images: Int
    /// Decoding at full size.
    package var decoding: Double
    /// Decoding at the size that the margin chooses, turning and resizing.
    package var reading: Double
  }

  private let files: [[UInt8]]
  private let workers: WorkerPool
  private let kernels: KernelTable

  /// The most bytes of files that are held.
  private static let mostBytes = 512_000_000

  /// Takes up to `limit` images of a dataset that can be read, spread evenly over it, and fewer
  /// where they are large; none once `shouldStop` says so.
  package init(
    _ dataset: Dataset, limit: Int, workers: WorkerPool, kernels: KernelTable,
    shouldStop: () -> Bool = { false }
  ) {
    let samples = dataset.images()
    let step = max(1, (samples.count + limit - 1) / limit)
    let chosen = stride(from: 0, to: samples.count, by: step).map { samples.path(of: $0) }
    let taken = Mutex<[(index: Int, bytes: [UInt8])]>([])
    let size = Atomic(0)
    let isStopped = Atomic(false)
    workers.parallelFor(chosen.count) { index, worker in
      if worker == 0, shouldStop() { isStopped.store(true, ordering: .relaxed) }
      guard !isStopped.load(ordering: .relaxed), let bytes = try? FileBytes.read(chosen[index]),
        size.add(bytes.count, ordering: .relaxed).newValue <= PipelineBenchmark.mostBytes,
        (try? ImageReader.decode(bytes: bytes)) != nil
      else { return }
      taken.withLock { $0.append((index, bytes)) }
    }
    files = taken.withLock { $0 }.sorted { $0.index < $1.index }.map(\.bytes)
    self.workers = workers
    self.kernels = kernels
  }

  /// Images that are measured.
  package var images: Int { files.count }

  /// Seconds an image on one thread while all work; the best of the rounds that fit.
  ///
  /// At least one round is done unless `shouldStop` says so.
  package func measure(
    _ preprocessing: Preprocessing, seconds: Double, shouldStop: () -> Bool = { false }
  ) -> Figures {
    let reader = ImageReader(preprocessing, kernels: kernels)
    var figures = Figures(images: files.count, decoding: .infinity, reading: .infinity)
    let start = ContinuousClock.now
    repeat {
      figures.decoding = min(
        figures.decoding, time { _ = try? ImageReader.decode(bytes: $0) })
      figures.reading = min(figures.reading, time { _ = try? reader.read(bytes: $0) })
    } while !shouldStop() && (ContinuousClock.now - start) / .seconds(1) < seconds
    return figures
  }

  /// The time per file on one thread, with all threads working.
  ///
  /// The thread's own time: what other programs take of the processors does not count.
  private func time(_ work: @Sendable ([UInt8]) -> Void) -> Double {
    let nanoseconds = Atomic(0)
    workers.parallelFor(files.count) { index, _ in
      let start = PipelineBenchmark.threadNanoseconds()
      work(files[index])
      nanoseconds.add(PipelineBenchmark.threadNanoseconds() - start, ordering: .relaxed)
    }
    return 1e-9 * Double(nanoseconds.load(ordering: .relaxed)) / Double(max(1, files.count))
  }

  private static func threadNanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
