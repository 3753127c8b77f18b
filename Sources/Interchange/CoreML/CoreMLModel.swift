internal import CNN
package import Classifier
internal import ImageData

/// A classifier as a Core ML model: a `NeuralNetworkClassifier` of a colour image.
///
/// The input `image` has the network's size; the caller resizes pictures to it. The outputs are
/// `classLabel`, a string, and `probabilities`, a dictionary from class to probability. The bytes
/// depend only on the model. The format: Model.proto, FeatureTypes.proto and NeuralNetwork.proto of
/// coremltools.
package struct CoreMLModel: Sendable {
  /// The version of the format, first supported by iOS 13 and macOS 10.15.
  package static let specification = 4
  package static let input = "image"
  /// The name of the output with the most likely class.
  package static let label = "classLabel"
  /// The name of the output with the probabilities.
  package static let probabilities = "probabilities"

  package let bytes: [UInt8]

  /// The model of a classifier.
  ///
  /// - folding: fold normalizations into the weights before them.
  /// - halves: weights of two and more extents are held in 16 bits.
  ///
  /// Errors: a layer that Core ML lacks, a weight that 16 bits cannot hold.
  package init(
    _ model: ClassifierModel, card: ModelCard?, folding: Bool = false, halves: Bool = false
  ) throws(ExportError) {
    let network = try InferenceGraph(model.network, folding: folding)
    var writer = CoreMLNetwork(halves: halves)
    var pixels = writer.addPreprocessing(model.preprocessing, of: CoreMLModel.input)
    if model.tta == .flip { pixels = writer.addMirrored(pixels) }
    var logits = try writer.add(network, input: pixels)
    if model.tta == .flip { logits = writer.addMeanOfViews(logits) }
    writer.addProbabilities(
      of: logits, outputs: model.network.outputs, temperature: model.temperature)

    let description = CoreMLModel.description(model, card)
    bytes =
      ProtobufMessage {
        $0.put(1, CoreMLModel.specification)
        $0.put(2, description)
        $0.put(403) {
          for layer in writer.layers { $0.put(1, layer) }
          // Images are [1, 3, rows, columns]; other shapes are taken as given.
          $0.put(5, 1)
          $0.put(6, 1)
          $0.put(100) {
            for name in model.classes { $0.put(1, name) }
          }
          $0.put(200, CoreMLModel.probabilities)
        }
      }.bytes
  }

  /// The inputs, the outputs and the metadata of the model, as `ModelDescription`.
  private static func description(_ model: ClassifierModel, _ card: ModelCard?) -> ProtobufMessage {
    let side = model.preprocessing
    let metadata = model.metadata(card: card).sorted { $0.key < $1.key }
    return ProtobufMessage {
      $0.put(1) {
        $0.put(1, input)
        $0.put(2, "An upright photo, resized to \(side.width) x \(side.height) pixels")
        $0.put(3) {
          $0.put(4) {
            $0.put(1, side.width)
            $0.put(2, side.height)
            $0.put(3, colourImage)
          }
        }
      }
      $0.put(10) {
        $0.put(1, probabilities)
        $0.put(2, "The probability of each class")
        $0.put(3) { $0.put(6) { $0.put(2) { _ in } } }
      }
      $0.put(10) {
        $0.put(1, label)
        $0.put(2, "The most probable class")
        $0.put(3) { $0.put(3) { _ in } }
      }
      $0.put(11, label)
      $0.put(12, probabilities)
      $0.put(100) {
        if let text = card?.description { $0.put(1, text) }
        $0.put(2, "cnnctl \(toolVersion)")
        if let licence = card?.licence { $0.put(4, licence) }
        for (key, value) in metadata {
          $0.put(100) {
            $0.put(1, key)
            $0.put(2, value)
          }
        }
      }
    }
  }

  /// `ImageFeatureType.ColorSpace.RGB`.
  private static let colourImage = 20
}

extension CoreMLNetwork {
  /// Adds (level - mean) / deviation of each channel.
  ///
  /// A layer, because Core ML's own preprocessing has one factor for all channels.
  fileprivate mutating func addPreprocessing(
    _ preprocessing: Preprocessing, of image: String
  ) -> String {
    add(.scale, [image], "preprocessing") {
      $0.putPacked(1, [3])
      $0.put(2, CoreMLNetwork.weights(preprocessing.scale))
      $0.put(3, true)
      $0.putPacked(4, [3])
      $0.put(5, CoreMLNetwork.weights(preprocessing.offset))
    }
  }

  /// The image and its mirror image as a batch of two.
  fileprivate mutating func addMirrored(_ pixels: String) -> String {
    let mirrored = add(.reverse, [pixels], "views.mirrored") { $0.putPacked(1, [0, 0, 0, 1]) }
    return add(.concatenate, [pixels, mirrored], "views") { $0.put(1, 0) }
  }

  /// The mean over the batch.
  fileprivate mutating func addMeanOfViews(_ logits: String) -> String {
    add(.reduceMean, [logits], "views.mean") {
      $0.putPacked(1, [0])
      $0.put(2, true)
    }
  }

  /// Probabilities in the classes' order, [1, classes].
  ///
  /// One logit x means two classes, of probability 1 - σ(x) and σ(x): the softmax of 0 and x.
  fileprivate mutating func addProbabilities(
    of logits: String, outputs: Int, temperature: Double
  ) {
    let factor = Float(1 / temperature)
    let scores =
      outputs == 1
      ? add(.innerProduct, [logits], "scores") {
        $0.put(1, 1)
        $0.put(2, 2)
        $0.put(20, CoreMLNetwork.weights([0, factor]))
      }
      : add(.activation, [logits], "scores") { $0.put(5) { $0.put(1, factor) } }
    let row = add(.flattenTo2D, [scores], "scores.row") { $0.put(1, 1) }
    _ = add(.softmax, [row], CoreMLModel.probabilities) { $0.put(1, 1) }
  }
}
