import Primitives
import TestSupport
import Testing

/// A matrix with these eigenvalues: reflected twice at random planes.
private func matrix(_ values: [Double], seed: UInt64) -> [Double] {
  let size = values.count
  var random = RandomValues(seed: seed)
  var matrix = [Double](repeating: 0, count: size * size)
  for i in 0..<size { matrix[i * size + i] = values[i] }
  for _ in 0..<2 {
    let normal = random.normals(size).map(Double.init)
    let square = normal.reduce(0) { $0 + $1 * $1 }
    func reflect(_ element: (Int) -> Int) {
      let part = (0..<size).reduce(0) { $0 + normal[$1] * matrix[element($1)] } * 2 / square
      for i in 0..<size { matrix[element(i)] -= part * normal[i] }
    }
    for column in 0..<size { reflect { $0 * size + column } }
    for row in 0..<size { reflect { row * size + $0 } }
  }
  return matrix
}

@Suite struct LeadingEigenpairsTests {
  /// Small ones are rotated as a whole, large ones iterated.
  @Test(arguments: [(1, 1), (7, 3), (7, 7), (60, 20), (150, 20)])
  func `The largest eigenvalues are found with vectors of length 1`(size: Int, count: Int) {
    let values = (0..<size).map { 100 / Double(1 + $0 * $0) + 0.01 }
    let matrix = matrix(values, seed: 3)
    let pairs = LeadingEigenpairs(of: matrix, size: size, count: count)
    #expect(pairs.values.count == count)
    for (index, vector) in pairs.vectors.enumerated() {
      let value = pairs.values[index]
      #expect(abs(value - values[index]) < 1e-6 * values[index] + 1e-9)
      var length = 0.0
      for row in 0..<size {
        let image = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * vector[$1] }
        #expect(abs(image - value * vector[row]) < 1e-4)
        length += vector[row] * vector[row]
      }
      #expect(abs(length - 1) < 1e-9)
    }
  }

  @Test(arguments: [30, 150])
  func `A matrix of a lower rank has no more pairs than that, and zero none`(size: Int) {
    let values = (0..<size).map { $0 < 9 ? Double(10 - $0) : 0 }
    let pairs = LeadingEigenpairs(of: matrix(values, seed: 4), size: size, count: 40)
    #expect(pairs.values.count == 9)
    #expect(zip(pairs.values, values).allSatisfy { abs($0 - $1) < 1e-8 })
    let none = LeadingEigenpairs(
      of: [Double](repeating: 0, count: size * size), size: size, count: 40)
    #expect(none.values.isEmpty && none.vectors.isEmpty)
  }
}
