import FoundationEssentials
import ImageData
import KernelSelection
import Testing

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
            everything(fill, mixup: mixup), side: 32, kernels: engine.kernels, pictures: 8,
            epochs: 4)
          #expect(found.images == 32)
          #expect(found.microsecondsPerImage > 0.1 && found.microsecondsPerImage < 1e4)
        }
      }
    }
  }

  @Test(
    "The pass at 128 px takes under 40 microseconds at the best level, whatever the border",
    .enabled(
      if: ProcessInfo.processInfo.environment["CNNCTL_MEASURE"] != nil,
      "a machine of its own is needed to measure on: set CNNCTL_MEASURE=1"),
    arguments: BorderFill.allCases)
  func speed(_ fill: BorderFill) throws {
    let engine = try bestEngine()
    let times = (0..<5).map { _ in
      AugmentationMeasurement(everything(fill), side: 128, kernels: engine.kernels)
        .microsecondsPerImage
    }
    #expect(times.min() ?? .infinity < 40)
  }
}
