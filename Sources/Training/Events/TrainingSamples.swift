package import Classifier
package import ImageData

/// Training images as the first epochs will see them.
package struct TrainingSamples: Sendable {
  package var sheet: SampleSheet
  package var run: RunFolder
}
