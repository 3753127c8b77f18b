import CNN
import Classifier
import ImageData
import Primitives
import TestSupport
import Testing

private func model(
  classes: [String] = ["cats", "dogs"], temperature: Double = 1,
  tta: TestTimeAugmentation = .plain
) throws -> ClassifierModel {
  let outputs = ClassifierModel.outputs(classes: classes.count)
  let architecture = Architecture(
    name: "small", input: Shape(height: 9, width: 8, channels: 3),
    layers: [
      Conv2D(filters: 4, useBias: false), BatchNorm(), ReLU(), GlobalAveragePool2D(),
      Dense(units: outputs),
    ])
  return ClassifierModel(
    network: try Network(architecture, seed: 3), classes: classes,
    preprocessing: Preprocessing(
      width: 8, height: 9, filter: .bicubic, mean: [1.5, 2, 3], deviation: [60.1, 2, 3]),
    recipe: "default", datasetFingerprint: "f00", trainingImages: 12, temperature: temperature,
    tta: tta)
}

/// What a file of these bytes holds.
private func read(_ bytes: [UInt8]) throws -> ClassifierModel {
  try withTemporaryFolder { folder in
    let path = folder + "/m.safetensors"
    try write(bytes, to: path)
    return try ClassifierModel(path: path)
  }
}

private func failure(_ bytes: [UInt8]) throws -> TrainingError? {
  do {
    _ = try read(bytes)
    return nil
  } catch let error as TrainingError {
    return error
  }
}

/// The model's file with something changed and a digest that fits.
private func changed(_ change: (inout TensorFile) -> Void) throws -> [UInt8] {
  var file = try TensorFile(decoding: model().encoded())
  change(&file)
  return file.encoded()
}

@Test("A model comes back from its file with every number, and is written to the same bytes")
func modelRoundTrip() throws {
  for classes in [["cats", "dogs"], ["a", "b,\"", "ç"]] {
    let original = try model(classes: classes, temperature: 0.7312, tta: .flip)
    let bytes = original.encoded()
    let back = try read(bytes)
    #expect(back.classes == classes)
    #expect(back.preprocessing == original.preprocessing)
    #expect(back.recipe == "default" && back.toolVersion == toolVersion)
    #expect(back.temperature == 0.7312 && back.tta == .flip)
    #expect(back.datasetFingerprint == "f00" && back.trainingImages == 12)
    #expect(back.network.architecture == original.network.architecture)
    for name in original.network.tensorNames {
      #expect(back.network.values(of: name) == original.network.values(of: name))
    }
    #expect(back.encoded() == bytes)
  }
}

@Test("Every flipped bit of a model file is called damage, and nothing is confirmed before")
func damagedModels() throws {
  let bytes = try model().encoded()
  let start = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
  for position in [8, 9, 40, start / 2, start, start + 3, bytes.count - 40, bytes.count - 1] {
    for bit in [0, 6] {
      var damaged = bytes
      damaged[position] ^= 1 << bit
      let error = try failure(damaged)
      #expect(error?.kind == .badData && error?.problem.contains("damaged") == true, "\(position)")
    }
  }
  // Damage among the weights that the strict reader cannot see is found by the digest alone.
  try withTemporaryFolder { folder in
    var damaged = bytes
    damaged[start] ^= 1
    try write(damaged, to: folder + "/m")
    let place = ModelLocation(weights: folder + "/m")
    let unconfirmed = try ClassifierModel(unconfirmed: place)
    #expect(throws: TrainingError.self) { try unconfirmed.confirm() }
    let predictor = Predictor(
      model: try ClassifierModel(unconfirmed: place), engine: try engine())
    var answers = 0
    #expect(throws: TrainingError.self) {
      try predictor.predict(["none.jpg"]) { _ in answers += 1 }
    }
    #expect(answers == 0)
    try write(bytes, to: folder + "/m")
    let whole = try ClassifierModel(unconfirmed: place)
    try whole.confirm()
    try whole.confirm()
  }
}

@Test("A file whose parts do not fit one another is refused")
func wrongModels() throws {
  #expect(try failure(changed { _ in }) == nil)
  let cases: [(String, (inout TensorFile) -> Void)] = [
    ("lacks classes", { $0.metadata["classes"] = nil }),
    ("unknown metadata code", { $0.metadata["code"] = "x" }),
    ("format", { $0.metadata["format_version"] = "2" }),
    ("classes", { $0.metadata["classes"] = "[\"cats\"]" }),
    ("classes", { $0.metadata["classes"] = "[\"cats\",\"cats\"]" }),
    ("outputs do not fit", { $0.metadata["classes"] = "[\"a\",\"b\",\"c\"]" }),
    ("temperature", { $0.metadata["temperature"] = "0" }),
    ("temperature", { $0.metadata["temperature"] = "-1" }),
    ("temperature", { $0.metadata["temperature"] = "0.0099" }),
    ("temperature", { $0.metadata["temperature"] = "100.1" }),
    ("temperature", { $0.metadata["temperature"] = "nan" }),
    ("temperature", { $0.metadata["temperature"] = "inf" }),
    ("temperature", { $0.metadata["temperature"] = "" }),
    ("tta", { $0.metadata["tta"] = "mirror" }),
    ("training_images", { $0.metadata["training_images"] = "-1" }),
    ("preprocessing", { $0.metadata["preprocessing"] = "{}" }),
    ("architecture", { $0.metadata["architecture"] = "{}" }),
    ("1 tensors do not fit", { $0.tensors.removeLast() }),
    (
      "1 tensors do not fit",
      {
        $0.tensors.append(TensorFile.Tensor(name: "x", shape: [1], values: [0]))
      }
    ),
    ("1 tensors do not fit", { $0.tensors[0].shape.reverse() }),
  ]
  for (part, change) in cases {
    let error = try failure(changed(change))
    #expect(error?.kind == .badData, "\(part)")
    #expect(error?.problem.contains("m.safetensors") == true)
    #expect(error?.problem.contains(part) == true, "\(part): \(String(describing: error))")
  }
  let missing = try failure(
    changed { $0.tensors = [TensorFile.Tensor(name: "x", shape: [1], values: [0])] })
  #expect(missing?.problem.contains("is layers.0.filters") == true)
  #expect(missing?.expected == "shape [3, 3, 3, 4]" && missing?.found == "no such tensor")
}

@Test("A model of before there were temperatures answers without one and without mirrored views")
func olderModels() throws {
  for keys in [["temperature", "tta"], ["temperature"], ["tta"]] {
    var file = try TensorFile(decoding: model(temperature: 2, tta: .flip).encoded())
    for key in keys { file.metadata[key] = nil }
    let back = try read(file.encoded())
    #expect(back.temperature == (keys.contains("temperature") ? 1 : 2))
    #expect(back.tta == (keys.contains("tta") ? .plain : .flip))
  }
}

@Test("Preprocessing of another size than the network's is refused")
func wrongSize() throws {
  let error = try failure(
    changed {
      let text = $0.metadata["preprocessing"] ?? ""
      $0.metadata["preprocessing"] = text.replacing("\"width\":8", with: "\"width\":9")
    })
  #expect(error?.problem.contains("preprocessing") == true)
}

@Test("A model's name is a file, a run folder, or an error that says what was expected")
func locating() throws {
  try withTemporaryFolder { folder in
    func failure(_ name: String) -> TrainingError? {
      do throws(TrainingError) {
        _ = try ClassifierModel.locate(name, shelf: nil)
        return nil
      } catch {
        return error
      }
    }
    #expect(failure(folder + "/none")?.kind == .missing)
    #expect(failure(folder)?.kind == .badData)
    let run = try RunFolder.create(out: folder + "/run", configuration: [])
    #expect(failure(run.path)?.problem.contains("no weights yet") == true)
    try run.write(model().encoded(), to: "weights/best.safetensors")
    for name in [run.path + "/", run.bestWeights] {
      let location = try ClassifierModel.locate(name, shelf: nil)
      #expect(location.weights == run.bestWeights && location.run == run.path)
    }
    try run.write("text", to: "x.jpg")
    let other = try ClassifierModel.locate(run.file("x.jpg"), shelf: nil)
    #expect(other.run == nil)
    #expect(throws: TrainingError.self) { try ClassifierModel(path: other.weights) }
  }
}
