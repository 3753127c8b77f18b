import CNN
import TestSupport
import Testing

/// How far each method lies from Double, as the documentation states it.
@Suite("Errors of convolutions")
struct WinogradErrorTests {
  /// The largest error over a tensor as a part of its largest number.
  private func error(_ actual: [Float], _ expected: [Double]) -> Double {
    #expect(actual.count == expected.count)
    let worst = zip(actual, expected).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
    return worst / expected.reduce(0) { max($0, abs($1)) }
  }

  /// 64 channels to 64, as in the second stage of a residual network.
  ///
  /// Normal images and cotangents, filters as they are initialised. Measured for the output, the
  /// input's gradient and the filters': direct 8.2e-7, 7.4e-7, 3.9e-7; Winograd 5.8e-6, 5.1e-6,
  /// 3.7e-6, and 7.6e-6 for the output where multiplication and addition round apart (baseline).
  @Test(arguments: [(ConvolutionMethod.direct, 1.5e-6), (.winograd, 1.2e-5)])
  func `an output and both gradients at 64 channels`(
    method: ConvolutionMethod, bound: Double
  ) throws {
    let engine = try TestEngine.make(convolution: method)
    let shape = Shape(height: 16, width: 16, channels: 64)
    let layer = Conv2D(filters: 64, padding: .same, useBias: false, initializer: .heNormal)
    let network = try Network(input: shape, layers: [layer], seed: 3)
    #expect(network.convolutionMethods(engine)["layers.0"] == method.rawValue)
    let session = try TrainingSession(
      network: network, loss: .softmaxCrossEntropy(), optimizer: SGD(learningRate: 0),
      batchSize: 4, engine: engine, inputGradient: true)
    var random = RandomValues(seed: 91)
    let images = random.normals(4 * shape.count)
    let dy = random.normals(4 * shape.count)
    let name = "layers.0.filters"
    let window = ReferenceWindow(size: 3, before: 1, after: 1)
    let reference = ReferenceConvolution(
      rows: window, columns: window, outputChannels: 64,
      filters: (network.values(of: name) ?? []).map(Double.init))
    let x = ReferenceTensor(batch: 4, height: 16, width: 16, channels: 64, floats: images)
    let gradients = reference.backward(x, x.with(dy.map(Double.init)))
    let (output, dx) = session.propagate(images: images, cotangent: dy)
    let errors = [
      error(output, reference.forward(x).values), error(dx ?? [], gradients.dx.values),
      error(session.gradient(of: name) ?? [], gradients.dFilters),
    ]
    #expect(errors.allSatisfy { $0 < bound }, "\(method): \(errors)")
  }
}
