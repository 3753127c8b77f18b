internal import ImageData

/// One direction of an image and of the network's input, as names of doubles in a graph.
///
/// `ResizeGeometry` as ONNX nodes: lengths are lists of one element, in pixels.
struct ONNXAxis {
  enum Direction: String {
    case rows
    case columns
  }

  let direction: Direction
  /// Pixels of the network's input.
  let target: Int
  /// Pixels of the image.
  let size: String
  /// Source pixels per target pixel.
  let scale: String
  /// The start of the used part of the image, in pixels; nil for its first pixel.
  let lower: String?
  /// The start of the image in the input and its number of pixels there; nil if it fills the input.
  let inside: (start: String, count: String)?
}

extension ONNXGraph {
  /// Adds the numbers of one direction of the picture `image`, uint8 [N, H, W, 3].
  mutating func addAxis(
    _ direction: ONNXAxis.Direction, _ preprocessing: Preprocessing, of image: String
  ) -> ONNXAxis {
    let scope = direction.rawValue
    let isRows = direction == .rows
    let (height, width) = (preprocessing.height, preprocessing.width)
    let target = isRows ? height : width
    let size = addExtent(isRows ? 1 : 2, of: image, "\(scope).size")
    var lower: String?
    var used = size
    var count = number(Double(target))
    var inside: (start: String, count: String)?
    if preprocessing.resize != .stretch {
      let other = addExtent(isRows ? 2 : 1, of: image, "\(scope).other")
      switch preprocessing.resize {
      case .stretch: break
      case .crop where preprocessing.cropShare < 1:
        // The image is resized to a map of which the input is the middle part.
        func covered(_ side: Int) -> String {
          number((Double(side) / preprocessing.cropShare).rounded())
        }
        let longer = step("Mul", covered(isRows ? width : height), size, in: scope)
        let scaled = step("Floor", step("Div", longer, other, in: scope), in: scope)
        let whole = step("Max", covered(target), scaled, in: scope)
        let pixel = step("Div", size, whole, in: scope)
        let rest = step("Sub", whole, count, in: scope)
        let first = step("Round", step("Mul", rest, number(0.5), in: scope), in: scope)
        let start = step("Mul", first, pixel, in: scope)
        let upper = step("Mul", step("Add", first, count, in: scope), pixel, in: scope)
        used = step("Sub", upper, start, in: scope)
        lower = start
      case .crop:
        let shape = number(Double(width) / Double(height))
        let fitting = step(isRows ? "Div" : "Mul", other, shape, in: scope)
        let (across, down) = isRows ? (other, size) : (size, other)
        let own = step("Div", across, down, in: scope)
        let isLonger = step(isRows ? "Less" : "Greater", own, shape, in: scope)
        let length = step("Where", isLonger, fitting, size, in: scope)
        let start = step("Mul", step("Sub", size, length, in: scope), number(0.5), in: scope)
        // Bounds are rounded to single precision, as Pillow's are.
        let upper = addSingle(step("Add", start, length, in: scope), "\(scope).upper")
        let single = addSingle(start, "\(scope).lower")
        used = step("Sub", upper, single, in: scope)
        lower = single
      case .pad:
        let shape = step("Div", size, other, in: scope)
        let length = step("Mul", shape, number(Double(isRows ? width : height)), in: scope)
        let some = step("Max", step("Round", length, in: scope), number(1), in: scope)
        let whole = step("Min", some, count, in: scope)
        let rest = step("Sub", count, whole, in: scope)
        count = whole
        let start = step("Round", step("Mul", rest, number(0.5), in: scope), in: scope)
        inside = (start, whole)
      }
    }
    return ONNXAxis(
      direction: direction, target: target, size: size,
      scale: step("Div", used, count, in: scope), lower: lower, inside: inside)
  }

  /// The centres of the target pixels in the image, [target].
  mutating func addCenters(_ axis: ONNXAxis) -> String {
    let scope = axis.direction.rawValue
    let halves = constant(
      "\(scope).halves", [axis.target], (0..<axis.target).map { Double($0) + 0.5 })
    let places = axis.inside.map { step("Sub", halves, $0.start, in: scope) } ?? halves
    let spread = step("Mul", places, axis.scale, in: scope)
    return axis.lower.map { step("Add", spread, $0, in: scope) } ?? spread
  }

  /// The source pixel under each target pixel's centre, [target] int64.
  ///
  /// Positions are summed step by step as in `Resizer`, so that a centre between two pixels is
  /// rounded alike. On a border outside the image any pixel will do, because it is masked.
  mutating func addNearestPixels(_ axis: ONNXAxis) -> String {
    let scope = axis.direction.rawValue
    let half = step("Mul", axis.scale, number(0.5), in: scope)
    let begin = axis.lower.map { step("Add", $0, half, in: scope) } ?? half
    let count = axis.target - 1
    let ones = constant("\(scope).ones", [count], [Double](repeating: 1, count: count))
    let steps = step("Mul", axis.scale, ones, in: scope)
    let all = add("Concat", [begin, steps], "\(scope).steps", ["axis": .int(0)])
    var positions = step("CumSum", all, constant("list.axis", 0), in: scope)
    if let inside = axis.inside {
      let places = constant("\(scope).places", [axis.target], (0..<axis.target).map(Double.init))
      let own = step("Max", step("Sub", places, inside.start, in: scope), number(0), in: scope)
      positions = step("Gather", positions, cast(own, to: .int64, "\(scope).own"), in: scope)
    }
    let last = step("Sub", axis.size, number(1), in: scope)
    let within = step("Min", step("Floor", positions, in: scope), last, in: scope)
    return cast(within, to: .int64, "\(scope).pixels")
  }

  /// An extent of a tensor as a double.
  private mutating func addExtent(_ axis: Int, of tensor: String, _ name: String) -> String {
    let extent = add(
      "Shape", [tensor], "\(name).count", ["start": .int(axis), "end": .int(axis + 1)])
    return cast(extent, to: .double, name)
  }

  /// A double rounded to single precision, still as a double.
  private mutating func addSingle(_ value: String, _ name: String) -> String {
    cast(cast(value, to: .float, "\(name).single"), to: .double, name)
  }

  /// A constant double; a list of one element unless told otherwise.
  mutating func number(_ value: Double, _ shape: [Int] = [1]) -> String {
    constant(shape.isEmpty ? "scalar.\(value)" : "number.\(value)", shape, [value])
  }

  /// Adds a node without attributes, named for its scope, its type and its number.
  mutating func step(_ type: String, _ inputs: String..., in scope: String) -> String {
    add(type, inputs, "\(scope).\(type).\(count)")
  }
}
