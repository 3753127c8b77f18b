import Compute
import ImageData
import Testing

/// Speed itself is for `cnnctl bench DATASET` to tell.
@Suite struct AugmentationSpeedTests {
  /// The pass as it is slowest: everything drawn.
  private func everything(_ fill: BorderFill, mixup: Double = 0) -> Augmentation {
    var augmentation = Augmentation.strong
    augmentation.shift = 0.1
    augmentation.zoom = 0.1
    augmentation.fill = fill
    augmentation.mixup = mixup
    return augmentation
  }

  @Test("The measurement times every picture of every epoch, with every border and mixup")
  func measurement() {
    for engine in engines {
      for fill in BorderFill.allCases {
        for mixup in [0, 0.2] {
          let found = AugmentationMeasurement(
            everything(fill, mixup: mixup), side: 32, kernels: engine.kernels, images: 8,
            epochs: 4)
          #expect(found.images == 32)
          #expect(found.microsecondsPerImage > 0.1)
        }
      }
    }
  }
}
