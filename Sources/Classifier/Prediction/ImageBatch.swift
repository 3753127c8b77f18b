internal import CNN
internal import ImageData
internal import Primitives

/// Some images on their way from their files to a network.
///
/// A class, because tasks on several threads fill it, each with an image of its own.
final class ImageBatch: @unchecked Sendable {
  /// The files.
  let paths: [String]
  private let reader: ImageReader
  private let tta: TestTimeAugmentation
  private let memory: FloatMemory
  private let results: UnsafeMutableBufferPointer<Result<Void, ImageFailure>>

  /// A batch of images that nobody has read yet, whose tensors go to `memory`.
  init(
    _ paths: [String], reader: ImageReader, tta: TestTimeAugmentation, memory: FloatMemory
  ) {
    self.paths = paths
    self.reader = reader
    self.tta = tta
    self.memory = memory
    results = .allocate(capacity: paths.count)
    results.initialize(repeating: .success(()))
    precondition(paths.count * floats <= memory.count, "a place for each image")
  }

  deinit {
    results.deinitialize()
    results.deallocate()
  }

  private var floats: Int { tta.views * reader.preprocessing.tensorCount }

  /// Reads an image: its tensor, followed by the mirrored one if mirrored views are averaged.
  func read(_ index: Int) {
    do throws(ImageFailure) {
      let image = try reader.read(path: paths[index])
      let tensor = memory.base + index * floats
      reader.write(image, to: tensor)
      if tta == .flip {
        mirror(
          tensor, to: tensor + reader.preprocessing.tensorCount, rows: image.height,
          width: image.width, channels: 3)
      }
    } catch {
      results[index] = .failure(error)
    }
  }

  /// Why a file of it could not be read, and one after the other the tensors of those that could;
  /// only once, after all have been read.
  func contents() -> (images: [Result<Void, ImageFailure>], tensors: UnsafeBufferPointer<Float>) {
    var count = 0
    for (index, result) in results.enumerated() {
      guard case .success = result else { continue }
      if count < index {
        (memory.base + count * floats).update(from: memory.base + index * floats, count: floats)
      }
      count += 1
    }
    return (Array(results), UnsafeBufferPointer(start: memory.base, count: count * floats))
  }
}
