internal import CNN

/// Converts any network to a sequence of PyTorch modules and the tensors that they load.
///
/// PyTorch flattens maps by channel, row and column, this package by row, column and channel: the
/// weights that read such features are reordered.
struct TorchBuilder {
  /// Every tensor by its name in the sequence, such as `3.body.0.weight`.
  private(set) var tensors: [TorchTensor] = []
  private let network: Network
  private let shapes: [String: Shape]

  init(_ network: Network) {
    self.network = network
    shapes = Dictionary(
      network.summary.map { ($0.name, $0.outputShape) }, uniquingKeysWith: { first, _ in first })
  }

  /// The value that flows between two modules.
  private struct Flow {
    var shape: Shape
    /// Whether PyTorch has it as a vector of features, not as a map.
    var isVector = false
    /// The map that the features were flattened from, if they are in another order than here.
    var order: Shape?
    /// The modules that compute it.
    var modules: [TorchModule] = []

    mutating func add(_ line: String) { modules.append(.leaf(line)) }

    /// Reorders features to this package's order.
    mutating func settle() {
      guard let map = order else { return }
      add("ByPixel(\(map.height), \(map.width), \(map.channels))")
      order = nil
    }

    mutating func makeMap() {
      settle()
      guard isVector else { return }
      add("nn.Unflatten(1, (\(shape.channels), 1, 1))")
      isVector = false
    }

    mutating func makeVector() {
      guard !isVector else { return }
      add("nn.Flatten()")
      if shape.pixels > 1, shape.channels > 1 { order = shape }
      shape = Shape(features: shape.count)
      isVector = true
    }
  }

  /// The modules of the whole network, from a batch of maps to one of logits.
  mutating func modules() -> [TorchModule] {
    let architecture = network.architecture
    var flow = Flow(shape: architecture.input)
    add(architecture.layers, path: "layers", prefix: "", to: &flow)
    flow.makeVector()
    flow.settle()
    return flow.modules
  }

  private mutating func add(
    _ layers: [any Layer], path: String, prefix: String, to flow: inout Flow
  ) {
    for (index, layer) in layers.enumerated() {
      add(layer, path: "\(path).\(index)", prefix: prefix, to: &flow)
    }
  }

  /// Appends a layer's module, after the modules that convert its input.
  private mutating func add(
    _ layer: any Layer, path: String, prefix: String, to flow: inout Flow
  ) {
    let map = flow.shape
    func pads(_ size: Int, _ stride: Int, _ padding: Padding) -> [Int] {
      let window = Window(
        size: size, stride: stride, padding: padding, input: map, output: shapes[path] ?? map)
      return [window.left, window.right, window.top, window.bottom]
    }
    switch layer.form {
    case .conv2D(let layer):
      flow.makeMap()
      let size = layer.kernelSize
      let padding = pad(pads(size, layer.stride, layer.padding), size, "nn.ZeroPad2d(", &flow)
      note(layer, path, prefix, flow)
      flow.add(
        "nn.Conv2d(\(map.channels), \(layer.filters), \(size), "
          + "stride=\(layer.stride)\(padding)\(layer.groups > 1 ? ", groups=\(layer.groups)" : "")"
          + "\(layer.useBias ? "" : ", bias=False"))")
    case .maxPool2D(let layer):
      flow.makeMap()
      let pads = pads(layer.size, layer.stride, layer.padding)
      let padding = pad(pads, layer.size, "nn.ConstantPad2d(", &flow)
      flow.add("nn.MaxPool2d(\(layer.size), stride=\(layer.stride)\(padding))")
    case .averagePool2D(let layer):
      flow.makeMap()
      let pads = pads(layer.size, layer.stride, layer.padding)
      flow.add(
        pads == [0, 0, 0, 0]
          ? "nn.AvgPool2d(\(layer.size), stride=\(layer.stride))"
          : "AveragePool2d(\(layer.size), \(layer.stride), (\(text(pads))))")
    case .globalAveragePool2D:
      flow.makeMap()
      flow.add("nn.AdaptiveAvgPool2d(1)")
      flow.shape = Shape(features: flow.shape.channels)
      flow.makeVector()
    case .flatten:
      flow.makeVector()
    case .dense(let layer):
      flow.makeVector()
      note(layer, path, prefix, flow)
      flow.order = nil
      flow.add(
        "nn.Linear(\(flow.shape.count), \(layer.units)\(layer.useBias ? "" : ", bias=False"))")
    case .batchNorm(let layer):
      note(layer, path, prefix, flow)
      flow.add(
        "nn.BatchNorm\(flow.isVector ? 1 : 2)d(\(flow.shape.channels), eps=\(layer.epsilon), "
          + "momentum=\(layer.statisticsUpdateRate))")
    case .dropout(let layer):
      flow.add("nn.Dropout(\(layer.rate))")
    case .residual(let layer):
      addResidual(layer, path: path, prefix: prefix, to: &flow)
    case .gate(let layer):
      addGate(layer, path: path, prefix: prefix, to: &flow)
    case .relu:
      flow.add("nn.ReLU()")
    case .activate(let layer):
      flow.add(layer.function.torchModule)
    }
    if let shape = shapes[path] { flow.shape = shape }
  }

  private mutating func addResidual(
    _ layer: Residual, path: String, prefix: String, to flow: inout Flow
  ) {
    flow.settle()
    let name = "\(prefix)\(flow.modules.count)"
    var (body, shortcut) = (flow, flow)
    (body.modules, shortcut.modules) = ([], [])
    add(layer.body, path: "\(path).body", prefix: "\(name).body.", to: &body)
    add(layer.shortcut, path: "\(path).shortcut", prefix: "\(name).shortcut.", to: &shortcut)
    // Shapes are equal: one that is a map and one that is a vector are both of one pixel.
    if body.isVector != shortcut.isVector {
      body.makeVector()
      shortcut.makeVector()
    }
    body.settle()
    shortcut.settle()
    flow.modules.append(
      layer.rectifies
        ? .residual(body: body.modules, shortcut: shortcut.modules)
        : .sum(body: body.modules, shortcut: shortcut.modules))
    (flow.shape, flow.isVector) = (body.shape, body.isVector)
  }

  private mutating func addGate(
    _ layer: Gate, path: String, prefix: String, to flow: inout Flow
  ) {
    flow.settle()
    var body = flow
    body.modules = []
    add(layer.body, path: "\(path).body", prefix: "\(prefix)\(flow.modules.count).body.", to: &body)
    body.settle()
    if flow.isVector { body.makeVector() } else { body.makeMap() }
    flow.modules.append(.gate(body.modules))
  }

  /// Adds the tensors of a layer whose module is appended next.
  private mutating func note(
    _ layer: any Layer, _ path: String, _ prefix: String, _ flow: Flow
  ) {
    tensors += TorchTensor.tensors(
      of: layer, at: path, name: "\(prefix)\(flow.modules.count)", order: flow.order,
      shape: network.shape)
  }

  // MARK: Padding

  /// The argument for equal padding on all sides; otherwise adds a padding module.
  ///
  /// - pads: the pixels on the left, right, top and bottom, as PyTorch orders them.
  private func pad(
    _ pads: [Int], _ kernel: Int, _ module: String, _ flow: inout Flow
  ) -> String {
    // PyTorch pads a pooling by at most half of its window.
    if Set(pads).count == 1, pads[0] <= kernel / 2 {
      return pads[0] == 0 ? "" : ", padding=\(pads[0])"
    }
    let value = module == "nn.ZeroPad2d(" ? "" : ", float(\"-inf\")"
    flow.add("\(module)(\(text(pads)))\(value))")
    return ""
  }

  private func text(_ pads: [Int]) -> String { pads.map(String.init).joined(separator: ", ") }
}

extension ActivationFunction {
  /// The module that applies it.
  fileprivate var torchModule: String {
    switch self {
    case .relu6: "nn.ReLU6()"
    case .silu: "nn.SiLU()"
    case .hardSwish: "nn.Hardswish()"
    case .hardSigmoid: "nn.Hardsigmoid()"
    case .sigmoid: "nn.Sigmoid()"
    }
  }
}
