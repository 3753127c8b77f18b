package import Compute
internal import Drawing
internal import ImageData
internal import KernelTypes
package import Primitives

/// Small pictures of image files, for sheets and pages.
package enum Thumbnails {
  /// The images in files, upright, their longer side at most `side` pixels; nil if one cannot be
  /// read, or is not allowed by its bytes.
  package static func read(
    _ paths: [String], side: Int, maxPixels: Int, workers: WorkerPool,
    allows: @Sendable (_ index: Int, _ bytes: [UInt8]) -> Bool = { _, _ in true }
  ) -> [RGBImage?] {
    var pictures = [RGBImage?](repeating: nil, count: paths.count)
    pictures.withUnsafeMutableBufferPointer { pictures in
      // Each task writes its own element.
      nonisolated(unsafe) let pictures = pictures
      workers.parallelFor(paths.count) { index, _ in
        pictures[index] = picture(paths[index], side: side, maxPixels: maxPixels) {
          allows(index, $0)
        }
      }
    }
    return pictures
  }

  /// A JPEG is decoded at a fraction of its size where that leaves enough of it.
  private static func picture(
    _ path: String, side: Int, maxPixels: Int, allows: (_ bytes: [UInt8]) -> Bool
  ) -> RGBImage? {
    guard let bytes = try? FileBytes.read(path, onlyPicture: true), allows(bytes) else {
      return nil
    }
    let decoded = try? ImageReader.decodePicture(
      bytes: bytes, maxPixels: maxPixels
    ) { width, height in
      [8, 4, 2].first { max(width, height) >= $0 * side } ?? 1
    }
    guard let picture = decoded?.upright else { return nil }
    return picture.fitted(into: min(side, max(picture.width, picture.height)))
  }
}
