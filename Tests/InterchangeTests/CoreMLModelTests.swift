import CNN
import Classifier
import Interchange
import TestSupport
import Testing
import Training

/// Core ML models decoded field by field; their numbers are checked by Tests/Scripts/check_coreml.py.
@Suite("Core ML models")
struct CoreMLModelTests {
  private func layers(_ model: ClassifierModel, folding: Bool = false) throws -> [ProtobufReader] {
    let bytes = try CoreMLModel(model, card: nil, folding: folding).bytes
    return try ProtobufReader(bytes).message(403).messages(1)
  }

  /// The number of the field that holds a layer's kind.
  private func kind(_ layer: ProtobufReader) -> Int? {
    layer.fields.map(\.number).first { $0 >= 100 }
  }

  @Test func `The file says what goes in, what comes out and what the model is`() throws {
    let model = try classifier(networks[0].layers, classes: ["a", "b", "c"])
    var card = ModelCard()
    card.description = "letters"
    card.licence = "MIT"
    let file = try ProtobufReader(try CoreMLModel(model, card: card).bytes)
    #expect(file.number(1) == 4)
    let description = try file.message(2)
    #expect(try description.message(1).text(1) == "image")
    let image = try description.message(1, 3, 4)
    #expect(image.number(1) == 11 && image.number(2) == 11 && image.number(3) == 20)
    #expect(try description.messages(10).map { try $0.text(1) } == ["probabilities", "classLabel"])
    #expect(try description.text(11) == "classLabel" && description.text(12) == "probabilities")
    let facts = try description.message(100)
    #expect(try facts.text(1) == "letters" && facts.text(4) == "MIT")
    #expect(
      Dictionary(
        uniqueKeysWithValues: try facts.messages(100).map { (try $0.text(1), try $0.text(2)) })
        == model.metadata(card: card))
    let network = try file.message(403)
    #expect(network.number(5) == 1 && network.number(6) == 1)
    #expect(try network.message(100).texts(1) == ["a", "b", "c"])
    #expect(try network.text(200) == "probabilities")
  }

  @Test(arguments: networks.indices, TestTimeAugmentation.allCases)
  func `Every layer reads what is there, and the last gives the probabilities`(
    index: Int, tta: TestTimeAugmentation
  ) throws {
    let model = try classifier(networks[index].layers, tta: tta)
    var known: Set = ["image"]
    let layers = try layers(model)
    for layer in layers {
      let name = try layer.text(1)
      for input in layer.texts(2) { #expect(known.contains(input), "\(name) reads \(input)") }
      #expect(layer.texts(3) == [name] && known.insert(name).inserted)
    }
    #expect(layers.last?.texts(1) == ["probabilities"])
    let kinds = layers.compactMap(kind)
    #expect(kinds.count == layers.count)
    #expect(kinds.contains(960) == (tta == .flip) && kinds.contains(1280) == (tta == .flip))
  }

  @Test func `Weights lie with the outputs first, and padding on its sides`() throws {
    let model = try classifier(networks[1].layers)
    let convolution = try #require(
      try layers(model).first { kind($0) == 100 }
    ).message(100)
    #expect(convolution.number(1) == 4 && convolution.number(2) == 3)
    let filters = try #require(model.network.values(of: "layers.0.filters"))
    // [row][column][input][output] against [output][input][row][column].
    let found = try convolution.message(90).floats(1)
    for output in 0..<4 {
      for input in 0..<3 {
        for row in 0..<4 {
          for column in 0..<4 {
            #expect(
              found[((output * 3 + input) * 4 + row) * 4 + column]
                == filters[((row * 4 + column) * 3 + input) * 4 + output])
          }
        }
      }
    }
    // 11 pixels become 6 by windows of 4 at a stride of 2: 3 zeros, the odd one behind.
    for edge in try convolution.message(50, 1).messages(10) {
      #expect(edge.number(1) == 1 && edge.number(2) == 2)
    }
    #expect(try convolution.message(91).floats(1) == model.network.values(of: "layers.0.bias"))
  }

  @Test func `Folded normalizations are gone, and the same model gives the same bytes`() throws {
    let model = try classifier(networks[3].layers)
    #expect(try layers(model).filter { kind($0) == 160 }.count == 5)
    #expect(try layers(model, folding: true).filter { kind($0) == 160 }.count == 2)
    let again = try CoreMLModel(try classifier(networks[3].layers), card: nil)
    #expect(try CoreMLModel(model, card: nil).bytes == again.bytes)
  }
}
