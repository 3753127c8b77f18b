package import KernelInterface

/// How fast photos become inputs here.
///
/// Files are read into memory before, so that disks do not count.
package struct PipelineBenchmark: Sendable {
  /// What one picture takes on one thread, in seconds.
  package struct Figures: Sendable, Hashable {
    /// Pictures that were measured.
    package var pictures: Int
    /// Decoding at full size.
    package var decoding: Double
    /// Decoding at the size that the margin chooses, turning and resizing.
    package var reading: Double
  }

  private let files: [[UInt8]]
  private let workers: WorkerPool
  private let kernels: KernelTable

  /// Takes up to `limit` pictures of a dataset that can be read, spread evenly over it.
  package init(
    _ dataset: Dataset, limit: Int, workers: WorkerPool, kernels: KernelTable
  ) {
    let samples = Split.allCases.flatMap { dataset.splits[$0] ?? [] }
    let step = max(1, (samples.count + limit - 1) / limit)
    files = stride(from: 0, to: samples.count, by: step).compactMap { index in
      guard let bytes = try? FileBytes.read(samples[index].path),
        (try? ImageReader.decode(bytes: bytes)) != nil
      else { return nil }
      return bytes
    }
    self.workers = workers
    self.kernels = kernels
  }

  /// Pictures that are measured.
  package var pictures: Int { files.count }

  /// Seconds a picture on one thread while all work; the best of the rounds that fit.
  ///
  /// At least one round is done unless `shouldStop` says so.
  package func measure(
    _ preprocessing: Preprocessing, seconds: Double, shouldStop: () -> Bool = { false }
  ) -> Figures {
    let reader = ImageReader(preprocessing, kernels: kernels)
    var figures = Figures(pictures: files.count, decoding: .infinity, reading: .infinity)
    let start = ContinuousClock.now
    repeat {
      figures.decoding = min(
        figures.decoding, time { _ = try? ImageReader.decode(bytes: $0) })
      figures.reading = min(figures.reading, time { _ = try? reader.read(bytes: $0) })
    } while !shouldStop() && (ContinuousClock.now - start) / .seconds(1) < seconds
    return figures
  }

  /// What a file takes on one thread, all threads working.
  private func time(_ work: @Sendable ([UInt8]) -> Void) -> Double {
    let start = ContinuousClock.now
    workers.parallelFor(files.count) { index, _ in work(files[index]) }
    let passed = (ContinuousClock.now - start) / .seconds(1)
    return passed * Double(workers.threads) / Double(max(1, files.count))
  }
}
