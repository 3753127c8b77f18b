import CNN
import Foundation
import Interchange
import Primitives
import Testing
import Training

@Suite("Every kind of layer has an answer everywhere")
struct LayerKindTests {
  /// A layer of each kind that takes a map; the compiler asks for one where a kind is new.
  private static func example(_ kind: LayerKind) -> any Layer {
    switch kind {
    case .conv2D: Conv2D(filters: 3)
    case .maxPool2D: MaxPool2D(2)
    case .averagePool2D: AveragePool2D(2)
    case .globalAveragePool2D: GlobalAveragePool2D()
    case .flatten: Flatten()
    case .dense: Dense(units: 3)
    case .dropout: Dropout(0.5)
    case .batchNorm: BatchNorm()
    case .relu: ReLU()
    case .activate: Activate(.silu)
    case .gate: Gate(body: [GlobalAveragePool2D()])
    case .residual: Residual(body: [Conv2D(filters: 4, padding: .same)])
    }
  }

  @Test("A layer is written in every form, or refused by its name", arguments: LayerKind.allCases)
  func exported(kind: LayerKind) throws {
    let before: [any Layer] = kind == .dense ? [Flatten()] : []
    let model = try classifier(
      [Conv2D(filters: 4)] + before + [LayerKindTests.example(kind), Flatten()])
    func check(_ form: String, _ write: () throws(TrainingError) -> Bool) {
      do throws(TrainingError) {
        let isWritten = try write()
        #expect(isWritten, "\(form)")
      } catch {
        #expect(error.problem.contains(kind.rawValue), "\(form): \(error.problem)")
      }
    }
    for format in ExportFormat.allCases {
      check(format.rawValue) { () throws(TrainingError) in
        try !format.encoded(model, ExportFormat.Settings()).isEmpty
      }
    }
    check("torch") { () throws(TrainingError) in
      let export = TorchExport(model)
      let bytes = try export.encoded(.single)
      return !bytes.isEmpty && export.source(loading: "weights").contains("nn.Sequential(")
    }
  }

  @Test("A layer is its own form and kind", arguments: LayerKind.allCases)
  func form(kind: LayerKind) throws {
    let layer = LayerKindTests.example(kind)
    #expect(layer.form.kind == kind)
    let network = Architecture(name: "one", input: Shape(features: 4), layers: [layer])
    #expect(try Architecture(json: network.json).layers.first?.form.kind == kind)
  }

  @Test("The networks whose exports are computed have every kind of layer among them")
  func computed() {
    func kinds(_ layers: [any Layer]) -> Set<LayerKind> {
      layers.reduce(into: []) { found, layer in
        found.insert(layer.form.kind)
        if case .residual(let block) = layer.form { found.formUnion(kinds(block.body)) }
      }
    }
    let missing = Set(LayerKind.allCases).subtracting(networks.flatMap { kinds($0.layers) })
    #expect(missing.isEmpty)
  }

  @Test("The documentation of the library names every layer", arguments: LayerKind.allCases)
  func documented(kind: LayerKind) throws {
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(
      contentsOf: package.appending(path: "Sources/CNN/CNN.docc/CNN.md"), encoding: .utf8)
    #expect(page.contains("- ``\(type(of: LayerKindTests.example(kind)))``"))
  }
}
