package import KernelTypes
package import Primitives

/// From a file to the numbers a network is given: the one path that every command takes.
package struct ImageReader: Sendable {
  package let preprocessing: Preprocessing
  private let kernels: KernelTable
  private let resizer: Resizer

  /// A reader that prepares images as `preprocessing` says.
  package init(_ preprocessing: Preprocessing, kernels: KernelTable) {
    self.preprocessing = preprocessing
    self.kernels = kernels
    resizer = Resizer(preprocessing.filter, kernels: kernels)
  }

  /// The image in a file, upright and resized.
  package func read(path: String) throws(ImageFailure) -> RGBImage {
    try read(bytes: FileBytes.read(path, onlyImage: true))
  }

  /// The image in a file's bytes, upright and resized.
  package func read(bytes: [UInt8]) throws(ImageFailure) -> RGBImage {
    resize(try decode(bytes))
  }

  /// The image in a file's bytes, at the size from which it is resized.
  func decode(_ bytes: [UInt8]) throws(ImageFailure) -> DecodedImage {
    try ImageReader.decodeImage(
      bytes: bytes, exif: preprocessing.exif, maxPixels: preprocessing.maxPixels,
      shrink: preprocessing.shrink)
  }

  /// A decoded image turned and brought to the network's size.
  package func resize(_ decoded: DecodedImage) -> RGBImage {
    let isTransposed = decoded.isTransposed
    let (width, height) = (decoded.fullWidth, decoded.fullHeight)
    var geometry = preprocessing.geometry(
      width: isTransposed ? height : width, height: isTransposed ? width : height)
    let start = (x: geometry.across.start, y: geometry.down.start)
    let content: RGBImage
    if decoded.shrink == 1 {
      // Turned first, as others do, so that the same pixels are met.
      content = resizer.resize(decoded.upright, geometry)
    } else {
      if isTransposed { swap(&geometry.across, &geometry.down) }
      content = resizer.resize(decoded.image, geometry, shrink: decoded.shrink)
        .upright(from: decoded.orientation)
    }
    return content.padded(
      width: preprocessing.width, height: preprocessing.height, x: start.x, y: start.y)
  }

  /// The tensor of an image that has the preprocessing's size, height x width x 3.
  package func tensor(_ image: RGBImage) -> [Float] {
    [Float](unsafeUninitializedCapacity: preprocessing.tensorCount) { tensor, count in
      if let target = tensor.baseAddress { write(image, to: target) }
      count = preprocessing.tensorCount
    }
  }

  /// Writes that tensor to memory of its size.
  package func write(_ image: RGBImage, to tensor: UnsafeMutablePointer<Float>) {
    precondition(
      image.width == preprocessing.width && image.height == preprocessing.height,
      "the image must have the network's input size")
    image.pixels.withUnsafeBufferPointer {
      guard let source = $0.baseAddress else { return }
      kernels.images.normalize(
        source, image.width * image.height, preprocessing.scale, preprocessing.offset, tensor)
    }
  }
}

extension RGBImage {
  /// The image in a larger black one, its corner at (x, y).
  fileprivate func padded(width: Int, height: Int, x: Int, y: Int) -> RGBImage {
    if width == self.width && height == self.height { return self }
    var canvas = [UInt8](repeating: 0, count: 3 * width * height)
    let bytes = 3 * self.width
    for row in 0..<self.height {
      let start = 3 * ((y + row) * width + x)
      canvas.replaceSubrange(
        start..<(start + bytes), with: pixels[(row * bytes)..<((row + 1) * bytes)])
    }
    return RGBImage(width: width, height: height, pixels: canvas)
  }
}
