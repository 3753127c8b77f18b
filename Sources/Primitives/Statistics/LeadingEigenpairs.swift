/// The largest eigenvalues of a symmetric matrix without negative ones, and their vectors.
///
/// Small matrices by Jacobi's rotations, exactly; of larger ones the leading pairs by orthogonal
/// iteration of a few vectors more than are wanted, and the Rayleigh-Ritz method (Golub and Van
/// Loan, Matrix Computations, 2013, 8.5 and 8.2.4). All in double precision and in a fixed order.
package struct LeadingEigenpairs: Sendable, Hashable {
  /// The eigenvalues above zero, the largest first.
  package let values: [Double]
  /// A vector of length 1 for each.
  package let vectors: [[Double]]

  /// Vectors that are iterated beside those wanted, and rounds.
  private static let (spare, rounds) = (16, 20)
  /// The part of the largest eigenvalue below which one counts as zero.
  private static let least = 1e-10

  /// At most `count` pairs of a matrix of `size` rows, in row-major order.
  package init(of matrix: [Double], size: Int, count: Int) {
    precondition(matrix.count == size * size, "a square matrix")
    let block = count + LeadingEigenpairs.spare
    var pairs: [(value: Double, vector: [Double])]
    if size <= block {
      pairs = jacobi(matrix, size)
    } else {
      var stream = RandomStream(seed: 0, purpose: .initialization)
      var basis = (0..<block).map { _ in (0..<size).map { _ in Double(stream.uniform()) - 0.5 } }
      orthonormalize(&basis)
      for _ in 0..<LeadingEigenpairs.rounds {
        basis = basis.map { product(matrix, $0) }
        orthonormalize(&basis)
      }
      let images = basis.map { product(matrix, $0) }
      let small = basis.flatMap { row in images.map { innerProduct(row, $0) } }
      pairs = jacobi(small, block).map { pair in
        var vector = [Double](repeating: 0, count: size)
        for (weight, row) in zip(pair.vector, basis) {
          for i in vector.indices { vector[i] += weight * row[i] }
        }
        return (pair.value, vector)
      }
    }
    let order = pairs.indices.sorted { (pairs[$1].value, $0) < (pairs[$0].value, $1) }
    let largest = order.first.map { pairs[$0].value } ?? 0
    let kept = order.prefix(count).filter {
      largest > 0 && pairs[$0].value > LeadingEigenpairs.least * largest
    }
    values = kept.map { pairs[$0].value }
    vectors = kept.map { pairs[$0].vector }
  }
}

/// The sum of products of two rows of equal length.
package func innerProduct(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
  let (first, second, count) = (a.startIndex, b.startIndex, a.count)
  var sums = SIMD4<Double>()
  let whole = count & ~3
  for i in stride(from: 0, to: whole, by: 4) {
    let (x, y) = (first + i, second + i)
    let left = SIMD4<Double>(a[x], a[x + 1], a[x + 2], a[x + 3])
    let right = SIMD4<Double>(b[y], b[y + 1], b[y + 2], b[y + 3])
    sums += left * right
  }
  var rest = 0.0
  for i in whole..<count { rest += a[first + i] * b[second + i] }
  return sums.sum() + rest
}

package func innerProduct(_ a: [Double], _ b: [Double]) -> Double {
  innerProduct(a[...], b[...])
}

/// A symmetric matrix times a vector.
private func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
  let size = vector.count
  return (0..<size).map { innerProduct(matrix[($0 * size)..<(($0 + 1) * size)], vector[...]) }
}

/// Makes vectors orthogonal and of length 1, one after the other; one that depends on those before
/// it becomes zero.
private func orthonormalize(_ vectors: inout [[Double]]) {
  for index in vectors.indices {
    let length = innerProduct(vectors[index], vectors[index]).squareRoot()
    // The second pass removes what rounding left over.
    for _ in 0..<2 {
      for other in 0..<index {
        let part = innerProduct(vectors[index], vectors[other])
        for i in vectors[index].indices { vectors[index][i] -= part * vectors[other][i] }
      }
    }
    let rest = innerProduct(vectors[index], vectors[index]).squareRoot()
    let factor = rest > 1e-12 * length ? 1 / rest : 0
    for i in vectors[index].indices { vectors[index][i] *= factor }
  }
}

/// All eigenpairs, in no order, by cyclic rotations until what is off the diagonal is rounding.
private func jacobi(_ matrix: [Double], _ size: Int) -> [(value: Double, vector: [Double])] {
  var a = matrix
  // A row is a vector.
  var vectors = [Double](repeating: 0, count: size * size)
  for i in 0..<size { vectors[i * size + i] = 1 }
  let whole = matrix.reduce(0) { $0 + $1 * $1 }
  for _ in 0..<50 {
    var off = 0.0
    for row in 0..<size {
      for column in 0..<row { off += a[row * size + column] * a[row * size + column] }
    }
    guard off > 1e-28 * whole else { break }
    for p in 0..<size {
      for q in (p + 1)..<max(p + 1, size) where a[p * size + q] != 0 {
        let angle = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q])
        let t = (angle < 0 ? -1 : 1) / (abs(angle) + (angle * angle + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for i in 0..<size {
          let (x, y) = (a[i * size + p], a[i * size + q])
          a[i * size + p] = c * x - s * y
          a[i * size + q] = s * x + c * y
        }
        for i in 0..<size {
          let (x, y) = (a[p * size + i], a[q * size + i])
          a[p * size + i] = c * x - s * y
          a[q * size + i] = s * x + c * y
        }
        for i in 0..<size {
          let (x, y) = (vectors[p * size + i], vectors[q * size + i])
          vectors[p * size + i] = c * x - s * y
          vectors[q * size + i] = s * x + c * y
        }
      }
    }
  }
  return (0..<size).map {
    (a[$0 * size + $0], Array(vectors[($0 * size)..<(($0 + 1) * size)]))
  }
}
