package import Classifier
package import ImageData

/// Training images as the first epochs will see them.
package struct TrainingSamples: Sendable {
  /// The images.
  package var sheet: SampleSheet
  /// The run's folder.
  package var run: RunFolder
}
