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
    workers.map(Array(paths.enumerated())) { entry, _ in
      picture(entry.element, side: side, maxPixels: maxPixels) { allows(entry.offset, $0) }
    }
  }

  /// A JPEG is decoded at a fraction of its size where that leaves enough of it.
  private static func picture(
    _ path: String, side: Int, maxPixels: Int, allows: (_ bytes: [UInt8]) -> Bool
  ) -> RGBImage? {
    guard let bytes = try? FileBytes.read(path, onlyImage: true), allows(bytes) else {
      return nil
    }
    let decoded = try? ImageReader.decodeImage(
      bytes: bytes, maxPixels: maxPixels
    ) { width, height in
      [8, 4, 2].first { max(width, height) >= $0 * side } ?? 1
    }
    guard let picture = decoded?.upright else { return nil }
    return picture.fitted(into: min(side, max(picture.width, picture.height)))
  }
}
