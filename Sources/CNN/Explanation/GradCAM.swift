public import Compute
internal import KernelTypes
internal import Primitives

/// Grad-CAM: the regions of an image that support a class.
///
/// Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
/// Localization".
/// With A the maps that a layer gives of an image, y the logit of a class and n the pixels of a map,
/// the heat at pixel p is max(0, Σ_k α_k A_k(p)), where α_k = Σ_p dy/dA_k(p) / n is the weight of
/// map k. The network runs as in inference: running statistics, no dropout. With one logit x for two
/// classes y is x for class 1 and -x for class 0.
///
/// A class, because it owns the memory of its passes and copies of the weights. An image's heat map
/// does not depend on the other images of its batch.
public final class GradCAM {
  /// The index of the layer whose maps are used.
  public let layer: Int
  /// The shape of its output; the heat map has as many rows and columns.
  public let maps: Shape
  /// Images processed at a time: fewer than requested if maps are large.
  public let batchSize: Int
  private let input: Shape
  private let outputs: Int
  /// The layers up to the maps, and those after them.
  private let front: InferenceSession
  private let back: Executor
  /// Gradients of the later layers' parameters: the backward pass writes them, nothing reads them.
  private let gradients: FloatMemory
  /// 64 MB of maps; their gradients take as much again.
  private static let mostFloats = 1 << 24

  /// Grad-CAM with a network's current weights, for up to `batchSize` images at a time.
  ///
  /// - layer: the index of a layer that is not the last; by default `Architecture.mapLayer`.
  ///
  /// Errors: a network without such a layer.
  public init(
    network: Network, layer: Int? = nil, batchSize: Int, engine: Engine
  ) throws(ModelError) {
    let architecture = network.architecture
    guard let layer = layer ?? architecture.mapLayer else {
      throw .description(
        at: "layers of \(architecture.name)",
        expected: "a convolution that gives a map of more than one pixel, before the last layer",
        found: "none")
    }
    guard (0..<(architecture.layers.count - 1)).contains(layer) else {
      throw .description(
        at: "layer", expected: "in 0..<\(architecture.layers.count - 1)", found: "\(layer)")
    }
    let parts = try architecture.split(after: layer)
    let front = try Network(blank: parts.front)
    let back = try Network(blank: parts.back)
    try front.copyTensors(from: network)
    try back.copyTensors(from: network) { Architecture.path($0, movedBy: layer + 1) }
    self.layer = layer
    maps = front.output
    let batchSize = max(1, min(batchSize, GradCAM.mostFloats / max(1, maps.count)))
    self.batchSize = batchSize
    input = architecture.input
    outputs = network.outputs
    self.front = try InferenceSession(network: front, batchSize: batchSize, engine: engine)
    self.back = try Executor(
      network: back, capacity: batchSize, engine: engine, isTraining: true, inputGradient: true)
    gradients = try FloatMemory(count: back.parameters.count)
  }

  /// The heat of images (height x width x channels each) for one class each: `maps.pixels` numbers
  /// per image, row by row, none negative.
  public func heat(images: [Float], classes: [Int]) throws(ModelError) -> [[Float]] {
    guard images.count == classes.count * input.count else {
      throw .length(
        of: "images", expected: classes.count * input.count, found: images.count)
    }
    let known = 0..<max(2, outputs)
    for index in classes where !known.contains(index) {
      throw .target(expected: "in \(known)", found: index)
    }
    return images.withUnsafeBufferPointer { pixels in
      classes.indices.parts(of: batchSize).flatMap { part in
        let range = (part.lowerBound * input.count)..<(part.upperBound * input.count)
        return heat(
          pixels: UnsafeBufferPointer(rebasing: pixels[range]), classes: Array(classes[part]))
      }
    }
  }

  private func heat(pixels: UnsafeBufferPointer<Float>, classes: [Int]) -> [[Float]] {
    let values = front.run(pixels: pixels, count: classes.count)
    return values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return [] }
      let batch = classes.count
      back.forward(images: base, batch: batch, mode: .frozen)
      let cotangent = back.logitsGradient
      cotangent.update(repeating: 0, count: batch * outputs)
      for (row, index) in classes.enumerated() {
        if outputs == 1 {
          cotangent[row] = index == 1 ? 1 : -1
        } else {
          cotangent[row * outputs + index] = 1
        }
      }
      back.backward(images: base, batch: batch, mode: .frozen, gradients: gradients.base)
      guard let gradient = back.inputGradient else { return [] }
      return (0..<batch).map { weighed(base + $0 * maps.count, gradient + $0 * maps.count) }
    }
  }

  /// max(0, Σ_k α_k A_k) of one image; sums in Double.
  private func weighed(_ values: Input, _ gradient: Input) -> [Float] {
    let channels = maps.channels
    var weights = [Double](repeating: 0, count: channels)
    for pixel in 0..<maps.pixels {
      for k in 0..<channels { weights[k] += Double(gradient[pixel * channels + k]) }
    }
    let share = 1 / Double(maps.pixels)
    return (0..<maps.pixels).map { pixel in
      var sum = 0.0
      for k in 0..<channels { sum += weights[k] * Double(values[pixel * channels + k]) }
      return Float(max(0, sum * share))
    }
  }
}
