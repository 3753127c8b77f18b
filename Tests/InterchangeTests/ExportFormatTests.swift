import CNN
import Classifier
import Interchange
import Primitives
import Testing
import Training

@Suite("Export formats")
struct ExportFormatTests {
  @Test func `A format's name is what --format takes`() {
    #expect(ExportFormat.allCases.map(\.rawValue) == ["safetensors", "onnx", "coreml"])
  }

  @Test func `What means nothing in a form is a usage error that says where it does`() throws {
    let cases: [(ExportFormat, ExportFormat.Settings, String?)] = [
      (.safetensors, .init(precision: .bytes), nil),
      (.onnx, .init(precision: .half, choices: [.fold, .raw]), nil),
      (.coreml, .init(choices: [.fold]), nil),
      (.safetensors, .init(choices: [.fold]), "--format onnx or --format coreml"),
      (.coreml, .init(choices: [.raw]), "--format onnx"),
      (.onnx, .init(precision: .bytes), "--dtype f32 or f16"),
      (.coreml, .init(precision: .bytes), "--dtype f32 or f16"),
    ]
    for (format, settings, expected) in cases {
      guard let expected else {
        try format.check(settings)
        continue
      }
      let error = #expect(throws: TrainingError.self) { try format.check(settings) }
      #expect(error?.kind == .usage && error?.expected == expected)
    }
  }

  @Test func `Each form writes its own bytes`() throws {
    let model = try classifier(networks[0].layers)
    #expect(
      try ExportFormat.safetensors.encoded(model, .init())
        == model.encoded(.single, card: nil))
    #expect(
      try ExportFormat.onnx.encoded(model, .init(choices: [.raw]))
        == ONNXModel(model, card: nil, isRaw: true).bytes)
    #expect(
      try ExportFormat.coreml.encoded(model, .init(precision: .half))
        == CoreMLModel(model, card: nil, halves: true).bytes)
  }
}
