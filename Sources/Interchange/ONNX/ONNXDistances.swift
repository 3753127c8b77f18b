internal import CNN
internal import Classifier

extension ONNXGraph {
  /// Adds the output of distances, [N, classes], of features, [N, features].
  ///
  /// As `NoveltyDetector` has them; differences from the means are taken before they are squared,
  /// as single precision needs it.
  mutating func addDistances(of features: String, _ detector: NoveltyDetector) {
    let scope = "novelty"
    let (length, count) = (detector.features, detector.directionCount)
    let arrays = detector.arrays
    let size = step("Abs", features, in: scope)
    let fourth = step("Sqrt", step("Sqrt", size, in: scope), in: scope)
    let roots = step("Mul", step("Sign", features, in: scope), fourth, in: scope)
    let means = constant("\(scope).means", [detector.classes, length], arrays.means)
    let directions = constant("\(scope).directions", [count, length], arrays.directions)
    let turned = add("Transpose", [directions], "\(scope).turned", ["perm": .ints([1, 0])])
    let places = step("MatMul", roots, turned, in: scope)
    let meanPlaces = step("MatMul", means, turned, in: scope)
    let rest = Double(arrays.variances[count])
    let gains = arrays.variances[..<count].map { Float(1 / rest - 1 / Double($0)) }
    let all = addSquares(
      roots, means, length,
      constant("\(scope).rest", [length], [Float](repeating: Float(1 / rest), count: length)))
    let along = addSquares(
      places, meanPlaces, count, constant("\(scope).gains", [count], gains))
    let left = step("Sub", all, along, in: scope)
    let zero = constant("\(scope).zero", [], [Float(0)])
    let factor = constant("\(scope).factor", [], [1 / Float(length)])
    let mean = step("Mul", step("Max", left, zero, in: scope), factor, in: scope)
    _ = add("Sqrt", [mean], ONNXModel.distances)
  }

  /// The weighted sums of squares of the differences of each row from each mean: [N, classes] of
  /// [N, length] and [classes, length].
  private mutating func addSquares(
    _ rows: String, _ means: String, _ length: Int, _ weights: String
  ) -> String {
    let scope = "novelty"
    let shape = constant("\(scope).rows.\(weights)", [-1, 1, length])
    let apart = step("Sub", step("Reshape", rows, shape, in: scope), means, in: scope)
    let weighted = step("Mul", step("Mul", apart, apart, in: scope), weights, in: scope)
    let axis = constant("\(scope).axis", [2])
    return add(
      "ReduceSum", [weighted, axis], "\(scope).ReduceSum.\(self.count)", ["keepdims": .int(0)])
  }
}
