internal import CNN

/// Turns any network into a sequence of PyTorch's modules and the tensors that they load.
///
/// PyTorch has features by channel, row and column where a map was flattened, this package by row,
/// column and channel: the weights that read them are put into PyTorch's order.
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
    /// Whether PyTorch has it as a vector of features, and not as a map.
    var isVector = false
    /// The map that the features were flattened from, if they are in another order than here.
    var order: Shape?
    /// The modules that compute it.
    var modules: [TorchModule] = []

    mutating func add(_ line: String) { modules.append(.leaf(line)) }

    /// Puts features into the order that they have here.
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

  /// Appends what a layer is in PyTorch; what it makes ready comes before, so that its name is known.
  private mutating func add(
    _ layer: any Layer, path: String, prefix: String, to flow: inout Flow
  ) {
    switch layer {
    case let layer as Conv2D:
      flow.makeMap()
      let padding = pad(layer.padding, layer.kernelSize, layer.stride, "nn.ZeroPad2d(", &flow)
      note(layer, path, prefix, flow)
      flow.add(
        "nn.Conv2d(\(flow.shape.channels), \(layer.filters), \(layer.kernelSize), "
          + "stride=\(layer.stride)\(padding)\(layer.useBias ? "" : ", bias=False"))")
    case let layer as MaxPool2D:
      flow.makeMap()
      let padding = pad(layer.padding, layer.size, layer.stride, "nn.ConstantPad2d(", &flow)
      flow.add("nn.MaxPool2d(\(layer.size), stride=\(layer.stride)\(padding))")
    case let layer as AveragePool2D:
      flow.makeMap()
      let pads = sides(layer.padding, layer.size, layer.stride, flow.shape)
      flow.add(
        pads == [0, 0, 0, 0]
          ? "nn.AvgPool2d(\(layer.size), stride=\(layer.stride))"
          : "AveragePool2d(\(layer.size), \(layer.stride), (\(text(pads))))")
    case is GlobalAveragePool2D:
      flow.makeMap()
      flow.add("nn.AdaptiveAvgPool2d(1)")
      flow.shape = Shape(features: flow.shape.channels)
      flow.makeVector()
    case is Flatten:
      flow.makeVector()
    case let layer as Dense:
      flow.makeVector()
      note(layer, path, prefix, flow)
      flow.order = nil
      flow.add(
        "nn.Linear(\(flow.shape.count), \(layer.units)\(layer.useBias ? "" : ", bias=False"))")
    case let layer as BatchNorm:
      note(layer, path, prefix, flow)
      flow.add(
        "nn.BatchNorm\(flow.isVector ? 1 : 2)d(\(flow.shape.channels), eps=\(layer.epsilon), "
          + "momentum=\(layer.statisticsUpdateRate))")
    case let layer as Dropout:
      flow.add("nn.Dropout(\(layer.rate))")
    case let layer as Residual:
      addResidual(layer, path: path, prefix: prefix, to: &flow)
    default:
      flow.add("nn.ReLU()")
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
    flow.modules.append(.residual(body: body.modules, shortcut: shortcut.modules))
    (flow.shape, flow.isVector) = (body.shape, body.isVector)
  }

  /// Notes the tensors of a layer that is about to be appended.
  private mutating func note(
    _ layer: any Layer, _ path: String, _ prefix: String, _ flow: Flow
  ) {
    tensors += TorchTensor.tensors(
      of: layer, at: path, name: "\(prefix)\(flow.modules.count)", order: flow.order,
      shape: network.shape)
  }

  // MARK: Padding

  /// The pixels on the left, right, top and bottom, as PyTorch orders them.
  private func sides(_ padding: Padding, _ kernel: Int, _ stride: Int, _ map: Shape) -> [Int] {
    [map.width, map.height].flatMap { extent -> [Int] in
      guard case .same = padding,
        let (output, before) = padding.resolve(input: extent, kernel: kernel, stride: stride)
      else {
        let before = padding.resolve(input: extent, kernel: kernel, stride: stride)?.before ?? 0
        return [before, before]
      }
      return [before, max(0, (output - 1) * stride + kernel - extent) - before]
    }
  }

  /// The argument for an even padding, or a module of its own for an uneven one.
  private func pad(
    _ padding: Padding, _ kernel: Int, _ stride: Int, _ module: String, _ flow: inout Flow
  ) -> String {
    let pads = sides(padding, kernel, stride, flow.shape)
    // PyTorch pads a pool by half of its window at most.
    if Set(pads).count == 1, pads[0] <= kernel / 2 {
      return pads[0] == 0 ? "" : ", padding=\(pads[0])"
    }
    let value = module == "nn.ZeroPad2d(" ? "" : ", float(\"-inf\")"
    flow.add("\(module)(\(text(pads)))\(value))")
    return ""
  }

  private func text(_ pads: [Int]) -> String { pads.map(String.init).joined(separator: ", ") }
}
