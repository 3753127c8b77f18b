import Foundation
import Testing

/// Runs a decoded graph in Double by ONNX's description of its operators (opset 17).
struct ONNXInterpreter {
  let file: ONNXFile

  /// An output of a graph for its one input: the first, or the one of that name.
  func run(_ input: ONNXTensor, for output: String? = nil) throws -> ONNXTensor {
    var values = file.constants
    values[file.input.name] = input
    for node in file.nodes {
      let inputs = try node.inputs.map { try #require(values[$0], "\($0) is not there yet") }
      try #require(values[node.output] == nil, "\(node.output) is there already")
      values[node.output] = try ONNXInterpreter.result(node, inputs)
    }
    return try #require(values[output ?? file.output.name])
  }

  private static func result(_ node: ONNXFile.Node, _ x: [ONNXTensor]) throws -> ONNXTensor {
    if let join = binary[node.type] { return ONNXTensor.pairs(x[0], x[1], join) }
    if let change = unary[node.type] { return x[0].map(change) }
    switch node.type {
    case "Conv": return convolution(node, x)
    case "MaxPool": return pool(node, x[0]) { $0.max() ?? -.infinity }
    case "AveragePool": return pool(node, x[0]) { $0.reduce(0, +) / Double($0.count) }
    case "GlobalAveragePool":
      return ONNXTensor(Array(x[0].shape[..<2]) + [1, 1]) { index in
        var sum = 0.0
        for row in 0..<x[0].shape[2] {
          for column in 0..<x[0].shape[3] { sum += x[0].at([index[0], index[1], row, column]) }
        }
        return sum / Double(x[0].shape[2] * x[0].shape[3])
      }
    case "BatchNormalization":
      let epsilon = Double(try #require(node.floats["epsilon"]))
      return ONNXTensor(x[0].shape) { index in
        let c = index[1]
        let deviation = (x[4].values[c] + epsilon).squareRoot()
        return x[1].values[c] * (x[0].at(index) - x[3].values[c]) / deviation + x[2].values[c]
      }
    case "Gemm":
      try #require(node.int("transB") == 1)
      return ONNXTensor([x[0].shape[0], x[1].shape[0]]) { index in
        (0..<x[1].shape[1]).reduce(x.count > 2 ? x[2].values[index[1]] : 0) {
          $0 + x[0].at([index[0], $1]) * x[1].at([index[1], $1])
        }
      }
    case "MatMul": return matrixProduct(x[0], x[1])
    case "Softmax":
      return ONNXTensor(x[0].shape) { index in
        let row = (0..<x[0].shape[1]).map { exp(x[0].at([index[0], $0])) }
        return row[index[1]] / row.reduce(0, +)
      }
    case "ReduceMean":
      return x[0].reduced(node.int("axes"), keeps: node.int("keepdims", default: 1) == 1) {
        $0.reduce(0, +) / Double($0.count)
      }
    case "ReduceSum":
      return x[0].reduced(x[1].integers[0], keeps: node.int("keepdims", default: 1) == 1) {
        $0.reduce(0, +)
      }
    case "Where":
      let shape = x.map(\.shape).reduce([], ONNXTensor.common)
      return ONNXTensor(shape) { x[0].broadcast($0) != 0 ? x[1].broadcast($0) : x[2].broadcast($0) }
    default: return try moved(node, x)
    }
  }

  /// Operators that move elements or change their type.
  private static func moved(_ node: ONNXFile.Node, _ x: [ONNXTensor]) throws -> ONNXTensor {
    let shape = x[0].shape
    switch node.type {
    case "Cast":
      // float, uint8, int64, double; what becomes whole is whole before.
      return node.int("to") == 1 ? x[0].map { Double(Float($0)) } : x[0]
    case "Shape":
      let part = shape[node.int("start")..<node.int("end", default: shape.count)]
      return ONNXTensor([part.count], part.map(Double.init))
    case "Range":
      let values = Array(stride(from: x[0].values[0], to: x[1].values[0], by: x[2].values[0]))
      return ONNXTensor([values.count], values)
    case "CumSum":
      // Along a list, one after the other.
      try #require(shape.count == 1 && x[1].integers[0] == 0)
      var sum = 0.0
      return ONNXTensor(
        shape,
        x[0].values.map {
          sum += $0
          return sum
        })
    case "Squeeze": return ONNXTensor(shape.filter { $0 > 1 }, x[0].values)
    case "Flatten":
      return ONNXTensor([shape[0], x[0].values.count / shape[0]], x[0].values)
    case "Reshape":
      var wanted = x[1].integers.enumerated().map { $1 == 0 ? shape[$0] : $1 }
      if let open = wanted.firstIndex(of: -1) {
        wanted[open] = -x[0].values.count / wanted.reduce(1, *)
      }
      return ONNXTensor(wanted, x[0].values)
    case "Transpose":
      let order = node.ints["perm"] ?? Array(shape.indices.reversed())
      return ONNXTensor(order.map { shape[$0] }) { index in
        var source = index
        for (axis, from) in order.enumerated() { source[from] = index[axis] }
        return x[0].at(source)
      }
    case "Concat":
      let axis = node.int("axis")
      var joined = shape
      joined[axis] = x.reduce(0) { $0 + $1.shape[axis] }
      return ONNXTensor(joined) { index in
        var index = index
        for part in x {
          if index[axis] < part.shape[axis] { return part.at(index) }
          index[axis] -= part.shape[axis]
        }
        return .nan
      }
    case "Gather":
      let axis = node.int("axis")
      var picked = shape
      picked[axis] = x[1].values.count
      return ONNXTensor(picked) { index in
        var index = index
        index[axis] = x[1].integers[index[axis]]
        return x[0].at(index, outside: .nan)
      }
    case "Slice":
      // From the last backwards to the first is all that is used.
      try #require(x[1].integers == [-1] && x[2].integers[0] < -shape[3] && x[4].integers == [-1])
      let axis = x[3].integers[0]
      return ONNXTensor(shape) { index in
        var index = index
        index[axis] = shape[axis] - 1 - index[axis]
        return x[0].at(index)
      }
    case "HardSigmoid":
      let alpha = Double(try #require(node.floats["alpha"]))
      let beta = Double(try #require(node.floats["beta"]))
      return x[0].map { min(max(alpha * $0 + beta, 0), 1) }
    case "Clip":
      return x[0].map { min(max($0, x[1].values[0]), x[2].values[0]) }
    default:
      throw UnknownOperator(type: node.type)
    }
  }

  struct UnknownOperator: Error {
    var type: String
  }

  private static let binary: [String: @Sendable (Double, Double) -> Double] = [
    "Add": { $0 + $1 }, "Sub": { $0 - $1 }, "Mul": { $0 * $1 }, "Div": { $0 / $1 },
    "Min": { min($0, $1) }, "Max": { max($0, $1) }, "And": { $0 * $1 },
    "Less": { $0 < $1 ? 1 : 0 }, "Greater": { $0 > $1 ? 1 : 0 },
    "LessOrEqual": { $0 <= $1 ? 1 : 0 }, "GreaterOrEqual": { $0 >= $1 ? 1 : 0 },
  ]

  private static let unary: [String: @Sendable (Double) -> Double] = [
    "Relu": { max($0, 0) }, "Abs": { abs($0) }, "Floor": { $0.rounded(.down) },
    "Sigmoid": { 1 / (1 + exp(-$0)) },
    "Sqrt": { $0.squareRoot() }, "Sign": { $0 < 0 ? -1 : $0 > 0 ? 1 : 0 },
    "Round": { $0.rounded(.toNearestOrEven) },
  ]

  private static func matrixProduct(_ a: ONNXTensor, _ b: ONNXTensor) -> ONNXTensor {
    let batch = a.shape.count > b.shape.count ? a.shape.dropLast(2) : b.shape.dropLast(2)
    let inner = b.shape[b.shape.count - 2]
    let shape = batch + [a.shape[a.shape.count - 2], b.shape[b.shape.count - 1]]
    return ONNXTensor(Array(shape)) { index in
      let (row, column) = (index[index.count - 2], index[index.count - 1])
      let (aIndex, bIndex) = (
        Array(index.prefix(a.shape.count - 2)), Array(index.prefix(b.shape.count - 2))
      )
      return (0..<inner).reduce(0.0) {
        $0 + a.at(aIndex + [row, $1]) * b.at(bIndex + [$1, column])
      }
    }
  }

  private static func convolution(_ node: ONNXFile.Node, _ x: [ONNXTensor]) -> ONNXTensor {
    let (map, kernels) = (x[0], x[1])
    // The inputs of an output's group.
    let inputs = kernels.shape[1]
    let outputs = kernels.shape[0] * inputs / map.shape[1]
    return windows(node, map, channels: kernels.shape[0]) { image, output, places in
      var sum = x.count > 2 ? x[2].values[output] : 0
      for place in places {
        for input in 0..<inputs {
          let channel = output / outputs * inputs + input
          let pixel = map.at([image, channel, place.row, place.column])
          sum += pixel * kernels.at([output, input, place.y, place.x])
        }
      }
      return sum
    }
  }

  private static func pool(
    _ node: ONNXFile.Node, _ x: ONNXTensor, _ join: ([Double]) -> Double
  ) -> ONNXTensor {
    windows(node, x, channels: x.shape[1]) { image, channel, places in
      join(
        places.map { x.at([image, channel, $0.row, $0.column], outside: .nan) }
          .filter { !$0.isNaN })
    }
  }

  private typealias Place = (y: Int, x: Int, row: Int, column: Int)

  /// Moves the node's window over the map; `join` gets all its places, those in the padding too.
  private static func windows(
    _ node: ONNXFile.Node, _ x: ONNXTensor, channels: Int,
    _ join: (_ image: Int, _ channel: Int, _ places: [Place]) -> Double
  ) -> ONNXTensor {
    let kernel = node.ints["kernel_shape"] ?? []
    let step = node.ints["strides"] ?? []
    let pads = node.ints["pads"] ?? []
    let extents = (0..<2).map { axis -> Int in
      let padded = x.shape[2 + axis] + pads[axis] + pads[2 + axis]
      return (padded - kernel[axis]) / step[axis] + 1
    }
    return ONNXTensor([x.shape[0], channels] + extents) { index in
      var places: [Place] = []
      for y in 0..<kernel[0] {
        for x in 0..<kernel[1] {
          let row = index[2] * step[0] + y - pads[0]
          let column = index[3] * step[1] + x - pads[1]
          places.append((y, x, row, column))
        }
      }
      return join(index[0], index[1], places)
    }
  }
}
