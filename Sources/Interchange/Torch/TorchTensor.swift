internal import CNN

/// A tensor with PyTorch's name and order of extents, and the network's tensor that it corresponds
/// to.
struct TorchTensor {
  /// PyTorch's name, such as `layer1.0.conv1.weight`.
  let name: String
  /// PyTorch's extents, outermost first.
  let shape: [Int]
  /// The network's name, such as `layers.4.body.0.filters`; nil for a batch count, which only
  /// PyTorch has.
  let source: String?
  /// The network's extents as rows, columns, inputs and outputs.
  private let extents: [Int]

  /// A tensor whose extents are the network's [rows][columns][inputs][outputs] and PyTorch's
  /// [outputs][inputs][rows][columns], some of which may be missing in `shape`.
  private init(_ name: String, _ shape: [Int], source: String?, _ extents: [Int]) {
    self.name = name
    self.shape = shape
    self.source = source
    self.extents = extents
  }

  /// The tensors of a layer at `path` in the network, by PyTorch's names under `name`.
  ///
  /// - shape: the network's extents of one of its tensors.
  /// - order: the map that the layer's vector of features was flattened from, by rows, columns and
  ///   channels here and by channels, rows and columns in PyTorch; nil if both are the same.
  static func tensors(
    of layer: any Layer, at path: String, name: String, order: Shape? = nil,
    shape: (String) -> [Int]?
  ) -> [TorchTensor] {
    func tensor(_ suffix: String, _ source: String) -> TorchTensor? {
      guard let own = shape("\(path).\(source)") else { return nil }
      let extents =
        switch (own.count, order) {
        case (4, _): own
        case (2, let map?): [map.height, map.width, map.channels, own[1]]
        case (2, nil): [1, 1] + own
        case (_, let map?): [map.height, map.width, map.channels, 1]
        default: [1, 1, 1] + own
        }
      let theirs = own.count == 4 ? [own[3], own[2], own[0], own[1]] : own.reversed()
      return TorchTensor(
        "\(name).\(suffix)", theirs, source: "\(path).\(source)", extents)
    }
    switch layer.form {
    case .conv2D:
      return [tensor("weight", "filters"), tensor("bias", "bias")].compactMap(\.self)
    case .dense:
      // A bias is added after the product, whatever the order of the features.
      let bias = shape("\(path).bias").map {
        TorchTensor("\(name).bias", $0, source: "\(path).bias", [1, 1, 1] + $0)
      }
      return [tensor("weight", "weights"), bias].compactMap(\.self)
    case .batchNorm:
      return [
        tensor("weight", "scale"), tensor("bias", "shift"), tensor("running_mean", "runningMean"),
        tensor("running_var", "runningVariance"),
        TorchTensor("\(name).num_batches_tracked", [], source: nil, [1, 1, 1, 1]),
      ].compactMap(\.self)
    case .maxPool2D, .averagePool2D, .globalAveragePool2D, .flatten, .dropout, .relu, .activate,
      .residual, .gate:
      return []
    }
  }

  /// Converts the network's numbers to PyTorch's order.
  func exported(_ values: UnsafeMutableBufferPointer<Float>) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    forEachPlace { theirs, own in result[theirs] = values[own] }
    return result
  }

  /// Converts numbers in PyTorch's order to the network's.
  func store(_ values: [Float], in target: UnsafeMutableBufferPointer<Float>) {
    precondition(values.count == target.count, "\(name): as many numbers as the network has")
    forEachPlace { theirs, own in target[own] = values[theirs] }
  }

  /// Calls `body` for all numbers in PyTorch's order, with both indices.
  private func forEachPlace(_ body: (_ theirs: Int, _ own: Int) -> Void) {
    let (pixels, inputs, outputs) = (extents[0] * extents[1], extents[2], extents[3])
    var theirs = 0
    for output in 0..<outputs {
      for input in 0..<inputs {
        for pixel in 0..<pixels {
          body(theirs, (pixel * inputs + input) * outputs + output)
          theirs += 1
        }
      }
    }
  }
}
