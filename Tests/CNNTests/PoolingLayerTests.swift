import CNN
import TestSupport
import Testing

@Suite("Pooling layers")
struct PoolingLayerTests {
  private static let channels = [1, 3, 5, 16, 17, 31, 32, 33, 48, 64]

  private func window(_ size: Int, _ stride: Int, _ padding: Padding, _ extent: Int)
    -> ReferenceWindow
  {
    switch padding {
    case .valid: ReferenceWindow(size: size, stride: stride)
    case .same: .same(size: size, stride: stride, input: extent)
    case .explicit(let places):
      ReferenceWindow(size: size, stride: stride, before: places, after: places)
    }
  }

  @Test(arguments: ReferencePooling.Kind.allCases, [1, 2, 3, 5])
  func `windows of every stride and padding over sizes from 1 to 17`(
    kind: ReferencePooling.Kind, size: Int
  ) throws {
    let engine = try TestEngine.make()
    for stride in 1...3 {
      for padding in [Padding.valid, .same, .explicit(size / 2)] {
        for height in 1...17 {
          let width = 18 - height
          let rows = window(size, stride, padding, height)
          let columns = window(size, stride, padding, width)
          if rows.outputs(height) < 1 || columns.outputs(width) < 1 { continue }
          let channels = PoolingLayerTests.channels[(height + stride) % 10]
          let batch = [1, 2, 5][height % 3]
          let layer: any Layer =
            kind == .maximum
            ? MaxPool2D(size, stride: stride, padding: padding)
            : AveragePool2D(size, stride: stride, padding: padding)
          let probe = try LayerProbe(
            [layer], input: Shape(height: height, width: width, channels: channels),
            batch: batch, engine: engine)
          let comment: Comment = "\(layer) over \(batch)x\(height)x\(width)x\(channels)"
          let reference = ReferencePooling(kind, rows: rows, columns: columns)
          try check(probe, comment, reference.forward, reference.backward)
        }
      }
    }
  }

  @Test func `the global average is that of every channel`() throws {
    let engine = try TestEngine.make()
    for (index, channels) in PoolingLayerTests.channels.enumerated() {
      for (height, width) in [(1, 1), (7, 7), (1, 17), (5, 2), (13, 16)] {
        let probe = try LayerProbe(
          [GlobalAveragePool2D()], input: Shape(height: height, width: width, channels: channels),
          batch: [1, 2, 5][index % 3], engine: engine)
        #expect(probe.network.output == Shape(features: channels))
        try check(
          probe, "\(height)x\(width)x\(channels)", ReferenceGlobalAverage.forward,
          ReferenceGlobalAverage.backward)
      }
    }
  }

  /// Output and gradient; every value is a mean of terms or one of them.
  private func check(
    _ probe: LayerProbe, _ comment: Comment, _ forward: (ReferenceTensor) -> ReferenceTensor,
    _ backward: (ReferenceTensor, ReferenceTensor) -> ReferenceTensor
  ) throws {
    var random = RandomValues(seed: 53)
    let images = random.normals(probe.inputCount)
    let dy = random.normals(probe.outputCount)
    let shape = probe.network.architecture.input
    let x = ReferenceTensor(
      batch: probe.batch, height: shape.height, width: shape.width, channels: shape.channels,
      floats: images)
    let y = forward(x)
    let output = probe.network.output
    #expect(output == Shape(height: y.height, width: y.width, channels: y.channels), comment)
    guard y.values.count == dy.count else { return }
    let cotangent = y.with(dy.map(Double.init))
    let pass = probe.pass(images, dy)
    let forwardMismatch = mismatch(
      actual: pass.output, expected: y.values, tolerance: sumTolerance,
      magnitudes: forward(x.magnitudes).values)
    #expect(forwardMismatch == nil, comment)
    let backwardMismatch = mismatch(
      actual: pass.inputGradient, expected: backward(x, cotangent).values,
      tolerance: sumTolerance, magnitudes: backward(x, cotangent.magnitudes).values)
    #expect(backwardMismatch == nil, comment)
    #expect(bitMismatch(try probe.inference(images), pass.output) == nil, comment)
  }

  @Test func `an infinity or a NaN of the input reaches the output`() throws {
    let engine = try TestEngine.make()
    for layer in [MaxPool2D(2), AveragePool2D(2), GlobalAveragePool2D()] as [any Layer] {
      let probe = try LayerProbe(
        [layer], input: Shape(height: 2, width: 2, channels: 5), batch: 1, engine: engine)
      for place in 0..<20 {
        var images = [Float](repeating: 1, count: 20)
        images[place] = .nan
        #expect(try probe.inference(images)[place % 5].isNaN, "\(layer)")
        images[place] = .infinity
        #expect(try probe.inference(images)[place % 5] == .infinity, "\(layer)")
      }
    }
  }
}
