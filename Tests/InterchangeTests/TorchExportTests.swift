import CNN
import Classifier
import Foundation
import ImageData
import Interchange
import Testing
import Training

/// Networks of any kind for PyTorch.
///
/// Tests/Scripts/check_torch_names.py runs their modules.
struct TorchExportTests {
  /// The tensors of a safetensors file, read without the product's help.
  static func tensors(of file: [UInt8]) throws -> [String: TorchWeights.Tensor] {
    let length = file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try #require(
      JSONSerialization.jsonObject(with: Data(file[8..<(8 + length)])) as? [String: Any])
    #expect(header["__metadata__"] as? [String: String] == ["format": "pt"])
    var tensors: [String: TorchWeights.Tensor] = [:]
    for case (let name, let entry as [String: Any]) in header where name != "__metadata__" {
      let offsets = try #require(entry["data_offsets"] as? [Int])
      tensors[name] = TorchWeights.Tensor(
        name: name, type: try #require(entry["dtype"] as? String),
        shape: try #require(entry["shape"] as? [Int]),
        bytes: Array(file[(8 + length + offsets[0])..<(8 + length + offsets[1])]))
    }
    return tensors
  }

  private func model(
    _ layers: [any Layer], side: Int = 8, classes: [String] = ["a", "b", "c"],
    resize: ResizeMode = .stretch
  ) throws -> ClassifierModel {
    ClassifierModel(
      network: try Network(
        input: Shape(height: side, width: side, channels: 3), layers: layers, seed: 3),
      classes: classes,
      preprocessing: Preprocessing(width: side, height: side, resize: resize), recipe: "test",
      datasetFingerprint: "", trainingImages: 0)
  }

  @Test("Filters, and weights behind a flattened map, are put into PyTorch's order")
  func order() throws {
    let model = try model([
      Conv2D(filters: 5), ReLU(), Flatten(), BatchNorm(), Dense(units: 4), ReLU(), Dense(units: 3),
    ])
    let network = model.network
    let scales = (0..<180).map { Float($0) }
    try network.setValues(scales, of: "layers.3.scale")
    let tensors = try Self.tensors(of: TorchExport(model).encoded(.single))
    func check(_ name: String, _ shape: [Int], _ expected: [Float]) {
      #expect(tensors[name]?.shape == shape, "\(name)")
      #expect(tensors[name]?.bytes == TorchWeights.bytes(expected), "\(name)")
    }
    let filters = try #require(network.values(of: "layers.0.filters"))
    let turned = (0..<5).flatMap { o in
      (0..<3).flatMap { c in (0..<9).map { filters[($0 * 3 + c) * 5 + o] } }
    }
    check("0.weight", [5, 3, 3, 3], turned)
    // Six rows and columns of five channels, which PyTorch has by channel first.
    let features = (0..<5).flatMap { c in (0..<36).map { $0 * 5 + c } }
    check("3.weight", [180], features.map { scales[$0] })
    let dense = try #require(network.values(of: "layers.4.weights"))
    check("4.weight", [4, 180], (0..<4).flatMap { o in features.map { dense[$0 * 4 + o] } })
    let last = try #require(network.values(of: "layers.6.weights"))
    check("6.weight", [3, 4], (0..<3).flatMap { o in (0..<4).map { last[$0 * 3 + o] } })
    check("6.bias", [3], try #require(network.values(of: "layers.6.bias")))
    #expect(tensors["3.num_batches_tracked"]?.type == "I64")
    #expect(tensors.count == 11)
  }

  @Test("Every layer has its module, uneven paddings and orders theirs")
  func modules() throws {
    let model = try model(
      [
        Conv2D(filters: 4, kernelSize: 4, stride: 2, padding: .same, useBias: false),
        MaxPool2D(2, stride: 1, padding: .same), AveragePool2D(3, stride: 1, padding: .explicit(1)),
        Residual(body: [Conv2D(filters: 4, padding: .explicit(1)), BatchNorm()]),
        Flatten(), Residual(body: [Dense(units: 64)], shortcut: []), Dropout(0.5),
        Conv2D(filters: 6, kernelSize: 1), GlobalAveragePool2D(), Dense(units: 3),
      ], classes: ["a\"", "b\n", "c"])
    let source = TorchExport(model).source(loading: "w.safetensors")
    let network = """
      def network():
          return nn.Sequential(
              nn.Conv2d(3, 4, 4, stride=2, padding=1, bias=False),
              nn.ConstantPad2d((0, 1, 0, 1), float("-inf")),
              nn.MaxPool2d(2, stride=1),
              AveragePool2d(3, 1, (1, 1, 1, 1)),
              Residual(
                  nn.Sequential(
                      nn.Conv2d(4, 4, 3, stride=1, padding=1),
                      nn.BatchNorm2d(4, eps=1e-05, momentum=0.1),
                  ),
                  nn.Sequential(),
              ),
              nn.Flatten(),
              ByPixel(4, 4, 4),
              Residual(
                  nn.Sequential(
                      nn.Linear(64, 64),
                  ),
                  nn.Sequential(),
              ),
              nn.Dropout(0.5),
              nn.Unflatten(1, (64, 1, 1)),
              nn.Conv2d(64, 6, 1, stride=1),
              nn.AdaptiveAvgPool2d(1),
              nn.Flatten(),
              nn.Linear(6, 3),
          )


      def load(path):
      """
    #expect(source.contains(network), "\(source)")
    for part in [
      "    \"a\\\"\",\n    \"b\\n\",\n    \"c\",\n", "image.resize(SIZE, ", "softmax(1)",
    ] {
      #expect(source.contains(part), "\(part)")
    }
    for name in ["class Residual(", "class AveragePool2d(", "class ByPixel("] {
      #expect(source.contains(name))
    }
    // Values are named for the places in the sequence, what was put between among them.
    let names = try Self.tensors(of: TorchExport(model).encoded(.half)).keys
    #expect(
      Set(names).isSuperset(of: [
        "0.weight", "4.body.0.bias", "7.body.0.weight", "10.weight", "13.bias",
      ]))
  }

  @Test("Images are prepared as the model says", arguments: ResizeMode.allCases)
  func images(_ mode: ResizeMode) throws {
    let model = try model([Flatten(), Dense(units: 1)], classes: ["a", "b"], resize: mode)
    let source = TorchExport(model).source(loading: "w")
    let line = [
      ResizeMode.stretch: "image.resize(SIZE", .crop: "ImageOps.fit(image", .pad: "ImageOps.pad(",
    ]
    #expect(source.contains(try #require(line[mode])))
    #expect(source.contains("torch.cat([(-logits).sigmoid(), logits.sigmoid()], 1)"))
    #expect(!source.contains("class "))
  }
}
