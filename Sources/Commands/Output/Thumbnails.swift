internal import ImageData
internal import KernelInterface
internal import Report

/// Small pictures of image files, for sheets and pages.
enum Thumbnails {
  /// The pictures in files, upright, their longer side at most `side` pixels; nil where one cannot be read.
  static func read(
    _ paths: [String], side: Int, maxPixels: Int, workers: WorkerPool
  ) -> [ReportPicture?] {
    var pictures = [ReportPicture?](repeating: nil, count: paths.count)
    pictures.withUnsafeMutableBufferPointer { pictures in
      // Each task writes its own element.
      nonisolated(unsafe) let pictures = pictures
      workers.parallelFor(paths.count) { index, _ in
        pictures[index] = picture(paths[index], side: side, maxPixels: maxPixels)
      }
    }
    return pictures
  }

  /// A JPEG is decoded at a fraction of its size where that leaves enough of it.
  private static func picture(_ path: String, side: Int, maxPixels: Int) -> ReportPicture? {
    let decoded = try? ImageReader.decodePicture(
      bytes: FileBytes.read(path, onlyPicture: true), maxPixels: maxPixels
    ) { width, height in
      [8, 4, 2].first { max(width, height) >= $0 * side } ?? 1
    }
    guard let picture = (decoded?.upright).map(ReportPicture.init) else { return nil }
    return picture.fitted(into: min(side, max(picture.width, picture.height)))
  }
}
