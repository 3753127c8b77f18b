import CNN
import Classifier
import ImageData
import Interchange
import Primitives
import TestSupport
import Testing
import Training

/// ONNX models decoded and run by an interpreter in Double, against the product's own answers.
@Suite("ONNX models")
struct ONNXModelTests {
  /// Prepared images as the network wants them, and the same with the channels first.
  private func images(_ count: Int, side: Int) -> (rows: [Float], planes: ONNXTensor) {
    var random = RandomValues(seed: 82)
    let rows = random.normals(count * side * side * 3)
    let map = ONNXTensor([count, side, side, 3], rows.map(Double.init))
    return (rows, ONNXTensor([count, 3, side, side]) { map.at([$0[0], $0[2], $0[3], $0[1]]) })
  }

  private func run(_ model: ONNXModel, _ input: ONNXTensor) throws -> ONNXTensor {
    try ONNXInterpreter(file: ONNXFile(model.bytes)).run(input)
  }

  @Test(arguments: networks.indices, [false, true])
  func `Every layer gives the product's probabilities, folded and not`(
    index: Int, folding: Bool
  ) throws {
    let model = try classifier(networks[index].layers)
    let (rows, planes) = images(3, side: 11)
    let found = try run(ONNXModel(model, card: nil, isRaw: true, folding: folding), planes)
    #expect(found.shape == [3, 2])
    let expected = try probabilities(model, of: rows)
    let wrong = mismatch(
      actual: found.values, expected: expected, tolerance: Tolerance(absolute: 1e-5))
    #expect(wrong == nil, "\(networks[index].name): \(String(describing: wrong))")
    // Answers that are all the same would prove nothing.
    #expect((expected.max() ?? 0) - (expected.min() ?? 0) > 0.05, "\(networks[index].name)")
  }

  @Test(arguments: [["a", "b"], ["a", "b", "c", "d"]])
  func `Mirrored views are part of the graph where the model answers so`(
    classes: [String]
  ) throws {
    let model = try classifier(networks[0].layers, classes: classes, tta: .flip)
    let (rows, planes) = images(2, side: 11)
    let found = try run(ONNXModel(model, card: nil, isRaw: true), planes)
    #expect(found.shape == [2, classes.count])
    let expected = try probabilities(model, of: rows)
    #expect(
      mismatch(actual: found.values, expected: expected, tolerance: Tolerance(absolute: 1e-5))
        == nil)
    let plain = try run(
      ONNXModel(try classifier(networks[0].layers, classes: classes), card: nil, isRaw: true),
      planes)
    #expect(
      mismatch(actual: plain.values, expected: expected, tolerance: Tolerance(absolute: 1e-3))
        != nil)
  }

  /// Every way to fit a picture, and the middle of a crop, as imported models have it.
  static let fits: [(ResizeMode, Double)] =
    ResizeMode.allCases.map { ($0, 1) } + [(.crop, 0.875), (.crop, 0.5)]

  @Test(arguments: fits, ResizeFilter.allCases)
  func `The graph prepares pictures of any size as the product does`(
    fit: (ResizeMode, Double), filter: ResizeFilter
  ) throws {
    let model = try classifier(
      [MaxPool2D(2), Flatten()], side: 12, resize: fit.0, cropShare: fit.1, filter: filter)
    let file = try ONNXFile(try ONNXModel(model, card: nil).bytes)
    var prepared = file
    prepared.output.name = "preprocessing"
    let reader = ImageReader(model.preprocessing, kernels: try TestEngine.make().kernels)
    for (height, width) in [(30, 41), (41, 30), (12, 12), (12, 30), (5, 7), (24, 24), (1, 9)] {
      var random = RandomValues(seed: 83, salt: height * 100 + width)
      let pixels = random.floats(height * width * 3, in: 0...255).map { UInt8($0) }
      let picture = DecodedImage(
        image: RGBImage(width: width, height: height, pixels: pixels), fullWidth: width,
        fullHeight: height, shrink: 1, orientation: 1)
      let expected = reader.tensor(reader.resize(picture))
      let input = ONNXTensor([1, height, width, 3], pixels.map(Double.init))
      let planes = try ONNXInterpreter(file: prepared).run(input)
      #expect(planes.shape == [1, 3, 12, 12])
      let found = ONNXTensor([12, 12, 3]) { planes.at([0, $0[2], $0[0], $0[1]]) }
      // Levels, of which one has deviation's share.
      let levels = zip(found.values, expected).enumerated().map { index, pair in
        abs(pair.0 - Double(pair.1)) * Double(model.preprocessing.deviation[index % 3])
      }
      let what = "\(height) x \(width)"
      #expect((levels.max() ?? 9) < (filter == .nearest ? 0.01 : 1.01), "\(what)")
      // Rounding between the two directions, whose order is not always the product's.
      #expect(levels.reduce(0, +) / Double(levels.count) < 0.1, "\(what)")
      let answer = try ONNXInterpreter(file: file).run(input)
      #expect(
        mismatch(
          actual: answer.values, expected: try probabilities(model, of: expected),
          tolerance: Tolerance(absolute: 2e-2)) == nil, "\(what)")
    }
  }

  /// The pixel under a target pixel's centre, where that lies between two, is the one that the
  /// product picks: a picture whose every pixel has a colour of its own tells which.
  @Test(arguments: fits)
  func `The nearest pixels of the graph are the product's at every size`(
    fit: (ResizeMode, Double)
  ) throws {
    var random = RandomValues(seed: 84, salt: Int(fit.1 * 8))
    // The sizes of the report that this came from, and the whole pixels of a map of 64.
    var sizes = [(65, 64), (2, 3), (96, 97), (178, 174), (64, 64), (1, 1), (128, 32)]
    for _ in 0..<60 {
      let sides = random.floats(2, in: 1...200).map { Int($0) }
      sizes.append((sides[0], sides[1]))
    }
    for (target, targets) in [(64, sizes), (23, Array(sizes.prefix(40)))] {
      let model = try classifier(
        [MaxPool2D(2), Flatten()], side: target, resize: fit.0, cropShare: fit.1, filter: .nearest)
      var prepared = try ONNXFile(try ONNXModel(model, card: nil).bytes)
      prepared.output.name = "preprocessing"
      let reader = ImageReader(model.preprocessing, kernels: try TestEngine.make().kernels)
      for (width, height) in targets {
        let pixels = (0..<(width * height)).flatMap { place -> [UInt8] in
          [UInt8(place & 255), UInt8(place >> 8), UInt8(place % 251)]
        }
        let picture = DecodedImage(
          image: RGBImage(width: width, height: height, pixels: pixels), fullWidth: width,
          fullHeight: height, shrink: 1, orientation: 1)
        let expected = reader.tensor(reader.resize(picture))
        let planes = try ONNXInterpreter(file: prepared)
          .run(ONNXTensor([1, height, width, 3], pixels.map(Double.init)))
        let found = ONNXTensor([target, target, 3]) { planes.at([0, $0[2], $0[0], $0[1]]) }
        let wrong = mismatch(
          actual: found.values, expected: expected, tolerance: Tolerance(absolute: 1e-4))
        #expect(wrong == nil, "\(width) x \(height) to \(target): \(String(describing: wrong))")
      }
    }
  }

  @Test func `The file says what goes in, what comes out and what the model is`() throws {
    let model = try classifier(networks[3].layers, classes: ["a", "b", "ü"])
    var card = ModelCard()
    card.limits = "none known"
    let file = try ONNXFile(try ONNXModel(model, card: card).bytes)
    #expect(file.formatVersion == 8 && file.opset == 17)
    #expect(file.input == .init(name: "image", type: 2, extents: ["N", "H", "W", "3"]))
    #expect(file.output == .init(name: "probabilities", type: 1, extents: ["N", "3"]))
    #expect(file.metadata == model.metadata(card: card))
    #expect(file.metadata["classes"] == #"["a","b","ü"]"#)
    #expect(file.metadata["card"]?.contains("none known") == true)
    let raw = try ONNXFile(try ONNXModel(model, card: nil, isRaw: true).bytes)
    #expect(raw.input == .init(name: "images", type: 1, extents: ["N", "3", "11", "11"]))
    #expect(raw.metadata["card"] == nil)
    #expect(raw.nodes.count < file.nodes.count)
    // Everything that is there is used.
    for file in [file, raw] {
      let used = Set(file.nodes.flatMap(\.inputs))
      #expect(file.constants.keys.filter { !used.contains($0) }.isEmpty)
    }
  }

  @Test func `Normalizations are kept, and folded if asked where weights are before them`() throws {
    func count(_ type: String, folding: Bool) throws -> Int {
      let model = try classifier(networks[3].layers)
      return try ONNXFile(try ONNXModel(model, card: nil, folding: folding).bytes).nodes
        .filter { $0.type == type }.count
    }
    // In the block with dropout the normalization reads what its shortcut reads, too.
    #expect(try count("BatchNormalization", folding: false) == 5)
    #expect(try count("BatchNormalization", folding: true) == 2)
    #expect(try count("Conv", folding: true) == count("Conv", folding: false))
    #expect(try count("Dropout", folding: false) == 0)
  }

  @Test func `Weights in 16 bits are read as floats by the graph`() throws {
    let model = try classifier(networks[3].layers)
    let whole = try ONNXFile(try ONNXModel(model, card: nil, isRaw: true).bytes)
    let half = try ONNXModel(model, card: nil, isRaw: true, halves: true)
    let file = try ONNXFile(half.bytes)
    let held = file.constants.filter { file.types[$0.key] == 10 }
    #expect(held.count == 5)
    for (name, tensor) in held {
      let exact = try #require(whole.constants[String(name.dropLast(4))])
      #expect(tensor.shape == exact.shape)
      #expect(tensor.values == exact.values.map { Double(Float16($0)) })
    }
    let (rows, planes) = images(2, side: 11)
    let wrong = mismatch(
      actual: try run(half, planes).values, expected: try probabilities(model, of: rows),
      tolerance: Tolerance(absolute: 5e-3))
    #expect(wrong == nil, "\(String(describing: wrong))")
  }

  @Test func `The same model gives the same bytes`() throws {
    for folding in [false, true] {
      let models = try (0..<2).map { _ in
        try ONNXModel(try classifier(networks[3].layers, tta: .flip), card: nil, folding: folding)
      }
      #expect(models[0].bytes == models[1].bytes)
    }
  }

  @Test func `A weight that 16 bits cannot hold is an error that names it`() throws {
    let model = try classifier(networks[0].layers)
    var values = try #require(model.network.values(of: "layers.0.filters"))
    values[7] = 1e5
    try model.network.setValues(values, of: "layers.0.filters")
    let error = ExportError.notInHalves(name: "layers.0.filters", value: 1e5)
    #expect(throws: error) { try ONNXModel(model, card: nil, halves: true) }
    #expect(throws: error) { try CoreMLModel(model, card: nil, halves: true) }
    #expect(error.description.contains("layers.0.filters"))
  }
}
