/// The mapping from a part of an image to a part of the network's input.
package struct ResizeGeometry: Sendable, Hashable {
  /// The first and the last source position of one axis, and the pixels they become.
  package struct Axis: Sendable, Hashable {
    /// Pixels of the source at its full size.
    package var size: Int
    /// The start of the part that is used, in pixels of the full size.
    package var lower: Double
    package var upper: Double
    /// Pixels that it becomes.
    package var target: Int
    /// Pixels of the input before the first of them.
    package var start: Int
    /// Pixels that the whole side would become where they are cut out of it; `target` elsewhere.
    var whole: Int

    /// Source pixels per target pixel.
    package var scale: Double { (upper - lower) / Double(target) }

    /// Whether every pixel remains unchanged.
    var isIdentity: Bool { lower == 0 && upper == Double(size) && target == size }
  }

  package var across: Axis
  package var down: Axis

  /// The geometry from an image of `width` x `height` to an input of `targetWidth` x
  /// `targetHeight`.
  ///
  /// `crop` and `pad` are those of Pillow's `ImageOps.fit` and `ImageOps.pad`. With a `cropShare`
  /// below 1 the target is that share of a larger map, which the image is scaled to cover, and
  /// whose middle remains: torchvision's `Resize(256)` and `CenterCrop(224)` with 224 / 256.
  package init(
    _ mode: ResizeMode, width: Int, height: Int, targetWidth: Int, targetHeight: Int,
    cropShare: Double = 1
  ) {
    precondition(
      width > 0 && height > 0 && targetWidth > 0 && targetHeight > 0, "sides have pixels")
    across = Axis(
      size: width, lower: 0, upper: Double(width), target: targetWidth, start: 0,
      whole: targetWidth)
    down = Axis(
      size: height, lower: 0, upper: Double(height), target: targetHeight, start: 0,
      whole: targetHeight)
    if mode == .crop, cropShare < 1 {
      cutMiddle(share: cropShare)
      return
    }
    let shape = Double(width) / Double(height)
    let targetShape = Double(targetWidth) / Double(targetHeight)
    guard mode != .stretch, shape != targetShape else { return }
    switch (mode, shape > targetShape) {
    case (.crop, true): across.narrow(to: targetShape * Double(height))
    case (.crop, false): down.narrow(to: Double(width) / targetShape)
    case (_, true): down.fill(Double(height) / Double(width) * Double(targetWidth))
    case (_, false): across.fill(Double(width) / Double(height) * Double(targetHeight))
    }
  }

  /// Scales the image to cover a map of which the target is `share`, and cuts out its middle.
  private mutating func cutMiddle(share: Double) {
    let columns = Int((Double(across.target) / share).rounded())
    let rows = Int((Double(down.target) / share).rounded())
    // The longer side is rounded down, as torchvision does it.
    if across.size * rows <= down.size * columns {
      across.cut(of: columns)
      down.cut(of: max(rows, columns * down.size / across.size))
    } else {
      across.cut(of: max(columns, rows * across.size / down.size))
      down.cut(of: rows)
    }
  }
}

extension ResizeGeometry.Axis {
  /// Uses so much of the middle; the bounds are rounded as Pillow's are, to single precision.
  fileprivate mutating func narrow(to length: Double) {
    let start = (Double(size) - length) * 0.5
    lower = Double(Float(start))
    upper = Double(Float(start + length))
  }

  /// Uses the middle `target` of the `whole` pixels that the side becomes.
  fileprivate mutating func cut(of whole: Int) {
    self.whole = whole
    let step = Double(size) / Double(whole)
    // A half is rounded to the even neighbour, as Python rounds it.
    let first = (Double(whole - target) / 2).rounded(.toNearestOrEven)
    lower = first * step
    upper = (first + Double(target)) * step
  }

  /// Becomes so many pixels in the middle of the target.
  fileprivate mutating func fill(_ length: Double) {
    let whole = min(target, max(1, Int(length.rounded(.toNearestOrEven))))
    start = Int((Double(target - whole) * 0.5).rounded(.toNearestOrEven))
    target = whole
    self.whole = whole
  }
}
