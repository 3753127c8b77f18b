internal import CNN

/// How the side of training images grows over a run.
///
/// Small images first are cheap and teach coarse features; as in EfficientNetV2 (Tan and Le 2021)
/// and the courses of fast.ai before it. The weights are the same at every size.
package struct Growth: Codable, Sendable, Hashable {
  /// The side in the first epoch, in pixels.
  package var first: Int
  /// The side in the last epochs; the network's own may be larger (Touvron and others, 2019).
  package var last: Int
  /// The fraction of the epochs after which the last side is reached.
  package var share = 0.7

  /// The side in an epoch, counted from 0: linear, in steps of 16 pixels, so that a network can
  /// halve the map four times.
  package func side(epoch: Int, of epochs: Int) -> Int {
    let progress = Double(epoch) / max(1, share * Double(epochs))
    guard first < last, progress < 1 else { return last }
    let side = Double(first) + Double(last - first) * progress
    return max(first, min(last, Growth.whole(side)))
  }

  /// The same growth, scaled to another size.
  func scaled(from old: Int, to new: Int) -> Growth {
    func scaled(_ side: Int) -> Int {
      side == old ? new : min(new, Growth.whole(Double(side * new) / Double(old)))
    }
    return Growth(first: scaled(first), last: scaled(last), share: share)
  }

  private static func whole(_ side: Double) -> Int { max(16, Int((side / 16).rounded()) * 16) }
}

extension Configuration.Net {
  /// Changes the input's side, and the sides of training images in proportion.
  mutating func resize(to side: Int) {
    growth = growth.scaled(from: size, to: side)
    size = side
  }

  /// The extent of training images in an epoch, counted from 0, for a network over `input`.
  func trainingInput(_ input: Shape, epoch: Int, of epochs: Int) -> Shape {
    // Only squares grow.
    guard growth.first < input.height, input.height == input.width else { return input }
    let side = growth.side(epoch: epoch, of: epochs)
    return Shape(height: side, width: side, channels: input.channels)
  }

  /// Keeps training images as large as the input if the network's weights depend on the image size.
  mutating func keepSize(unless architecture: Architecture) {
    let sides = [growth.first, growth.last].map {
      Shape(height: $0, width: $0, channels: architecture.input.channels)
    }
    if !sides.allSatisfy(architecture.accepts) { growth = Growth(first: size, last: size) }
  }
}
