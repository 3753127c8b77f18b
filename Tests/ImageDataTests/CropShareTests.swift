import Foundation
import ImageData
import Testing

/// Cutting the middle out of what a picture is scaled to.
struct CropShareTests {
  @Test(
    "The part that remains is torchvision's: Resize(256), then CenterCrop(224)",
    arguments: [
      // Width, height; first column and row of 256 on the shorter side, by Python's own arithmetic.
      (256, 256, 16, 16), (500, 333, 80, 16), (333, 500, 16, 80), (301, 300, 16, 16),
      (303, 300, 17, 16), (1, 5, 16, 528), (640, 480, 58, 16), (480, 641, 16, 58),
    ])
  func places(_ width: Int, _ height: Int, _ left: Int, _ top: Int) {
    let steps = Preprocessing(width: 224, height: 224, resize: .crop, cropShare: 0.875)
    let geometry = steps.geometry(width: width, height: height)
    for (axis, first) in [(geometry.across, left), (geometry.down, top)] {
      let other = width == axis.size && axis == geometry.across ? height : width
      let whole = axis.size <= other ? 256 : 256 * axis.size / other
      let step = Double(axis.size) / Double(whole)
      #expect(abs(axis.lower / step - Double(first)) < 1e-6, "\(axis)")
      #expect(abs(axis.scale - step) < 1e-9 && axis.target == 224 && axis.start == 0)
    }
  }

  @Test("The share goes along to another size, and is in a file only where there is one")
  func files() throws {
    let steps = Preprocessing(width: 224, height: 224, resize: .crop, cropShare: 0.875)
    let small = steps.sized(width: 160, height: 160).geometry(width: 300, height: 300)
    #expect(abs(small.across.scale - 300.0 / 183) < 1e-9)
    let encoder = JSONEncoder()
    let text = try encoder.encode(steps)
    #expect(try JSONDecoder().decode(Preprocessing.self, from: text) == steps)
    let plain = try encoder.encode(Preprocessing(width: 4, height: 4, resize: .crop))
    #expect(!String(decoding: plain, as: UTF8.self).contains("cropShare"))
    #expect(try JSONDecoder().decode(Preprocessing.self, from: plain).cropShare == 1)
  }

  @Test("A share without a crop, or out of range, is refused")
  func ranges() {
    #expect(Preprocessing(width: 8, height: 8, resize: .crop, cropShare: 0.5).problem == nil)
    for (mode, share) in [(ResizeMode.stretch, 0.5), (.pad, 0.5), (.crop, 0), (.crop, 1.5)] {
      let steps = Preprocessing(width: 8, height: 8, resize: mode, cropShare: share)
      #expect(steps.problem?.contains("the share of a crop") == true)
    }
  }
}
