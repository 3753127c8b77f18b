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
  /// Tensors of the batch in the network and of the one that is being read.
  private var memories: [FloatMemory] = []
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
  ///
  /// While the network runs on a batch, the files of the next one are tasks for threads that would
  /// wait.
  func run(
    _ paths: some Sequence<String>,
    each: ([String], [Result<Void, ImageFailure>], [Float]) throws -> Void
  ) throws {
    try makeRoom(for: max(1, min(batchSize, paths.underestimatedCount)))
    var rest = paths.makeIterator()
    var following = try nextBatch(&rest, 0)
    var isOffered = false
    defer { if isOffered { workers.finishOffer(isDropped: true) } }
    var number = 0
    while let batch = following {
      if isOffered {
        isOffered = false
        workers.finishOffer()
      } else {
        workers.parallelFor(batch.paths.count) { image, _ in batch.read(image) }
      }
      number += 1
      following = try nextBatch(&rest, number)
      if let following { isOffered = workers.offer(following.paths.count, following.read) }
      let (images, tensors) = batch.contents()
      try each(batch.paths, images, try rows(of: tensors))
    }
  }

  /// The next paths as a batch in memory that the one before does not use; nil after the last.
  private func nextBatch(
    _ paths: inout some IteratorProtocol<String>, _ number: Int
  ) throws(ModelError) -> ImageBatch? {
    var names: [String] = []
    while names.count < batchSize, let path = paths.next() { names.append(path) }
    guard !names.isEmpty else { return nil }
    let floats = names.count * tta.views * reader.preprocessing.tensorCount
    let place = number % 2
    if place == memories.count {
      memories.append(try FloatMemory(count: floats))
    } else if memories[place].count < floats {
      memories[place] = try FloatMemory(count: floats)
    }
    return ImageBatch(names, reader: reader, tta: tta, memory: memories[place])
  }

  /// The rows of images whose tensors (each with its views) follow one another.
  func rows(of tensors: [Float]) throws(ModelError) -> [Float] {
    try tensors.withUnsafeBufferPointer { pixels throws(ModelError) in try rows(of: pixels) }
  }

  private func rows(of tensors: UnsafeBufferPointer<Float>) throws(ModelError) -> [Float] {
    let count = tensors.count / reader.preprocessing.tensorCount
    guard count > 0 else { return [] }
    return try session(for: count).run(pixels: tensors, count: count)
  }

  /// Images being decoded, and what is small.
  private static let allowance = 16 << 20

  /// Bytes that answering so many images at a time takes.
  private func needs(_ count: Int) throws(ModelError) -> Int {
    let session = try InferenceSession.memoryBytes(
      network: network, batchSize: count * tta.views, engine: engine)
    // The tensors of a batch, and of the one that is read meanwhile.
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

  /// An image's tensor, and with mirrored views the mirrored one behind it.
  func views(of tensor: [Float]) -> [Float] {
    var tensor = tensor
    if tta == .flip { appendMirrored(&tensor, width: reader.preprocessing.width) }
    return tensor
  }
}
