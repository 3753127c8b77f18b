// Stands for the reader of Sources/ImageData, whose static functions are all that is fuzzed: without
// its kernels the targets are built in seconds.

/// The name that decoding and facts are functions of.
package enum ImageReader {}

/// The one limit that they take from it.
package enum Preprocessing {
  /// The limit on pixels unless told otherwise.
  package static let defaultMaxPixels = 64_000_000
}

/// Whether pictures are turned upright as their EXIF data says.
package enum ExifPolicy {
  /// Orientations 1 to 8 are applied.
  case apply
  /// The stored rows are taken as they are.
  case ignore
}
