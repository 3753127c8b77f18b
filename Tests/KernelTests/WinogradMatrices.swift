/// The matrices of one of Winograd's methods on tiles of six: y = Aᵀ [(G g) ⊙ (Bᵀ d)].
struct WinogradMatrices {
  typealias Matrix = [[Double]]

  /// Six values of data to six.
  let data: Matrix
  /// The filter's values to six.
  let filter: Matrix
  /// Six products to the outputs.
  let output: Matrix

  private static let dataOfSix: Matrix = [
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
  ]

  /// Four outputs of a filter of three.
  static let fourOfThree = WinogradMatrices(
    data: dataOfSix,
    filter: [
      [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
    ])

  /// Three outputs of a filter of four; its rows' factors stand with the outputs.
  static let threeOfFour = WinogradMatrices(
    data: dataOfSix,
    filter: [
      [1, 0, 0, 0], [1, 1, 1, 1], [1, -1, 1, -1], [1, 2, 4, 8], [1, -2, 4, -8], [0, 0, 0, 1],
    ],
    output: [
      [1 / 4, -1 / 6, -1 / 6, 1 / 24, 1 / 24, 0], [0, -1 / 6, 1 / 6, 2 / 24, -2 / 24, 0],
      [0, -1 / 6, -1 / 6, 4 / 24, 4 / 24, 1],
    ])

  /// m d mᵀ: the transform of a square in both directions.
  static func transformed(_ d: Matrix, by m: Matrix) -> Matrix {
    m.map { row in
      m.map { column in
        var sum = 0.0
        for (i, a) in row.enumerated() {
          for (j, b) in column.enumerated() { sum += a * d[i][j] * b }
        }
        return sum
      }
    }
  }

  /// The same sum over the magnitudes of its terms, which bounds its rounding error.
  static func magnitudes(_ d: Matrix, by m: Matrix) -> Matrix {
    transformed(d.map { $0.map(abs) }, by: m.map { $0.map(abs) })
  }

  /// What the three matrices make of data and a filter, both squares.
  func correlation(_ d: Matrix, _ g: Matrix) -> Matrix {
    let (v, u) = (
      WinogradMatrices.transformed(d, by: data), WinogradMatrices.transformed(g, by: filter)
    )
    let products = zip(v, u).map { zip($0, $1).map { $0 * $1 } }
    return WinogradMatrices.transformed(products, by: output)
  }
}
