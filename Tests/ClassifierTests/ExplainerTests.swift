import CNN
import Classifier
import Compute
import ImageData
import Primitives
import TestSupport
import Testing

/// A model of untrained weights over inputs of 30 x 20 pixels.
private func model(
  classes: Int = 3, resize: ResizeMode = .stretch, mean: [Float] = [90, 100, 110],
  tta: TestTimeAugmentation = .flip, layers: [any Layer]? = nil
) throws -> ClassifierModel {
  let architecture = Architecture(
    name: "small", input: Shape(height: 20, width: 30, channels: 3),
    layers: (layers ?? [Conv2D(filters: 5), ReLU(), MaxPool2D(2), Flatten()])
      + [Dense(units: ClassifierModel.outputs(classes: classes))])
  return ClassifierModel(
    network: try Network(architecture, seed: 5), classes: (0..<classes).map { "c\($0)" },
    preprocessing: Preprocessing(
      width: 30, height: 20, resize: resize, mean: mean, deviation: [60, 61, 62]),
    recipe: "default", datasetFingerprint: "", trainingImages: 0, temperature: 1.7, tta: tta)
}

/// Pictures of noise, the third broken.
private func writePictures(
  _ folder: String, count: Int, width: Int = 40, height: Int = 24
) throws -> [String] {
  try (0..<count).map { number in
    let path = "\(folder)/\(number).png"
    let bytes = png(width: width, height: height, color: [90, 100, 110], seed: UInt32(number))
    try write(number == 2 ? Array(bytes.prefix(50)) : bytes, to: path)
    return path
  }
}

private func explanations(
  _ paths: [String], _ model: ClassifierModel, _ methods: [ExplanationMethod] = [.gradcam],
  classIndex: Int? = nil, threads: Int = 2, photoSide: Int? = nil
) throws -> [Explanation] {
  let explainer = try Explainer(
    model: model, methods: methods, engine: try engine(threads: threads), photoSide: photoSide)
  var found: [Explanation] = []
  try explainer.explain(paths, classIndex: classIndex) { found.append($0) }
  return found
}

@Suite struct ExplainerTests {
  @Test(
    "The answers are the predictor's to the bit, in order, with any number of threads",
    arguments: [TestTimeAugmentation.plain, .flip])
  func answers(tta: TestTimeAugmentation) throws {
    try withTemporaryFolder { folder in
      let paths = try writePictures(folder, count: 19)
      let model = try model(tta: tta)
      var expected: [Prediction] = []
      try Predictor(model: model, engine: try engine()).predict(paths) { expected.append($0) }
      let found = try explanations(paths, model, ExplanationMethod.allCases)
      #expect(found.map(\.prediction) == expected)
      for (number, explanation) in found.enumerated() {
        #expect(explanation.classIndex == expected[number].index)
        #expect((explanation.prediction.failure != nil) == (number == 2))
        #expect(explanation.maps.map(\.method) == (number == 2 ? [] : [.gradcam, .occlusion]))
        #expect(explanation.photo == nil)
      }
      let again = try explanations(paths, model, ExplanationMethod.allCases, threads: 1)
      #expect(again.map(\.maps) == found.map(\.maps))
    }
  }

  @Test("Grad-CAM is the mean of the image's map and its mirror image's turned back, at most 1")
  func gradCAM() throws {
    try withTemporaryFolder { folder in
      let path = try writePictures(folder, count: 1)[0]
      let engine = try engine()
      for classes in [2, 3] {
        let model = try model(classes: classes)
        let reader = ImageReader(model.preprocessing, kernels: engine.kernels)
        let tensor = reader.tensor(try reader.read(path: path))
        var mirrored = tensor
        for index in tensor.indices {
          let (row, column, channel) = (index / 90, index % 90 / 3, index % 3)
          mirrored[90 * row + 3 * (29 - column) + channel] = tensor[index]
        }
        let camera = try GradCAM(network: model.network, batchSize: 1, engine: engine)
        for label in 0..<classes {
          let plain = try camera.heat(images: tensor, classes: [label])[0]
          let other = try camera.heat(images: mirrored, classes: [label])[0]
          var sum = plain
          for cell in sum.indices {
            let (row, column) = (cell / 28, cell % 28)
            sum[cell] += other[28 * row + 27 - column]
          }
          let greatest = try #require(sum.max())
          let map = try explanations([path], model, classIndex: label)[0].maps[0]
          #expect(map.width == 28 && map.height == 18)
          #expect(map.values.max() == (greatest > 0 ? 1 : 0))
          for (value, expected) in zip(map.values, sum) {
            #expect(abs(value - (greatest > 0 ? expected / greatest : 0)) < 1e-6)
          }
        }
      }
    }
  }

  @Test("Occlusion is what a plain loop over covered pictures finds", arguments: [true, false])
  func occlusion(knowsMean: Bool) throws {
    try withTemporaryFolder { folder in
      let path = try writePictures(folder, count: 1)[0]
      let engine = try engine()
      let model = try model(mean: knowsMean ? [90, 100, 110] : [0, 0, 0])
      let reader = ImageReader(model.preprocessing, kernels: engine.kernels)
      let picture = try reader.read(path: path)
      let session = try InferenceSession(network: model.network, batchSize: 1, engine: engine)
      func answer(_ tensor: [Float]) throws -> [Double] {
        var mirrored = tensor
        appendMirrored(&mirrored, width: 30)
        let rows = [tensor, Array(mirrored.suffix(tensor.count))]
        let logits = try rows.map { try session.logits(for: $0) }
        let mean = zip(logits[0], logits[1]).map { ($0 + $1) / 2 }
        return probabilities(logits: mean, outputs: 3, temperature: 1.7)[0]
      }
      let whole = try answer(reader.tensor(picture))
      let map = try explanations([path], model, [.occlusion], classIndex: 1)[0].maps[0]
      #expect(map.width == 10 && map.height == 10 && map.method == .occlusion)
      var fills: [Double] = knowsMean ? [90, 100, 110] : [127.5, 127.5, 127.5]
      fills = zip(fills, model.preprocessing.mean).map { $0 - Double($1) }
      for cell in 0..<100 {
        // The patch's middle and half its sides: 6 x 4 pixels.
        let (x0, y0) = (1.5 + 3 * Double(cell % 10), 1 + 2 * Double(cell / 10))
        var tensor = reader.tensor(picture)
        for y in 0..<20 where abs(Double(y) + 0.5 - y0) < 2 {
          for x in 0..<30 where Double(x) + 0.5 > x0 - 3 && Double(x) + 0.5 <= x0 + 3 {
            for channel in 0..<3 {
              tensor[3 * (30 * y + x) + channel] =
                Float(fills[channel] / Double(model.preprocessing.deviation[channel]))
            }
          }
        }
        let expected = whole[1] - (try answer(tensor))[1]
        #expect(abs(Double(map.values[cell]) - expected) < 1e-6, "cell \(cell)")
      }
      #expect(map.values.contains { abs($0) > 1e-4 })
    }
  }

  @Test("Of two classes, what lowers one raises the other")
  func otherClass() throws {
    try withTemporaryFolder { folder in
      let path = try writePictures(folder, count: 1)[0]
      let model = try model(classes: 2)
      let maps = try (0..<2).map {
        try explanations([path], model, [.occlusion], classIndex: $0)[0].maps[0].values
      }
      for (a, b) in zip(maps[0], maps[1]) { #expect(abs(a + b) < 1e-6) }
    }
  }

  @Test("A network without maps is refused for Grad-CAM, and is explained by occlusion")
  func withoutMaps() throws {
    let model = try model(layers: [Flatten()])
    let error = #expect(throws: TrainingError.self) {
      _ = try explanations([], model)
    }
    #expect(error?.kind == .badData && error?.advice == "--method occlusion")
    try withTemporaryFolder { folder in
      let path = try writePictures(folder, count: 1)[0]
      #expect(try explanations([path], model, [.occlusion])[0].maps.count == 1)
    }
  }
}

/// A map laid over photos of several shapes, against the definition pixel by pixel.
@Suite struct ExplanationOnPhotoTests {
  /// Bilinear between the middles of cells at a place of 0...1 across and down.
  private func value(_ map: ExplanationMap, _ u: Double, _ v: Double) -> Double {
    func place(_ share: Double, _ cells: Int) -> (Int, Int, Double) {
      let at = min(Double(cells) - 1, max(0, share * Double(cells) - 0.5))
      return (Int(at), min(cells - 1, Int(at) + 1), at - at.rounded(.down))
    }
    let (x, y) = (place(u, map.width), place(v, map.height))
    func cell(_ row: Int, _ column: Int) -> Double { Double(map.values[row * map.width + column]) }
    let upper = cell(y.0, x.0) * (1 - x.2) + cell(y.0, x.1) * x.2
    let lower = cell(y.1, x.0) * (1 - x.2) + cell(y.1, x.1) * x.2
    return upper * (1 - y.2) + lower * y.2
  }

  @Test(
    "Where the network is shown the whole photo, the middle, or the photo between bars",
    arguments: ResizeMode.allCases, [(60, 20), (20, 60), (30, 20), (3, 1)])
  func places(mode: ResizeMode, size: (width: Int, height: Int)) throws {
    try withTemporaryFolder { folder in
      let (width, height) = (Double(size.width), Double(size.height))
      let path = try writePictures(
        folder, count: 1, width: size.width, height: size.height)[0]
      var explanation = try explanations(
        [path], try model(resize: mode, tta: .plain), photoSide: 120)[0]
      let photo = try #require(explanation.photo)
      #expect(max(photo.width, photo.height) == 120)
      #expect(
        abs(Double(photo.width) / Double(photo.height) - width / height) < 0.03 * width / height)
      // Bars are whole pixels wide, so a padded photo lies up to half a pixel elsewhere: of a smooth
      // map that is little.
      for cell in explanation.maps[0].values.indices {
        let ramp = Float(cell % 28) / 54 + Float(cell / 28) / 34
        let mixed = Float(cell * cell % 97) / 97
        explanation.maps[0].values[cell] = mode == .pad ? ramp : mixed
      }
      let map = explanation.maps[0]
      let heat = explanation.onPhoto(map)
      #expect(heat.count == photo.width * photo.height)
      // The photo's shape against the input's, 3 : 2; what is left of a cut, or how much is filled.
      let ratio = width / height / 1.5
      for y in stride(from: 0, to: photo.height, by: 7) {
        for x in stride(from: 0, to: photo.width, by: 5) {
          var u = (Double(x) + 0.5) / Double(photo.width) - 0.5
          var v = (Double(y) + 0.5) / Double(photo.height) - 0.5
          if mode == .crop { (u, v) = ratio > 1 ? (u * ratio, v) : (u, v / ratio) }
          if mode == .pad { (u, v) = ratio > 1 ? (u, v / ratio) : (u * ratio, v) }
          let (across, down) = (abs(u) - 0.5, abs(v) - 0.5)
          let isEdge = min(abs(across), abs(down)) < 1e-3
          let isOutside = max(across, down) > 0
          let expected = isOutside ? 0 : value(map, u + 0.5, v + 0.5)
          let found = Double(heat[y * photo.width + x])
          let tolerance = mode == .pad ? 0.03 : 1e-4
          #expect(isEdge || abs(found - expected) < tolerance, "\(x), \(y)")
        }
      }
    }
  }
}
