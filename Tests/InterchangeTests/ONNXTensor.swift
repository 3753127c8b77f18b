/// A tensor of an interpreted graph: all types as doubles, the last extent running fastest.
struct ONNXTensor {
  var shape: [Int]
  var values: [Double]

  init(_ shape: [Int], _ values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "\(shape) holds \(values.count) values")
    self.shape = shape
    self.values = values
  }

  /// A tensor whose elements are made of their indices.
  init(_ shape: [Int], at element: ([Int]) -> Double) {
    var values: [Double] = []
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<shape.reduce(1, *) {
      values.append(element(index))
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    self.init(shape, values)
  }

  /// The values as whole numbers.
  var integers: [Int] { values.map { Int($0) } }

  /// An element; an index outside gives `outside`.
  func at(_ index: [Int], outside: Double = 0) -> Double {
    var offset = 0
    for (place, extent) in zip(index, shape) {
      guard (0..<extent).contains(place) else { return outside }
      offset = offset * extent + place
    }
    return values[offset]
  }

  /// An element of the tensor stretched to a larger shape.
  func broadcast(_ index: [Int]) -> Double {
    at(zip(index.suffix(shape.count), shape).map { $1 == 1 ? 0 : $0 })
  }

  func map(_ change: (Double) -> Double) -> ONNXTensor { ONNXTensor(shape, values.map(change)) }

  /// Elements put together in pairs, both stretched to the common shape.
  static func pairs(
    _ a: ONNXTensor, _ b: ONNXTensor, _ join: (Double, Double) -> Double
  ) -> ONNXTensor {
    ONNXTensor(common(a.shape, b.shape)) { join(a.broadcast($0), b.broadcast($0)) }
  }

  static func common(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    let padded = [a, b].map { [Int](repeating: 1, count: rank - $0.count) + $0 }
    return zip(padded[0], padded[1]).map { max($0, $1) }
  }

  /// Elements along an axis put together; the axis becomes 1 or vanishes.
  func reduced(_ axis: Int, keeps: Bool, _ join: ([Double]) -> Double) -> ONNXTensor {
    var kept = shape
    kept[axis] = 1
    let result = ONNXTensor(kept) { index in
      join(
        (0..<shape[axis]).map { place in
          var index = index
          index[axis] = place
          return at(index)
        })
    }
    if !keeps { kept.remove(at: axis) }
    return ONNXTensor(kept, result.values)
  }
}
