import CNN
import Classifier
import Compute
import ImageData
import TestSupport
import Training

/// A classifier of `layers` and one last dense layer, every number of it drawn at random.
func classifier(
  _ layers: [any Layer], side: Int = 11, classes: [String] = ["cats", "dogs"],
  resize: ResizeMode = .stretch, cropShare: Double = 1, filter: ResizeFilter = .bilinear,
  temperature: Double = 1.7,
  tta: TestTimeAugmentation = .plain, novelty: NoveltyDetector? = nil
) throws -> ClassifierModel {
  let outputs = classes.count == 2 ? 1 : classes.count
  let architecture = Architecture(
    name: "test", input: Shape(height: side, width: side, channels: 3),
    layers: layers + [Dense(units: outputs)])
  let network = try Network(architecture, seed: 5)
  var random = RandomValues(seed: 81)
  for name in network.tensorNames {
    let values = network.values(of: name) ?? []
    if name.hasSuffix(".runningVariance") || name.hasSuffix(".scale") {
      try network.setValues(random.floats(values.count, in: 0.5...2), of: name)
    } else if !name.hasSuffix(".filters"), !name.hasSuffix(".weights") {
      try network.setValues(random.floats(values.count, in: -0.5...0.5), of: name)
    }
  }
  return ClassifierModel(
    network: network, classes: classes,
    preprocessing: Preprocessing(
      width: side, height: side, resize: resize, cropShare: cropShare, filter: filter,
      mean: [100, 110, 120],
      deviation: [50, 60, 70]),
    recipe: "default", datasetFingerprint: "none", trainingImages: 0, temperature: temperature,
    tta: tta, novelty: novelty)
}

/// What the product says of prepared images, [image][class].
func probabilities(_ model: ClassifierModel, of images: [Float]) throws -> [Double] {
  let count = model.network.architecture.input.count
  var tensors: [Float] = []
  for start in stride(from: 0, to: images.count, by: count) {
    var views = Array(images[start..<(start + count)])
    if model.tta == .flip {
      appendMirrored(&views, width: model.network.architecture.input.width)
    }
    tensors += views
  }
  let session = try InferenceSession(
    network: model.network, batchSize: tensors.count / count, engine: TestEngine.make())
  var logits = try session.logits(for: tensors)
  let outputs = model.network.outputs
  if model.tta == .flip { logits = averagedPairs(logits, outputs: outputs).mean }
  return probabilities(logits: logits, outputs: outputs, temperature: model.temperature)
    .flatMap { $0 }
}

/// Networks that together have every kind of layer, windows with uneven padding among them.
let networks: [(name: String, layers: [any Layer])] = [
  (
    "tutorial",
    [
      Conv2D(filters: 4), ReLU(), MaxPool2D(2), Flatten(), Dense(units: 6), ReLU(), Dropout(0.5),
    ]
  ),
  (
    "uneven padding",
    [
      Conv2D(filters: 4, kernelSize: 4, stride: 2, padding: .same),
      MaxPool2D(2, padding: .same), AveragePool2D(2, padding: .same), Flatten(),
    ]
  ),
  (
    "padding of a number",
    [
      Conv2D(filters: 4, kernelSize: 3, stride: 2, padding: .explicit(2), useBias: false),
      BatchNorm(epsilon: 1e-3), MaxPool2D(3, stride: 2, padding: .explicit(1)),
      AveragePool2D(3, stride: 1, padding: .explicit(1)), GlobalAveragePool2D(),
    ]
  ),
  (
    "blocks",
    [
      Conv2D(filters: 4), BatchNorm(), ReLU(),
      Residual(
        body: [
          Conv2D(filters: 6, stride: 2, padding: .explicit(1), useBias: false), BatchNorm(),
          ReLU(), Conv2D(filters: 6, padding: .same), BatchNorm(),
        ],
        shortcut: [AveragePool2D(2, padding: .same), Conv2D(filters: 6, kernelSize: 1)]),
      Residual(body: [Dropout(0.2), BatchNorm()]), Residual(body: []), BatchNorm(),
      GlobalAveragePool2D(),
    ]
  ),
  (
    "bottlenecks",
    [
      Conv2D(filters: 6, stride: 2, padding: .same, useBias: false), BatchNorm(), Activate(.relu6),
      Residual(
        body: [
          Conv2D(filters: 6, kernelSize: 5, padding: .same, groups: 6, useBias: false),
          BatchNorm(), Activate(.hardSwish), Gate(channels: 6, squeezed: 2, gate: .hardSigmoid),
          Conv2D(filters: 6, kernelSize: 1, groups: 2), BatchNorm(),
        ], rectifies: false),
      Activate(.silu), GlobalAveragePool2D(), Gate(body: [Dense(units: 6), Activate(.sigmoid)]),
    ]
  ),
  (
    "vectors",
    [
      AveragePool2D(3), Flatten(), BatchNorm(), Dense(units: 5, useBias: false), BatchNorm(),
      Residual(body: [Dense(units: 5), ReLU()]), Conv2D(filters: 7, kernelSize: 1), ReLU(),
      Residual(body: [Flatten()], shortcut: [Conv2D(filters: 7, kernelSize: 1)]),
    ]
  ),
]
