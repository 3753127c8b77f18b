/// The extent of one sample: rows, columns and channels, channels next to each other in memory.
///
/// A batch is samples one after the other (NHWC). A vector of features has one row and one column.
public struct Shape: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int
  /// Channels.
  public var channels: Int

  /// A map of `height` x `width` pixels with `channels` channels.
  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// A vector of `count` features.
  public init(features count: Int) {
    self.init(height: 1, width: 1, channels: count)
  }

  /// Numbers per sample.
  public var count: Int { height * width * channels }

  /// Rows times columns.
  package var pixels: Int { height * width }

  /// The extent as "64x64x3", or the count of features alone.
  public var description: String {
    height == 1 && width == 1 ? "\(channels)" : "\(height)x\(width)x\(channels)"
  }
}
