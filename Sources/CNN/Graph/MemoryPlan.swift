/// The places of all memory blocks of a plan in one arena.
///
/// A stretch lives over an interval of steps; stretches whose intervals meet do not overlap.
struct MemoryPlan {
  private struct Stretch {
    let count: Int
    let first: Int
    let last: Int
    var offset = 0
  }

  private var stretches: [Stretch] = []
  /// Floats of the arena.
  private(set) var total = 0

  /// Asks for `count` floats from step `first` to step `last`; returns a number to ask back with.
  mutating func reserve(_ count: Int, from first: Int, through last: Int) -> Int {
    precondition(first <= last, "a stretch of memory ends before it begins")
    stretches.append(Stretch(count: (count + 15) / 16 * 16, first: first, last: last))
    return stretches.count - 1
  }

  /// Places the stretches, largest first, each at the lowest place that is free all its life.
  mutating func place() {
    let order = stretches.indices.sorted {
      (stretches[$1].count, $0) < (stretches[$0].count, $1)
    }
    var placed: [Int] = []
    for index in order {
      let wanted = stretches[index]
      let taken = placed.map { stretches[$0] }
        .filter { $0.first <= wanted.last && wanted.first <= $0.last }
        .sorted { $0.offset < $1.offset }
      var offset = 0
      for other in taken {
        if other.offset >= offset + wanted.count { break }
        offset = max(offset, other.offset + other.count)
      }
      stretches[index].offset = offset
      total = max(total, offset + wanted.count)
      placed.append(index)
    }
  }

  /// The place of a stretch, after `place`.
  func offset(of stretch: Int) -> Int { stretches[stretch].offset }
}
