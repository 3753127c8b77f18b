internal import KernelTypes

/// The maximum of each window, per channel.
public struct MaxPool2D: Layer, WindowLayer {
  /// This layer as a case of the closed set.
  public var form: LayerForm { .maxPool2D(self) }

  /// The side of the window.
  public var size: Int
  /// The stride.
  public var stride: Int
  /// Padding around the map, which is never the maximum.
  public var padding: Padding

  /// Windows of `size` x `size` pixels; the stride is `size` unless given.
  public init(_ size: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  // A position in a window is stored in one byte.
  static let largest = 15

  func operation(_ shape: PoolShape) -> any Operation { MaxPoolOperation(shape: shape) }
}
