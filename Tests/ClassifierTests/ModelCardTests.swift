import CNN
import Classifier
import ImageData
import Primitives
import TestSupport
import Testing

private func model() throws -> ClassifierModel {
  let architecture = Architecture(
    name: "small", input: Shape(height: 8, width: 8, channels: 3),
    layers: [
      Conv2D(filters: 5, useBias: false), BatchNorm(), ReLU(), GlobalAveragePool2D(),
      Dense(units: 1),
    ])
  return ClassifierModel(
    network: try Network(architecture, seed: 4), classes: ["cats", "dogs"],
    preprocessing: Preprocessing(width: 8, height: 8), recipe: "default",
    datasetFingerprint: "f00", trainingImages: 12)
}

private func card(_ text: String) throws(TrainingError) -> ModelCard {
  try ModelCard(Array(text.utf8), of: "card.json")
}

/// A model inside the program whose bytes are these; they are never freed.
private func boxed(_ bytes: [UInt8]) -> ModelLocation {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  memory.copyBytes(from: bytes)
  return ModelLocation(BoxedModel(name: "boxed", bytes: UnsafeRawBufferPointer(memory)))
}

private let whole = """
  {"description": "d", "data": "8,000 photos", "test_data": "t", "test_images": 1000,
   "accuracy": 0.97, "accuracy_low": 0.95, "accuracy_high": 0.98, "accuracy_plain": 0.96,
   "limits": "line\\none", "licence": "MIT"}
  """

@Test("A card comes back from a model file, in every precision, and the file is the same again")
func cardRoundTrip() throws {
  let model = try model()
  let card = try card(whole)
  #expect(card.testImages == 1000 && card.accuracyHigh == 0.98 && card.limits == "line\none")
  for precision in TensorFile.Precision.allCases {
    let bytes = try model.encoded(precision, card: card)
    let back = try ClassifierModel(at: boxed(bytes))
    #expect(back.card == card && back.precision == precision)
    #expect(try back.encoded(precision, card: back.card) == bytes)
    let exact = try #require(model.network.values(of: "layers.0.filters"))
    let found = try #require(back.network.values(of: "layers.0.filters"))
    #expect((exact == found) == (precision == .single))
    #expect(zip(exact, found).allSatisfy { abs($0 - $1) < 0.01 })
    for name in ["layers.1.scale", "layers.4.bias"] {
      #expect(back.network.values(of: name) == model.network.values(of: name))
    }
  }
  #expect(try model.encoded(.single, card: nil) == model.encoded())
}

@Test("A model in memory and in a file are read alike, and damage is called damage in both")
func memoryAndFile() throws {
  let model = try model()
  for precision in TensorFile.Precision.allCases {
    let bytes = try model.encoded(precision, card: nil)
    try withTemporaryFolder { folder in
      func tensors(_ location: ModelLocation) throws -> [[Float]?] {
        let network = try ClassifierModel(at: location).network
        return network.tensorNames.map { network.values(of: $0) }
      }
      let path = folder + "/m"
      try write(bytes, to: path)
      #expect(try tensors(ModelLocation(weights: path)) == tensors(boxed(bytes)))
      let start = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
      for position in [9, 200, start, start + 1, bytes.count - 33, bytes.count - 1] {
        var damaged = bytes
        damaged[position] ^= 2
        try write(damaged, to: path)
        for location in [ModelLocation(weights: path), boxed(damaged)] {
          do {
            _ = try ClassifierModel(at: location)
            Issue.record("\(precision), byte \(position)")
          } catch let error as TrainingError {
            #expect(error.kind == .badData && error.problem.contains("damaged"))
          }
        }
      }
    }
  }
}

@Test("The interval of an accuracy of 1 may end a rounding below it")
func roundedInterval() throws {
  let card = try card("{\"accuracy\": 1, \"accuracy_high\": 0.9999999999999999}")
  #expect(card.accuracy == 1)
}

@Test("A weight that 16 bits cannot hold is an error that says which and what to do")
func tooLarge() throws {
  let model = try model()
  var values = try #require(model.network.values(of: "layers.4.weights"))
  values[2] = 1e6
  try model.network.setValues(values, of: "layers.4.weights")
  do throws(TrainingError) {
    _ = try model.encoded(.half, card: nil)
    Issue.record("no error")
  } catch {
    #expect(error.problem.contains("layers.4.weights: element 2"))
    #expect(error.advice == "--dtype f32")
  }
}

@Test(
  "A card that is not right is refused with the cause",
  arguments: [
    ("[]", "not an object"), ("{", "byte 1"), ("{\"a\": \"b\"}", "unknown key a"),
    ("{\"data\": \"a\", \"data\": \"b\"}", "already exists"), ("{\"data\": 1}", "value of data"),
    ("{\"data\": \"\"}", "value of data"), ("{\"data\": null}", "value of data"),
    ("{\"accuracy\": \"1\"}", "value of accuracy"), ("{\"accuracy\": 1.1}", "value of accuracy"),
    ("{\"accuracy\": -0.1}", "value of accuracy"), ("{\"accuracy\": 1e999}", "value of accuracy"),
    ("{\"test_images\": 0}", "value of test_images"),
    ("{\"test_images\": 1.5}", "value of test_images"),
    ("{\"accuracy_low\": 0.5}", "interval without"),
    ("{\"accuracy\": 0.4, \"accuracy_low\": 0.5}", "outside its interval"),
    ("{\"accuracy\": 0.6, \"accuracy_high\": 0.5}", "outside its interval"),
  ])
func wrongCards(text: String, cause: String) throws {
  do throws(TrainingError) {
    _ = try card(text)
    Issue.record("\(text) is taken")
  } catch {
    #expect(error.kind == .badData)
    #expect(error.problem.hasPrefix("card.json is not valid: "))
    #expect(error.problem.contains(cause), "\(error.problem)")
  }
  var file = try TensorFile(decoding: model().encoded())
  file.metadata["card"] = text
  do throws(TrainingError) {
    _ = try ClassifierModel(at: boxed(file.encoded()))
    Issue.record("\(text) is taken from a model")
  } catch {
    #expect(error.problem.contains("the metadata's card is not valid: "))
  }
}

@Test("A later card's texts override one by one, its figures all together")
func overriding() throws {
  let first = try card(whole)
  let texts = first.overridden(by: try card("{\"limits\": \"none\"}"))
  #expect(texts.limits == "none" && texts.data == "8,000 photos" && texts.accuracy == 0.97)
  let figures = first.overridden(by: try card("{\"accuracy\": 0.5}"))
  #expect(figures.accuracy == 0.5 && figures.accuracyLow == nil && figures.testImages == nil)
  #expect(figures.description == "d")
}

@Test("The model inside the program is whole, and a path of its name wins over it")
func boxedModel() throws {
  let location = try ClassifierModel.locate("cats-dogs", shelf: nil)
  #expect(location.boxed != nil && location.run == nil)
  let model = try ClassifierModel(at: location)
  #expect(model.classes == ["cats", "dogs"] && model.network.isFinite)
  let facts = try location.fileFacts()
  #expect(facts.bytes <= 7_000_000 && facts.sha256.count == 64)
  #expect(BoxedModel.named("cats") == nil)
  try withTemporaryFolder { folder in
    #expect(try ClassifierModel.locate(nil, latest: folder + "/latest", shelf: nil).boxed != nil)
    try write([1], to: folder + "/cats-dogs")
    #expect(try ClassifierModel.locate(folder + "/cats-dogs", shelf: nil).boxed == nil)
  }
}
