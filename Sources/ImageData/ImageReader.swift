package import KernelInterface

/// From a file to the pixels a network is given: the one path that every command takes.
package enum ImageReader {
  /// The picture in a file, upright and resized as `preprocessing` says.
  package static func read(
    path: String, _ preprocessing: Preprocessing, kernels: KernelTable
  ) throws(ImageFailure) -> RGBImage {
    try read(bytes: FileBytes.read(path), preprocessing, kernels: kernels)
  }

  /// The picture in a file's bytes, upright and resized as `preprocessing` says.
  package static func read(
    bytes: [UInt8], _ preprocessing: Preprocessing, kernels: KernelTable
  ) throws(ImageFailure) -> RGBImage {
    let full = try decode(
      bytes: bytes, exif: preprocessing.exif, maxPixels: preprocessing.maxPixels)
    return Resizer.resize(
      full, width: preprocessing.width, height: preprocessing.height,
      filter: preprocessing.filter, kernels: kernels)
  }

  /// The tensor of a picture that has the preprocessing's size, height x width x 3.
  package static func tensor(
    _ image: RGBImage, _ preprocessing: Preprocessing, kernels: KernelTable
  ) -> [Float] {
    precondition(
      image.width == preprocessing.width && image.height == preprocessing.height,
      "the picture must have the network's size")
    return [Float](unsafeUninitializedCapacity: preprocessing.tensorCount) { tensor, count in
      if let target = tensor.baseAddress {
        image.pixels.withUnsafeBufferPointer {
          guard let source = $0.baseAddress else { return }
          kernels.images.normalize(
            source, image.width * image.height, preprocessing.scale, preprocessing.offset, target)
        }
      }
      count = preprocessing.tensorCount
    }
  }
}
