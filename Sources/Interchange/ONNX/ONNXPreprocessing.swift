internal import ImageData

extension ONNXGraph {
  /// Adds the preprocessing of images, and returns the tensor's name.
  ///
  /// uint8 [N, H, W, 3] of any size to float [N, 3, height, width]: resized as `ImageData` does it,
  /// rounded to whole levels after each direction, then (level - mean) / deviation. The weights of
  /// the pixels are computed in the graph from H and W, and resizing is two matrix products: ONNX's
  /// own Resize lacks area averaging and an antialiased crop.
  mutating func addPreprocessing(_ preprocessing: Preprocessing, of image: String) -> String {
    let rows = addAxis(.rows, preprocessing, of: image)
    let columns = addAxis(.columns, preprocessing, of: image)
    var levels: String
    if preprocessing.filter == .nearest {
      let lines = add("Gather", [image, addNearestPixels(rows)], "rows.picked", ["axis": .int(1)])
      let picked = add(
        "Gather", [lines, addNearestPixels(columns)], "columns.picked", ["axis": .int(2)])
      levels = addPlanes(picked)
    } else {
      let across = addWeights(preprocessing.filter, columns)
      let turned = step("Transpose", across, in: "columns")
      let narrow = addLevels(step("MatMul", addPlanes(image), turned, in: "columns"), in: "columns")
      let down = addWeights(preprocessing.filter, rows)
      levels = addLevels(step("MatMul", down, narrow, in: "rows"), in: "rows")
    }
    for (axis, shape) in [(rows, [-1, 1]), (columns, [1, -1])] {
      guard let inside = addInside(axis) else { continue }
      let shape = constant("\(axis.direction.rawValue).shape", shape)
      let plane = step("Reshape", inside, shape, in: axis.direction.rawValue)
      levels = step("Mul", levels, plane, in: axis.direction.rawValue)
    }
    let scale = constant("preprocessing.scale", [3, 1, 1], preprocessing.scale)
    let offset = constant("preprocessing.offset", [3, 1, 1], preprocessing.offset)
    let scaled = add("Mul", [levels, scale], "preprocessing.scaled")
    return add("Add", [scaled, offset], "preprocessing")
  }

  /// Images with the channels first, as floats.
  private mutating func addPlanes(_ image: String) -> String {
    let planes = add("Transpose", [image], "planes", ["perm": .ints([0, 3, 1, 2])])
    return cast(planes, to: .float, "planes.levels")
  }

  /// The nearest whole level, halves upwards, in 0...255.
  private mutating func addLevels(_ values: String, in scope: String) -> String {
    let half = constant("level.half", [], [Float(0.5)])
    let bounds = [
      constant("level.lowest", [], [Float(0)]), constant("level.highest", [], [Float(255)]),
    ]
    let whole = step("Floor", step("Add", values, half, in: scope), in: scope)
    return add("Clip", [whole] + bounds, "\(scope).levels")
  }

  /// The weights of all source pixels for each target pixel, [target][source], their sums 1.
  ///
  /// As `FilterWindow` in `ImageData` has them.
  private mutating func addWeights(_ filter: ResizeFilter, _ axis: ONNXAxis) -> String {
    let scope = axis.direction.rawValue
    let pixels = step(
      "Range", number(0, []), step("Squeeze", axis.size, in: scope), number(1, []), in: scope)
    let column = constant("\(scope).column", [-1, 1])
    let centers = step("Reshape", addCenters(axis), column, in: scope)
    let widest = step("Max", axis.scale, number(1), in: scope)
    let apart = step("Add", step("Sub", pixels, centers, in: scope), number(0.5), in: scope)
    let distances = step("Mul", apart, step("Div", number(1), widest, in: scope), in: scope)
    var weights = addFilter(filter, distances, in: scope)
    if filter == .area {
      let window = addWindow(pixels, centers: centers, widest: widest, in: scope)
      weights = step("Mul", weights, window, in: scope)
    }
    let sums = add("ReduceSum", [weights, constant("weights.axis", [1])], "\(scope).sums")
    // Outside the image there may be no pixel; the values there are masked.
    let safe = step("Max", sums, number(1e-9), in: scope)
    return cast(step("Div", weights, safe, in: scope), to: .float, "\(scope).weights")
  }

  /// 1 for each source pixel in a target pixel's window, half as wide as `widest` to each side.
  ///
  /// A filter that does not end in zero needs it: a pixel on the edge belongs to one window only,
  /// and rounding decides which.
  private mutating func addWindow(
    _ pixels: String, centers: String, widest: String, in scope: String
  ) -> String {
    let reach = step("Mul", widest, number(0.5), in: scope)
    let lower = step("Add", step("Sub", centers, reach, in: scope), number(0.5), in: scope)
    let upper = step("Add", step("Add", centers, reach, in: scope), number(0.5), in: scope)
    let begun = step("GreaterOrEqual", pixels, step("Floor", lower, in: scope), in: scope)
    let open = step("Less", pixels, step("Floor", upper, in: scope), in: scope)
    return cast(step("And", begun, open, in: scope), to: .double, "\(scope).window")
  }

  /// A filter's value at each distance, in pixels of the coarser side.
  private mutating func addFilter(
    _ filter: ResizeFilter, _ distances: String, in scope: String
  ) -> String {
    if filter == .area || filter == .nearest {
      let behind = step("Greater", distances, number(-0.5), in: scope)
      let before = step("LessOrEqual", distances, number(0.5), in: scope)
      return cast(step("And", behind, before, in: scope), to: .double, "\(scope).filter")
    }
    let x = step("Abs", distances, in: scope)
    guard filter == .bicubic else {
      return step("Max", step("Sub", number(1), x, in: scope), number(0), in: scope)
    }
    // Keys's cubic with a = -0.5, by Horner's rule.
    let near = addPolynomial([1.5, -2.5, 0, 1], x, in: scope)
    let far = addPolynomial([-0.5, 2.5, -4, 2], x, in: scope)
    let isNear = step("Less", x, number(1), in: scope)
    let isFar = step("Less", x, number(2), in: scope)
    return step("Where", isNear, near, step("Where", isFar, far, number(0), in: scope), in: scope)
  }

  /// A polynomial of x, the highest power's coefficient first.
  private mutating func addPolynomial(
    _ coefficients: [Double], _ x: String, in scope: String
  ) -> String {
    coefficients.dropFirst().reduce(number(coefficients[0])) { sum, coefficient in
      step("Add", step("Mul", sum, x, in: scope), number(coefficient), in: scope)
    }
  }

  /// 1 for each target pixel that lies in the image and 0 for the border, as floats; nil if
  /// there is no border.
  private mutating func addInside(_ axis: ONNXAxis) -> String? {
    guard let inside = axis.inside else { return nil }
    let scope = axis.direction.rawValue
    let places = constant("\(scope).places", [axis.target], (0..<axis.target).map(Double.init))
    let begun = step("GreaterOrEqual", places, inside.start, in: scope)
    let end = step("Add", inside.start, inside.count, in: scope)
    let open = step("Less", places, end, in: scope)
    return cast(step("And", begun, open, in: scope), to: .float, "\(scope).inside")
  }
}
