/// One layer of a network, as a description.
///
/// The set is closed: a layer is one of the cases of `LayerForm`, since a model file could not name
/// any other.
public protocol Layer: Sendable {
  /// This layer as a case of the closed set.
  var form: LayerForm { get }
}

/// Any layer, by its kind.
///
/// Code outside the layers, such as exporters, switches over these cases without `default`: the
/// compiler then asks for each new kind.
public enum LayerForm: Sendable {
  /// A convolution.
  case conv2D(Conv2D)
  /// The maximum of each window.
  case maxPool2D(MaxPool2D)
  /// The mean of each window.
  case averagePool2D(AveragePool2D)
  /// The mean of the whole map.
  case globalAveragePool2D(GlobalAveragePool2D)
  /// A map as a vector.
  case flatten(Flatten)
  /// A fully connected layer.
  case dense(Dense)
  /// Dropout.
  case dropout(Dropout)
  /// Batch normalization.
  case batchNorm(BatchNorm)
  /// max(x, 0).
  case relu(ReLU)
  /// Another activation function.
  case activate(Activate)
  /// Layers with a shortcut around them.
  case residual(Residual)
  /// Layers whose output is multiplied with their input.
  case gate(Gate)

  /// The kind of the layer.
  package var kind: LayerKind {
    switch self {
    case .conv2D: .conv2D
    case .maxPool2D: .maxPool2D
    case .averagePool2D: .averagePool2D
    case .globalAveragePool2D: .globalAveragePool2D
    case .flatten: .flatten
    case .dense: .dense
    case .dropout: .dropout
    case .batchNorm: .batchNorm
    case .relu: .relu
    case .activate: .activate
    case .residual: .residual
    case .gate: .gate
    }
  }

  /// The layer as the graph builder uses it.
  var layer: any GraphLayer {
    switch self {
    case .conv2D(let layer): layer
    case .maxPool2D(let layer): layer
    case .averagePool2D(let layer): layer
    case .globalAveragePool2D(let layer): layer
    case .flatten(let layer): layer
    case .dense(let layer): layer
    case .dropout(let layer): layer
    case .batchNorm(let layer): layer
    case .relu(let layer): layer
    case .activate(let layer): layer
    case .residual(let layer): layer
    case .gate(let layer): layer
    }
  }
}

/// Every kind of layer, by its name in an architecture's JSON.
package enum LayerKind: String, CaseIterable, Sendable {
  case conv2D, maxPool2D, averagePool2D, globalAveragePool2D, flatten, dense, dropout, batchNorm,
    relu
  case activate = "activation"
  case residual, gate

  /// The layers of this kind.
  var type: any GraphLayer.Type {
    switch self {
    case .conv2D: Conv2D.self
    case .maxPool2D: MaxPool2D.self
    case .averagePool2D: AveragePool2D.self
    case .globalAveragePool2D: GlobalAveragePool2D.self
    case .flatten: Flatten.self
    case .dense: Dense.self
    case .dropout: Dropout.self
    case .batchNorm: BatchNorm.self
    case .relu: ReLU.self
    case .activate: Activate.self
    case .residual: Residual.self
    case .gate: Gate.self
    }
  }
}

/// A layer that can become part of a graph.
protocol GraphLayer: Layer {
  /// Reads the layer from an architecture.
  init(from fields: inout LayerFields) throws(ModelError)
  /// Writes all fields of the layer.
  func write(to fields: inout LayerFields)
  /// Checks the input, lays out parameters and adds operations.
  func lower(
    into builder: inout GraphBuilder, input: GraphValue, path: String
  ) throws(ModelError) -> GraphValue
  /// Multiply-adds for one image.
  func multiplyAdds(input: Shape, output: Shape) -> Int
}

extension GraphLayer {
  func multiplyAdds(input: Shape, output: Shape) -> Int { 0 }

  /// Refuses a number outside its range.
  func require<Number>(
    _ value: Number, in range: ClosedRange<Number>, _ field: String, _ path: String
  ) throws(ModelError) {
    guard range.contains(value) else {
      throw .invalid(
        layer: "\(path) (\(form.kind.rawValue))", field: field,
        expected: "in \(range.lowerBound)...\(range.upperBound)", found: "\(value)")
    }
  }
}
