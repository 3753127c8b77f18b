internal import CNN
internal import Compute
internal import ImageData
internal import Primitives

/// Runs a network on image files: the one path from a file to what a network says of it.
///
/// A row depends on the image and the network alone: not on the other images of its batch, not on
/// the number of threads. A class because it owns the activations' memory.
final class ImageRunner {
  let network: Network
  /// The views of an image, each of which has a row.
  let tta: TestTimeAugmentation
  /// Images at a time.
  private(set) var batchSize: Int
  let reader: ImageReader
  private let engine: Engine
  var workers: WorkerPool { engine.workers }
  private var session: InferenceSession?
  private var tensors: [Float] = []
  /// Images at a time that there was found to be memory for.
  private var granted = 0

  /// Bytes of a batch's tensors at most, if that is more than one image.
  private static let tensorBytes = 1 << 28

  /// A runner that works on up to `batchSize` images at a time; no row depends on it.
  init(
    _ network: Network, _ preprocessing: Preprocessing, tta: TestTimeAugmentation, engine: Engine,
    batchSize: Int, maxPixels: Int
  ) {
    self.network = network
    self.tta = tta
    self.engine = engine
    // Images of many pixels, such as a stranger's model may ask for, come one by one.
    let bytes = tta.views * preprocessing.tensorCount * MemoryLayout<Float>.stride
    self.batchSize = min(batchSize, max(1, ImageRunner.tensorBytes / bytes))
    var preprocessing = preprocessing
    preprocessing.maxPixels = maxPixels
    reader = ImageReader(preprocessing, kernels: engine.kernels)
  }

  /// Cuts `paths` into batches and runs each; `each` gets a batch's paths, why a file of it could
  /// not be read, and one after the other the rows of those that could.
  func run(
    _ paths: some Sequence<String>,
    each: ([String], [Result<Void, ImageFailure>], [Float]) throws -> Void
  ) throws {
    try makeRoom(for: max(1, min(batchSize, paths.underestimatedCount)))
    var batch: [String] = []
    for path in paths {
      batch.append(path)
      if batch.count == batchSize {
        try run(batch: batch, each)
        batch.removeAll(keepingCapacity: true)
      }
    }
    try run(batch: batch, each)
  }

  /// One batch: files are read on all threads, the network runs on those that could be read.
  private func run(
    batch: [String], _ each: ([String], [Result<Void, ImageFailure>], [Float]) throws -> Void
  ) throws {
    let images = engine.workers.map(batch) { path, _ in tensor(path) }
    tensors.removeAll(keepingCapacity: true)
    tensors.reserveCapacity(batch.count * tta.views * reader.preprocessing.tensorCount)
    for case .success(let tensor) in images { tensors += tensor }
    try each(batch, images.map { $0.map { _ in } }, try rows(of: tensors))
  }

  /// The rows of images whose tensors (each with its views) follow one another.
  func rows(of tensors: [Float]) throws(ModelError) -> [Float] {
    let count = tensors.count / reader.preprocessing.tensorCount
    guard count > 0 else { return [] }
    let session = try session(for: count)
    return tensors.withUnsafeBufferPointer { Array(session.run(pixels: $0, count: count)) }
  }

  /// Images being decoded, and what is small.
  private static let allowance = 16 << 20

  /// Bytes that answering so many images at a time takes.
  private func needs(_ count: Int) throws(ModelError) -> Int {
    let session = try InferenceSession.memoryBytes(
      network: network, batchSize: count * tta.views, engine: engine)
    // Each image's own tensor, and those of the batch.
    let tensor = tta.views * reader.preprocessing.tensorCount * MemoryLayout<Float>.stride
    return ImageRunner.allowance + session + 2 * count * tensor
  }

  /// Finds out whether there is memory for so many images at a time, and for `keeping` bytes of
  /// predictions; takes fewer at a time where there is not.
  ///
  /// Error: not even enough for one at a time.
  func makeRoom(for count: Int, keeping: Int = 0) throws {
    guard count > granted || keeping > 0, let available = AvailableMemory().bytes else { return }
    var count = count
    while try needs(count) + keeping > available {
      guard count > 1 else {
        let isAnswers = keeping > ImageRunner.allowance
        throw AnswerMemory.lack(
          of: try needs(1) + keeping, free: available, for: "predictions",
          mostly: isAnswers ? "for the predictions" : nil,
          advice: isAnswers ? "fewer images at a time" : "a smaller model")
      }
      count /= 2
      batchSize = count
    }
    granted = max(granted, count)
  }

  /// A session for batches of `count` tensors: one image takes memory for its own.
  private func session(for count: Int) throws(ModelError) -> InferenceSession {
    if let session, session.batchSize >= count { return session }
    // After a first small batch there will be others of any size.
    let size = session == nil ? count : batchSize * tta.views
    session = nil
    let new = try InferenceSession(network: network, batchSize: size, engine: engine)
    session = new
    return new
  }

  /// The network's input for an image: its tensor, followed by the mirrored one if mirrored views
  /// are averaged.
  private func tensor(_ path: String) -> Result<[Float], ImageFailure> {
    do throws(ImageFailure) {
      return .success(views(of: reader.tensor(try reader.read(path: path))))
    } catch {
      return .failure(error)
    }
  }

  /// An image's tensor, and with mirrored views the mirrored one behind it.
  func views(of tensor: [Float]) -> [Float] {
    var tensor = tensor
    if tta == .flip { appendMirrored(&tensor, width: reader.preprocessing.width) }
    return tensor
  }
}
