/// Which part of a picture becomes which part of the network's input.
package struct ResizeGeometry: Sendable, Hashable {
  /// The first and the last source position of one axis, and the pixels they become.
  package struct Axis: Sendable, Hashable {
    /// Pixels of the source at its full size.
    package var size: Int
    /// Where the part that is used begins, in pixels of the full size.
    package var lower: Double
    /// Where it ends.
    package var upper: Double
    /// Pixels that it becomes.
    package var target: Int
    /// Pixels of the input before the first of them.
    package var start: Int

    /// Source pixels a target pixel.
    package var scale: Double { (upper - lower) / Double(target) }

    /// Whether every pixel stays as it is.
    var isIdentity: Bool { lower == 0 && upper == Double(size) && target == size }
  }

  /// Columns.
  package var across: Axis
  /// Rows.
  package var down: Axis

  /// How a picture of `width` x `height` becomes an input of `targetWidth` x `targetHeight`.
  ///
  /// `crop` and `pad` are those of Pillow's `ImageOps.fit` and `ImageOps.pad`.
  package init(
    _ mode: ResizeMode, width: Int, height: Int, targetWidth: Int, targetHeight: Int
  ) {
    precondition(
      width > 0 && height > 0 && targetWidth > 0 && targetHeight > 0, "sides have pixels")
    across = Axis(
      size: width, lower: 0, upper: Double(width), target: targetWidth, start: 0)
    down = Axis(
      size: height, lower: 0, upper: Double(height), target: targetHeight, start: 0)
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
}

extension ResizeGeometry.Axis {
  /// Uses so much of the middle; the bounds are rounded as Pillow's are, to single precision.
  fileprivate mutating func narrow(to length: Double) {
    let start = (Double(size) - length) * 0.5
    lower = Double(Float(start))
    upper = Double(Float(start + length))
  }

  /// Becomes so many pixels in the middle of the target.
  fileprivate mutating func fill(_ length: Double) {
    let whole = min(target, max(1, Int(length.rounded(.toNearestOrEven))))
    start = Int((Double(target - whole) * 0.5).rounded(.toNearestOrEven))
    target = whole
  }
}
