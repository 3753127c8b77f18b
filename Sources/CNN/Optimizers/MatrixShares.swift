internal import Ranks

/// The division of a step's matrices among the processes of one machine: each computes some of them
/// and reads the others' results.
///
/// The processes have equal gradients, moments and weights before a step, and so after it.
struct MatrixShares {
  private let floats: SharedFloats

  /// `floats` has room for all parameters.
  init(_ floats: SharedFloats) { self.floats = floats }

  var byteCount: Int { floats.count * MemoryLayout<Float>.stride }

  /// Whether this process computes each of some matrices.
  func areOwn(_ matrices: [ParameterUpdate.Matrix]) -> [Bool] {
    owners(matrices).map { $0 == floats.rank }
  }

  /// The process of each matrix: the most work first, always to the one that has the least.
  private func owners(_ matrices: [ParameterUpdate.Matrix]) -> [Int] {
    var owners = [Int](repeating: 0, count: matrices.count)
    var loads = [Int](repeating: 0, count: floats.size)
    let works = matrices.map(\.work)
    for index in works.indices.sorted(by: { (works[$1], $0) < (works[$0], $1) }) {
      let owner = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      owners[index] = owner
      loads[owner] += works[index]
    }
    return owners
  }

  /// Gives all processes the parameters of each one's matrices.
  func exchange(_ update: ParameterUpdate) {
    let owners = owners(update.matrices)
    func copy(
      _ isChosen: (Int) -> Bool, _ body: (_ owner: Int, _ start: Int, _ count: Int) -> Void
    ) {
      for (matrix, owner) in zip(update.matrices, owners) where isChosen(owner) {
        update.engine.stretches(matrix.rows * matrix.columns) {
          body(owner, matrix.start + $0, $1)
        }
      }
    }
    copy({ $0 == floats.rank }) { _, start, count in
      (floats.base + start).update(from: update.parameters + start, count: count)
    }
    // They read until they meet again, over the next step's gradients.
    guard floats.meet() else { return }
    copy({ $0 != floats.rank }) { owner, start, count in
      (update.parameters + start).update(from: floats.floats(of: owner) + start, count: count)
    }
  }
}

extension ParameterUpdate.Matrix {
  /// Multiply-adds of Muon's iteration, roughly: two products with all rows, and a dozen of squares.
  fileprivate var work: Int { 2 * columns * columns * (rows + 6 * columns) }
}
