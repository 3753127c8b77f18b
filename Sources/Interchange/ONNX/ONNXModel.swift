internal import CNN
package import Classifier

/// A classifier as an ONNX model for any ONNX runtime.
///
/// With its preprocessing: `image` is uint8 [N, H, W, 3], RGB rows of upright pictures of any size.
/// Raw: `images` is float [N, 3, height, width], already preprocessed. The output is
/// `probabilities`, float [N, classes]; of a model that can tell photos of no class a second one is
/// `distances`, float [N, classes]. The bytes depend only on the model.
package struct ONNXModel: Sendable {
  /// The version of the operator set, which ONNX 1.12 of 2022 and later support.
  package static let opset = 17
  /// The version of the file format that belongs to it.
  package static let formatVersion = 8
  /// The name of the input with the preprocessing in the graph.
  package static let imageInput = "image"
  /// The name of the input without.
  package static let rawInput = "images"
  package static let output = "probabilities"
  /// The name of the second output: the distance to each class.
  package static let distances = "distances"
  /// The key of the metadata for the distance above which `auto` rejects a photo.
  package static let rejectAbove = "reject_above"

  package let bytes: [UInt8]

  /// The model of a classifier.
  ///
  /// - isRaw: without the preprocessing.
  /// - folding: fold normalizations into the weights before them.
  /// - halves: weights of two and more extents are held in 16 bits; the network computes in 32.
  ///
  /// Errors: a layer that ONNX lacks, a weight that 16 bits cannot hold.
  package init(
    _ model: ClassifierModel, card: ModelCard?, isRaw: Bool = false, folding: Bool = false,
    halves: Bool = false
  ) throws(ExportError) {
    let network = try InferenceGraph(model.network, folding: folding)
    var graph = ONNXGraph()
    var pixels = ONNXModel.rawInput
    if !isRaw { pixels = graph.addPreprocessing(model.preprocessing, of: ONNXModel.imageInput) }
    if model.tta == .flip { pixels = graph.addMirrored(pixels) }
    var writer = ONNXNetwork(graph, halves: halves)
    var logits = try writer.add(network, input: pixels)
    let features = model.novelty == nil ? nil : writer.features(of: network)
    graph = writer.graph
    if model.tta == .flip {
      logits = graph.addMean(ofViews: logits, outputs: model.network.outputs)
    }
    graph.addProbabilities(
      of: logits, outputs: model.network.outputs, temperature: model.temperature)

    var outputs = [
      ONNXGraph.value(ONNXModel.output, .float, [.open("N"), .fixed(model.classes.count)])
    ]
    var metadata = model.metadata(card: card)
    if let detector = model.novelty, let features {
      let mean =
        model.tta == .flip
        ? graph.addMean(ofViews: features, outputs: detector.features, as: "features") : features
      graph.addDistances(of: mean, detector)
      outputs.append(
        ONNXGraph.value(ONNXModel.distances, .float, [.open("N"), .fixed(model.classes.count)]))
      metadata[ONNXModel.rejectAbove] = "\(detector.automaticThreshold)"
    }
    let shape = model.network.architecture.input
    let input =
      isRaw
      ? ONNXGraph.value(
        ONNXModel.rawInput, .float,
        [.open("N"), .fixed(shape.channels), .fixed(shape.height), .fixed(shape.width)])
      : ONNXGraph.value(
        ONNXModel.imageInput, .uint8, [.open("N"), .open("H"), .open("W"), .fixed(3)])
    bytes =
      ProtobufMessage {
        $0.put(1, ONNXModel.formatVersion)
        $0.put(2, "cnnctl")
        $0.put(3, toolVersion)
        $0.put(
          7, graph.message(name: model.network.architecture.name, input: input, outputs: outputs))
        $0.put(8) {
          $0.put(1, "")
          $0.put(2, ONNXModel.opset)
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
          $0.put(14) {
            $0.put(1, key)
            $0.put(2, value)
          }
        }
      }.bytes
  }
}

extension ONNXGraph {
  /// The images, followed by their mirror images.
  fileprivate mutating func addMirrored(_ pixels: String) -> String {
    let last = constant("views.last", [-1])
    let end = constant("views.end", [Int(Int32.min)])
    let axis = constant("views.axis", [3])
    let mirrored = add("Slice", [pixels, last, end, axis, last], "views.mirrored")
    return add("Concat", [pixels, mirrored], "views", ["axis": .int(0)])
  }

  /// The mean of the logits, or other numbers, of each image and its mirror image.
  fileprivate mutating func addMean(
    ofViews values: String, outputs: Int, as name: String = "logits"
  ) -> String {
    let scope = name == "logits" ? "views" : "views.\(name)"
    let shape = constant("\(scope).shape", [2, -1, outputs])
    let pairs = add("Reshape", [values, shape], "views.\(name)")
    return add("ReduceMean", [pairs], name, ["axes": .ints([0]), "keepdims": .int(0)])
  }

  /// Probabilities in the classes' order.
  ///
  /// One logit x means two classes, of probability 1 - σ(x) and σ(x): the softmax of 0 and x.
  fileprivate mutating func addProbabilities(
    of logits: String, outputs: Int, temperature: Double
  ) {
    let factor = Float(1 / temperature)
    let factors = constant(
      "temperature.factors", outputs == 1 ? [1, 2] : [1, 1], outputs == 1 ? [0, factor] : [factor])
    let scores = add("Mul", [logits, factors], "scores")
    _ = add("Softmax", [scores], ONNXModel.output, ["axis": .int(1)])
  }
}
