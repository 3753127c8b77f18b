internal import Primitives

/// The results of examining one file; its pixels are discarded.
struct ImageExamination: Sendable {
  /// The results for a readable image.
  struct Image {
    var fileDigest: FileDigest
    /// Of the size and a shrunk copy: images with the same pixels have the same.
    var roughDigest: FileDigest
    var facts: ImageFacts
    /// Pixels across, upright.
    var width: Int
    /// Pixels down, upright.
    var height: Int
    /// Nothing in it is finer than so many pixels; nil if nothing can be told.
    var fineness: Int?
    var hash: PerceptualHash?
  }

  var byteCount = 0
  var result: Result<Image, ImageFailure>

  /// Reads and decodes a file as every command does.
  init(_ path: String, maxPixels: Int, resizer: Resizer) {
    var size = 0
    result = Result { () throws(ImageFailure) in
      let bytes = try FileBytes.read(path, onlyImage: true)
      size = bytes.count
      let (decoded, foundFacts) = try ImageReader.decodeWithFacts(
        bytes: bytes, maxPixels: maxPixels)
      // Behind the last block nobody but the decoder can tell them from the blocks'.
      var facts = foundFacts
      if decoded.strayBytes > 0 { facts.traits.insert(.strayBytes) }
      let image = decoded.upright
      let shrunk = PerceptualHash.shrunk(image, by: resizer)
      return Image(
        fileDigest: FileDigest(SHA256.digest(bytes)),
        roughDigest: FileDigest(of: shrunk.pixels, width: image.width, height: image.height),
        facts: facts, width: image.width, height: image.height,
        fineness: Fineness.pixels(of: image),
        hash: PerceptualHash(
          shrunk: shrunk, width: image.width, height: image.height))
    }
    byteCount = size
  }

  var image: Image? { try? result.get() }

  /// The digest of a file's upright pixels and their size; nil if the file has gone bad meanwhile.
  static func pixelDigest(_ path: String, maxPixels: Int) -> FileDigest? {
    guard let bytes = try? FileBytes.read(path),
      let image = try? ImageReader.decode(bytes: bytes, maxPixels: maxPixels)
    else { return nil }
    return FileDigest(of: image.pixels, width: image.width, height: image.height)
  }
}

extension FileDigest {
  /// The digest of pixels with the size of their image.
  fileprivate init(of pixels: [UInt8], width: Int, height: Int) {
    var digest = SHA256()
    digest.update("\(width) \(height)\n".utf8)
    digest.update(pixels)
    self.init(digest.finalize())
  }
}
