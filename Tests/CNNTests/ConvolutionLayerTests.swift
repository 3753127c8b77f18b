import CNN
import TestSupport
import Testing

@Suite("Conv2D")
struct ConvolutionLayerTests {
  struct Case: CustomStringConvertible, Sendable {
    var height: Int
    var width: Int
    var inputs: Int
    var filters: Int
    var kernel: Int
    var stride: Int
    var padding: Padding
    var batch: Int
    var bias = true
    var groups = 1

    var description: String {
      "\(batch)x\(height)x\(width)x\(inputs) -> \(filters), kernel \(kernel), stride \(stride), "
        + "\(padding)\(bias ? "" : ", no bias"), \(groups) groups"
    }

    func window(_ extent: Int) -> ReferenceWindow {
      switch padding {
      case .valid: ReferenceWindow(size: kernel, stride: stride)
      case .same: .same(size: kernel, stride: stride, input: extent)
      case .explicit(let zeros):
        ReferenceWindow(size: kernel, stride: stride, before: zeros, after: zeros)
      }
    }
  }

  private static let channels = [1, 3, 5, 16, 17, 31, 32, 33, 48, 64]

  /// All pairs of channels that follow each other, with kernels, strides and paddings in turn.
  static let channelSweep: [Case] = channels.indices.flatMap { i in
    [1, 3, 7].map { step in
      let kernel = [1, 2, 3, 3, 5][(i + step) % 5]
      let paddings: [Padding] = [.valid, .same, .explicit(kernel / 2)]
      return Case(
        height: 5 + (i + step) % 4, width: 6 + i % 3, inputs: channels[i],
        filters: channels[(i + step) % 10], kernel: kernel, stride: [1, 1, 2, 3][(i + step) % 4],
        padding: paddings[(i / 2 + step) % 3], batch: [1, 2, 5][i % 3], bias: i % 4 != 1)
    }
  }

  /// Every size from 1 to 17 under every kernel and stride where a window fits.
  static func sizeSweep(kernel: Int, stride: Int) -> [Case] {
    (1...17).flatMap { size in
      [Padding.valid, .same, .explicit(kernel - 1), .explicit(kernel / 2)].compactMap { padding in
        let item = Case(
          height: size, width: 18 - size, inputs: 3, filters: 5, kernel: kernel, stride: stride,
          padding: padding, batch: 2)
        let fits =
          item.window(item.height).outputs(item.height) > 0
          && item.window(item.width).outputs(item.width) > 0
        return fits ? item : nil
      }
    }
  }

  /// Compares both methods with the definition; the second is the first where it does not apply.
  private func check(_ item: Case, isWinograd: Bool? = nil) throws {
    let shape = Shape(height: item.height, width: item.width, channels: item.inputs)
    let layer = Conv2D(
      filters: item.filters, kernelSize: item.kernel, stride: item.stride, padding: item.padding,
      groups: item.groups, useBias: item.bias)
    let probe = try LayerProbe(
      [layer], input: shape, batch: item.batch, engine: TestEngine.make(convolution: .direct))
    var random = RandomValues(seed: 52)
    let images = random.normals(probe.inputCount)
    let dy = random.normals(probe.outputCount)
    let reference = ReferenceConvolution(
      rows: item.window(item.height), columns: item.window(item.width),
      outputChannels: item.filters, filters: probe.tensor("layers.0.filters"),
      bias: item.bias ? probe.tensor("layers.0.bias") : nil, groups: item.groups)
    let x = ReferenceTensor(
      batch: item.batch, height: item.height, width: item.width, channels: item.inputs,
      floats: images)
    let y = reference.forward(x)
    let output = probe.network.output
    #expect(output == Shape(height: y.height, width: y.width, channels: y.channels), "\(item)")
    guard y.values.count == dy.count else { return }
    let cotangent = y.with(dy.map(Double.init))
    let gradients = reference.backward(x, cotangent)
    let bounds = reference.magnitudes.backward(x.magnitudes, cotangent.magnitudes)

    let outputBounds = reference.magnitudes.forward(x.magnitudes).values
    for method in [ConvolutionMethod.direct, .winograd] {
      let engine = try TestEngine.make(convolution: method)
      let probe = try LayerProbe([layer], input: shape, batch: item.batch, engine: engine)
      let used = probe.network.convolutionMethods(engine)["layers.0"] ?? ""
      if method == .direct { #expect(used == "direct", "\(item)") }
      if method == .winograd, let isWinograd {
        #expect(used == (isWinograd ? "winograd" : "direct"), "\(item)")
      }
      let pass = probe.pass(images, dy)
      let results: [(String, [Float]?, [Double], [Double])] = [
        ("output", pass.output, y.values, outputBounds),
        ("dx", pass.inputGradient, gradients.dx.values, bounds.dx.values),
        ("dFilters", pass.gradients["layers.0.filters"], gradients.dFilters, bounds.dFilters),
        item.bias
          ? ("dBias", pass.gradients["layers.0.bias"], gradients.dBias, bounds.dBias)
          : ("dBias", [], [], []),
      ]
      for (name, actual, expected, magnitudes) in results {
        let found =
          used == "direct" || name == "dBias"
          ? mismatch(
            actual: actual ?? [], expected: expected, tolerance: sumTolerance,
            magnitudes: magnitudes)
          : mismatch(
            actual: actual ?? [], expected: expected,
            tolerance: Tolerance(relative: winogradBound),
            magnitudes: magnitudes.map { [most = magnitudes.max() ?? 0] _ in most })
        #expect(found == nil, "\(name) of \(item), \(used)")
      }
      #expect(pass.gradients["layers.0.bias"] == nil || item.bias)
      #expect(bitMismatch(try probe.inference(images), pass.output) == nil, "\(item), \(used)")
    }
  }

  @Test func `channels around the lanes of every instruction set`() throws {
    for item in ConvolutionLayerTests.channelSweep { try check(item) }
  }

  @Test(arguments: [1, 2, 3, 5], [1, 2, 3])
  func `sizes from 1 to 17 under every padding`(kernel: Int, stride: Int) throws {
    for item in ConvolutionLayerTests.sizeSweep(kernel: kernel, stride: stride) { try check(item) }
  }

  @Test(arguments: [
    Case(
      height: 62, width: 62, inputs: 3, filters: 32, kernel: 3, stride: 1, padding: .valid,
      batch: 2),
    Case(
      height: 31, width: 62, inputs: 32, filters: 33, kernel: 3, stride: 1,
      padding: .explicit(1), batch: 1, bias: false),
    Case(
      height: 62, width: 61, inputs: 3, filters: 16, kernel: 3, stride: 2,
      padding: .explicit(1), batch: 2, bias: false),
    Case(
      height: 9, width: 9, inputs: 64, filters: 48, kernel: 3, stride: 2, padding: .same,
      batch: 5),
    Case(
      height: 62, width: 3, inputs: 17, filters: 31, kernel: 5, stride: 1, padding: .same,
      batch: 1),
  ])
  func `maps that take several bands`(item: Case) throws {
    try check(item)
  }

  @Test func `a stride beyond the kernel leaves out pixels, whose gradient is zero`() throws {
    for kernel in 1...2 {
      for stride in (kernel + 1)...5 {
        for padding in [Padding.valid, .same] {
          try check(
            Case(
              height: 9, width: 7, inputs: 4, filters: 6, kernel: kernel, stride: stride,
              padding: padding, batch: 2))
        }
      }
    }
  }

  @Test func `Winograd's tiles end anywhere in maps of 3 to 13 pixels`() throws {
    let channels = [(16, 16), (16, 48), (48, 32), (32, 16), (80, 64)]
    for height in 3...13 {
      for zeros in 0...2 {
        let (inputs, filters) = channels[(height + zeros) % channels.count]
        try check(
          Case(
            height: height, width: 16 - height, inputs: inputs, filters: filters, kernel: 3,
            stride: 1, padding: .explicit(zeros), batch: 1 + height % 3, bias: zeros != 1),
          isWinograd: true)
      }
    }
  }

  @Test(arguments: [
    // A row of tiles in several blocks, and several maps in one.
    Case(
      height: 5, width: 271, inputs: 16, filters: 16, kernel: 3, stride: 1, padding: .same,
      batch: 2),
    Case(
      height: 6, width: 6, inputs: 16, filters: 32, kernel: 3, stride: 1, padding: .same,
      batch: 70),
    // Filter gradients that all threads share, over tiles that are not in memory at once.
    Case(
      height: 3, width: 3, inputs: 64, filters: 80, kernel: 3, stride: 1, padding: .valid,
      batch: 450),
    Case(
      height: 4, width: 7, inputs: 80, filters: 64, kernel: 3, stride: 1, padding: .valid,
      batch: 230),
  ])
  func `Winograd's blocks of tiles`(item: Case) throws {
    try check(item, isWinograd: true)
  }

  /// A kernel a channel, over channels around the lanes of every instruction set.
  static func depthwise(kernel: Int, stride: Int) -> [Case] {
    let paddings = [Padding.valid, .same, .explicit(kernel / 2)]
    return [2, 3, 7, 8, 12, 16, 17, 24, 33, 70].enumerated().map { number, channels in
      Case(
        height: kernel + number % 5, width: kernel + (3 * number) % 8, inputs: channels,
        filters: channels, kernel: kernel, stride: stride,
        padding: paddings[(number + kernel / 2) % 3], batch: 1 + number % 2, bias: number % 4 < 2,
        groups: channels)
    }
  }

  @Test(arguments: [1, 3, 5, 7, 8], [1, 2, 3])
  func `a kernel for each channel`(kernel: Int, stride: Int) throws {
    for item in ConvolutionLayerTests.depthwise(kernel: kernel, stride: stride) {
      try check(item, isWinograd: false)
    }
  }

  @Test(arguments: [1, 2])
  func `a kernel for each channel of maps that take several bands`(stride: Int) throws {
    try check(
      Case(
        height: 23, width: 31, inputs: 72, filters: 72, kernel: 3, stride: stride,
        padding: .same, batch: 2, bias: false, groups: 72), isWinograd: false)
  }

  @Test func `groups of channels that are filtered apart`() throws {
    let shapes = [(6, 4, 2), (4, 8, 4), (8, 4, 4), (3, 9, 3), (32, 32, 2), (48, 64, 16)]
    for (number, (inputs, filters, groups)) in shapes.enumerated() {
      for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (5, 2), (2, 3)] {
        for padding in [Padding.valid, .same, .explicit(kernel / 2)] {
          try check(
            Case(
              height: 6 + number, width: 11 - number, inputs: inputs, filters: filters,
              kernel: kernel, stride: stride, padding: padding, batch: 1 + number % 3,
              bias: number % 2 == 0, groups: groups))
        }
      }
    }
  }

  @Test func `groups that do not divide the channels are refused`() {
    for (inputs, filters, groups) in [(6, 4, 4), (4, 6, 4), (4, 4, 0), (4, 4, -1), (4, 4, 8)] {
      #expect(throws: ModelError.self) {
        try Network(
          input: Shape(height: 5, width: 5, channels: inputs),
          layers: [Conv2D(filters: filters, groups: groups)])
      }
    }
  }

  @Test func `Winograd's method is for 3 x 3 filters, stride 1 and whole vectors alone`() throws {
    let usual = Case(
      height: 8, width: 8, inputs: 16, filters: 16, kernel: 3, stride: 1, padding: .same, batch: 1)
    var others = [usual, usual, usual, usual]
    others[0].kernel = 5
    others[1].stride = 2
    others[2].inputs = 17
    others[3].filters = 15
    for item in others { try check(item, isWinograd: false) }
  }
}
