internal import KernelInterface
internal import Primitives

/// What a check keeps of one file; its pixels are gone.
struct PictureExamination: Sendable {
  /// A SHA-256 digest.
  struct Digest: Hashable {
    private var words: SIMD4<UInt64>

    init(_ bytes: [UInt8]) {
      words = SIMD4()
      for (index, byte) in bytes.prefix(32).enumerated() {
        words[index / 8] = words[index / 8] << 8 | UInt64(byte)
      }
    }
  }

  /// What a readable file holds.
  struct Picture {
    /// Of the whole file.
    var fileDigest: Digest
    /// Of size and pixels, upright.
    var pixelDigest: Digest
    var facts: PictureFacts
    /// Pixels across, upright.
    var width: Int
    /// Pixels down, upright.
    var height: Int
    var hash: PerceptualHash?
  }

  var byteCount = 0
  var result: Result<Picture, ImageFailure>

  /// Reads and decodes a file as every command does.
  init(_ sample: Sample, maxPixels: Int, kernels: KernelTable) {
    var size = 0
    result = Result { () throws(ImageFailure) in
      if let failure = sample.failure { throw failure }
      let bytes = try FileBytes.read(sample.path)
      size = bytes.count
      let image = try ImageReader.decode(bytes: bytes, maxPixels: maxPixels)
      let facts = try ImageReader.facts(bytes: bytes, maxPixels: maxPixels)
      var file = SHA256()
      file.update(bytes)
      var pixels = SHA256()
      pixels.update("\(image.width) \(image.height)\n".utf8)
      pixels.update(image.pixels)
      return Picture(
        fileDigest: Digest(file.finalize()), pixelDigest: Digest(pixels.finalize()), facts: facts,
        width: image.width, height: image.height,
        hash: PerceptualHash(image, kernels: kernels))
    }
    byteCount = size
  }

  var picture: Picture? { try? result.get() }
}
