/// The places of a tensor's numbers in memory, which may be a transposed or cut one's.
struct StridedPlaces: Sendable, Hashable {
  let shape: [Int]
  /// Numbers from one place of an extent to the next.
  let strides: [Int]

  /// One number after the other, the last extent running fastest.
  init(contiguous shape: [Int]) {
    self.shape = shape
    strides = StridedPlaces.contiguous(shape)
  }

  /// Places that lie apart, of extents that are as many as `strides`; nil where two are the same, or
  /// where there are more than `limit` numbers from the first to the last.
  init?(shape: [Int], strides: [Int], limit: Int) {
    guard shape.count == strides.count, limit > 0,
      shape.allSatisfy({ (1...limit).contains($0) })
    else { return nil }
    // From the narrowest stride on, each leaps over all that lies within.
    var span = 1
    let wide = zip(shape, strides).filter { $0.0 > 1 }.sorted { $0.1 < $1.1 }
    for (extent, stride) in wide {
      guard stride >= span else { return nil }
      let (leap, overflow) = stride.multipliedReportingOverflow(by: extent - 1)
      guard !overflow, leap <= limit - span else { return nil }
      span += leap
    }
    self.shape = shape
    self.strides = strides
  }

  var count: Int { shape.reduce(1, *) }

  /// Numbers from the first to the last, both included.
  var span: Int { zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } }

  var isContiguous: Bool {
    zip(zip(shape, strides), StridedPlaces.contiguous(shape)).allSatisfy { own, plain in
      own.0 == 1 || own.1 == plain
    }
  }

  private static func contiguous(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for place in shape.indices.reversed() {
      strides[place] = stride
      stride *= shape[place]
    }
    return strides
  }

  /// Goes over all numbers in their order, with the place of each.
  func visit(_ body: (_ index: Int, _ place: Int) -> Void) {
    // One row where nothing lies between.
    let (shape, strides) = isContiguous ? ([count], [1]) : (shape, strides)
    guard let row = shape.last, let step = strides.last else { return body(0, 0) }
    var outer = [Int](repeating: 0, count: shape.count - 1)
    var (index, first) = (0, 0)
    while true {
      for column in 0..<row { body(index + column, first + column * step) }
      index += row
      // The next row: the last of the outer places that can still grow does.
      var place = outer.count - 1
      while place >= 0, outer[place] == shape[place] - 1 {
        first -= outer[place] * strides[place]
        outer[place] = 0
        place -= 1
      }
      guard place >= 0 else { return }
      outer[place] += 1
      first += strides[place]
    }
  }
}
