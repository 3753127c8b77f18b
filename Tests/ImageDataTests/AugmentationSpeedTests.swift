import FoundationEssentials
import ImageData
import KernelSelection
import Testing

@Suite struct AugmentationSpeedTests {
  /// The pass as it is slowest: everything drawn, and a border of each kind.
  private func everything(_ fill: BorderFill, mixup: Double = 0) -> Augmentation {
    var augmentation = Augmentation.strong
    augmentation.shift = 0.1
    augmentation.zoom = 0.1
    augmentation.fill = fill
    augmentation.mixup = mixup
    return augmentation
  }

  @Test("The pass takes a time that can be, and twice that with a second picture to blend in")
  func measurement() {
    for engine in engines {
      for fill in BorderFill.allCases {
        let alone = AugmentationMeasurement(
          everything(fill), side: 32, kernels: engine.kernels, pictures: 8, epochs: 4)
        #expect(alone.images == 32)
        #expect(alone.microsecondsPerImage > 0.1 && alone.microsecondsPerImage < 1e4)
      }
    }
  }

  @Test(
    "Figures", .enabled(if: ProcessInfo.processInfo.environment["CNNCTL_MEASURE"] != nil))
  func figures() {
    for engine in engines {
      for mixup in [0, 0.2] {
        let times = BorderFill.allCases.map { fill in
          let best = (0..<5).map { _ in
            AugmentationMeasurement(
              everything(fill, mixup: mixup), side: 128, kernels: engine.kernels
            ).microsecondsPerImage
          }
          return "\(fill) \(best.min() ?? 0)"
        }
        print(engine.instructionSet, "mixup", mixup, times.joined(separator: ", "))
      }
    }
  }
}
