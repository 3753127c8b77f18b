import Compute
import KernelTypes
import TestSupport
import Testing

/// Winograd's transforms and products of every level against matrices in Double, inside guard bands.
@Suite("Winograd kernels")
struct WinogradKernelTests {
  private typealias Matrix = WinogradMatrices.Matrix

  /// Some six roundings of 2^-24 on each term's way through both directions of a transform.
  private let tolerance = Tolerance(absolute: 1e-30, relative: 4e-7)

  private func kernels(_ set: InstructionSet) throws -> KernelTable {
    try Engine(threads: 1, instructionSet: set).kernels
  }

  /// Expected numbers by their place in a buffer; everything else is to stay NaN.
  private struct Expected {
    var places: [Int] = []
    var values: [Double] = []
    var magnitudes: [Double] = []

    mutating func add(_ place: Int, _ value: Double, _ magnitude: Double) {
      places.append(place)
      values.append(value)
      magnitudes.append(magnitude)
    }

    /// Adds a square's numbers, each in a plane of its own.
    mutating func add(
      planes square: Matrix, _ magnitudes: Matrix, first: Int, planeStep: Int
    ) {
      for (i, row) in square.enumerated() {
        for (j, value) in row.enumerated() {
          add(first + (row.count * i + j) * planeStep, value, magnitudes[i][j])
        }
      }
    }
  }

  private func expect(
    _ buffer: GuardedBuffer, _ expected: Expected, _ name: String, _ tolerance: Tolerance? = nil
  ) {
    let found = mismatch(
      actual: expected.places.map { buffer.floats[$0] }, expected: expected.values,
      tolerance: tolerance ?? self.tolerance, magnitudes: expected.magnitudes)
    #expect(found == nil, "\(name)")
    let untouched = buffer.floats.count { $0.isNaN }
    #expect(untouched == buffer.floats.count - Set(expected.places).count, "\(name)")
    #expect(buffer.damage == nil, "\(name)")
  }

  /// A square of numbers from a buffer.
  private func square(_ extent: Int, _ place: (Int, Int) -> Int, _ values: [Float]) -> Matrix {
    (0..<extent).map { i in (0..<extent).map { j in Double(values[place(i, j)]) } }
  }

  @Test(arguments: [(WinogradMatrices.fourOfThree, 3), (WinogradMatrices.threeOfFour, 4)])
  func `the matrices of these tests give the correlation`(method: WinogradMatrices, taps: Int) {
    var random = RandomValues(seed: 81, salt: taps)
    let data = random.normals(36)
    let filter = random.normals(taps * taps)
    let d = square(6, { 6 * $0 + $1 }, data)
    let g = square(taps, { taps * $0 + $1 }, filter)
    let found = method.correlation(d, g)
    #expect(found.count == 7 - taps)
    for i in 0..<(7 - taps) {
      for j in 0..<(7 - taps) {
        var sum = 0.0
        for u in 0..<taps { for v in 0..<taps { sum += d[i + u][j + v] * g[u][v] } }
        #expect(abs(found[i][j] - sum) < 1e-12)
      }
    }
  }

  /// A transform of squares that lie beside each other in rows of pixels.
  private typealias TileTransform =
    @Sendable (Input, Output, _ tiles: Int, _ rowStep: Int, _ channels: Int, _ planeStep: Int)
    -> Void

  private func checkTiles(
    _ set: InstructionSet, extent: Int, matrix: Matrix, _ transform: TileTransform
  ) throws {
    let lanes = try kernels(set).lanes
    for (channels, tiles) in [(lanes, 1), (lanes, 4), (2 * lanes, 3), (3 * lanes, 2)] {
      let name = "\(set), \(tiles) tiles of \(channels) channels"
      let rowStep = (4 * tiles + 2) * channels + 5
      let planeStep = tiles * channels + 3
      var random = RandomValues(seed: 82, salt: extent + channels)
      let pixels = random.normals(
        (extent - 1) * rowStep + (4 * (tiles - 1) + extent) * channels)
      let source = GuardedBuffer(pixels)
      let target = GuardedBuffer(count: 35 * planeStep + tiles * channels)
      transform(source.pointer, target.pointer, tiles, rowStep, channels, planeStep)
      var expected = Expected()
      for tile in 0..<tiles {
        for c in 0..<channels {
          let d = square(extent, { $0 * rowStep + (4 * tile + $1) * channels + c }, pixels)
          expected.add(
            planes: WinogradMatrices.transformed(d, by: matrix),
            WinogradMatrices.magnitudes(d, by: matrix), first: tile * channels + c,
            planeStep: planeStep)
        }
      }
      expect(target, expected, name)
      #expect(source.damage == nil)
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `tiles of data and of gradients are transformed by their matrices`(
    set: InstructionSet
  ) throws {
    let winograd = try kernels(set).winograd
    try checkTiles(
      set, extent: 6, matrix: WinogradMatrices.fourOfThree.data, winograd.transformInput)
    try checkTiles(
      set, extent: 4, matrix: WinogradMatrices.threeOfFour.filter, winograd.transformGradient)
  }

  @Test(arguments: TestEngine.instructionSets)
  func `filters are transformed by their matrix`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    let matrix = WinogradMatrices.fourOfThree.filter
    for (rows, width) in [(1, kernels.lanes), (5, 2 * kernels.lanes)] {
      let (rowStep, planeStep) = (width + 3, rows * width + 7)
      let tapStep = rows * rowStep + 2
      var random = RandomValues(seed: 83, salt: rows)
      let filters = random.normals(8 * tapStep + (rows - 1) * rowStep + width)
      let source = GuardedBuffer(filters)
      let target = GuardedBuffer(count: 35 * planeStep + rows * width)
      kernels.winograd.transformFilters(
        source.pointer, target.pointer, rows, width, rowStep, tapStep, planeStep)
      var expected = Expected()
      for row in 0..<rows {
        for c in 0..<width {
          let g = square(3, { (3 * $0 + $1) * tapStep + row * rowStep + c }, filters)
          expected.add(
            planes: WinogradMatrices.transformed(g, by: matrix),
            WinogradMatrices.magnitudes(g, by: matrix), first: row * width + c,
            planeStep: planeStep)
        }
      }
      expect(target, expected, "\(set), \(rows) rows")
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `sums of products become the filter gradient`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    let matrix = WinogradMatrices.threeOfFour.output
    for count in [kernels.lanes, 5 * kernels.lanes] {
      for accumulates in [false, true] {
        let (planeStep, tapStep) = (count + 5, count + 2)
        var random = RandomValues(seed: 84, salt: count)
        let products = random.normals(35 * planeStep + count)
        let former = random.normals(9 * count)
        let source = GuardedBuffer(products)
        let target = GuardedBuffer(count: 8 * tapStep + count)
        var expected = Expected()
        for i in 0..<count {
          let p = square(6, { (6 * $0 + $1) * planeStep + i }, products)
          var value = WinogradMatrices.transformed(p, by: matrix)
          var bounds = WinogradMatrices.magnitudes(p, by: matrix)
          for tap in 0..<9 where accumulates {
            let before = former[9 * i + tap]
            target.floats[tap * tapStep + i] = before
            value[tap / 3][tap % 3] += Double(before)
            bounds[tap / 3][tap % 3] += Double(abs(before))
          }
          expected.add(planes: value, bounds, first: i, planeStep: tapStep)
        }
        kernels.winograd.transformFilterGradient(
          source.pointer, target.pointer, count, planeStep, tapStep, accumulates)
        expect(target, expected, "\(set), \(count) numbers")
      }
    }
  }

  @Test(arguments: TestEngine.instructionSets)
  func `products become the pixels of a map that may end inside a tile`(
    set: InstructionSet
  ) throws {
    let kernels = try kernels(set)
    let (tiles, channels) = (2, 3 * kernels.lanes)
    let (rowStep, planeStep) = (8 * channels + 3, tiles * channels + 5)
    var random = RandomValues(seed: 85)
    let products = random.normals(35 * planeStep + tiles * channels)
    let bias = random.normals(channels)
    let former = random.normals(4 * rowStep)
    for (rows, columns) in [(4, 8), (1, 5), (2, 6), (3, 7)] {
      for (number, accumulates) in [false, true, false, true].enumerated() {
        let (hasBias, rectifies) = (number > 1, number == 0 || number == 3)
        let source = GuardedBuffer(products)
        let biases = GuardedBuffer(bias)
        let target = GuardedBuffer(count: (rows - 1) * rowStep + columns * channels)
        var expected = Expected()
        for tile in 0..<tiles {
          for c in 0..<channels {
            let m = square(
              6, { (6 * $0 + $1) * planeStep + tile * channels + c }, products)
            let matrix = WinogradMatrices.fourOfThree.output
            let y = WinogradMatrices.transformed(m, by: matrix)
            let bounds = WinogradMatrices.magnitudes(m, by: matrix)
            for i in 0..<rows {
              for j in 0..<4 where 4 * tile + j < columns {
                let place = i * rowStep + (4 * tile + j) * channels + c
                var value = y[i][j] + (hasBias ? Double(bias[c]) : 0)
                if accumulates {
                  target.floats[place] = former[place]
                  value += Double(former[place])
                }
                expected.add(place, rectifies ? max(0, value) : value, bounds[i][j] + 4)
              }
            }
          }
        }
        kernels.winograd.transformOutput(
          source.pointer, target.pointer, hasBias ? Input(biases.pointer) : nil, tiles, rowStep,
          channels, planeStep, rows, columns, accumulates, rectifies)
        expect(target, expected, "\(set), \(rows) x \(columns), \(number)")
      }
    }
  }
}
