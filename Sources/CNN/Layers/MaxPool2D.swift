internal import KernelTypes

/// The greatest value of each window, in every channel.
public struct MaxPool2D: Layer, WindowLayer {
  /// The name of this kind of layer in JSON.
  public static let kind = "maxPool2D"
  /// This layer among all kinds.
  public var form: LayerForm { .maxPool2D(self) }

  /// The side of the window.
  public var size: Int
  /// Pixels from one window to the next.
  public var stride: Int
  /// Places around the map that never win.
  public var padding: Padding

  /// Windows of `size` x `size` pixels, side by side unless a stride is given.
  public init(_ size: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  // A place in a window is kept in one byte.
  static let largest = 15

  func operation(_ shape: PoolShape) -> any Operation { MaxPoolOperation(shape: shape) }
}
