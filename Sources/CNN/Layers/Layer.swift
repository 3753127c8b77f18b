/// One layer of a network, as a description.
///
/// The set is closed: `Conv2D`, `MaxPool2D`, `AveragePool2D`, `GlobalAveragePool2D`, `Flatten`,
/// `Dense`, `Dropout`, `BatchNorm`, `ReLU` and `Residual`. A network refuses any other type, since
/// a model file could not name it.
public protocol Layer: Sendable {
  /// The name of this kind of layer in an architecture's JSON.
  static var kind: String { get }
}

/// What a layer must say of itself to become part of a graph.
protocol GraphLayer: Layer {
  /// Reads the layer from an architecture.
  init(from fields: inout LayerFields) throws(ModelError)
  /// Writes every number of the layer.
  func write(to fields: inout LayerFields)
  /// Checks the input, lays out parameters and adds operations.
  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue
  /// Multiplications with addition for one image.
  func multiplyAdds(input: Shape, output: Shape) -> Int
}

extension GraphLayer {
  func multiplyAdds(input: Shape, output: Shape) -> Int { 0 }

  /// Refuses a number outside its range.
  func require(
    _ value: Int, in range: ClosedRange<Int>, _ field: String, _ path: String
  ) throws(ModelError) {
    guard range.contains(value) else {
      throw .invalid(
        layer: "\(path) (\(Self.kind))", field: field,
        expected: "in \(range.lowerBound)...\(range.upperBound)", found: "\(value)")
    }
  }

  func require(
    _ value: Double, in range: ClosedRange<Double>, _ field: String, _ path: String
  ) throws(ModelError) {
    guard range.contains(value) else {
      throw .invalid(
        layer: "\(path) (\(Self.kind))", field: field,
        expected: "in \(range.lowerBound)...\(range.upperBound)", found: "\(value)")
    }
  }
}

/// Every kind of layer that an architecture can name.
let layerKinds: [any GraphLayer.Type] = [
  Conv2D.self, MaxPool2D.self, AveragePool2D.self, GlobalAveragePool2D.self, Flatten.self,
  Dense.self, Dropout.self, BatchNorm.self, ReLU.self, Residual.self,
]

/// The zeros around a map before windows move over it.
public enum Padding: Sendable, Hashable {
  /// None: windows lie inside the map.
  case valid
  /// As many as make the output ⌈input / stride⌉ long, the odd one behind (TensorFlow's rule).
  case same
  /// This many on every side (PyTorch's rule).
  case explicit(Int)

  /// Output length and zeros in front, for one direction; `nil` where no window fits.
  package func resolve(input: Int, kernel: Int, stride: Int) -> (output: Int, before: Int)? {
    switch self {
    case .valid:
      return input < kernel ? nil : ((input - kernel) / stride + 1, 0)
    case .same:
      let output = (input + stride - 1) / stride
      return (output, max(0, (output - 1) * stride + kernel - input) / 2)
    case .explicit(let zeros):
      let padded = input + 2 * zeros
      return padded < kernel ? nil : ((padded - kernel) / stride + 1, zeros)
    }
  }
}
