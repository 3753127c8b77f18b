/// The offsets of all memory reservations of a plan in one arena.
///
/// A reservation lives over an interval of steps; reservations whose intervals meet do not overlap.
struct MemoryPlan {
  private struct Reservation {
    let count: Int
    let first: Int
    let last: Int
    var offset = 0
  }

  private var reservations: [Reservation] = []
  /// Floats of the arena.
  private(set) var total = 0

  /// Reserves `count` floats from step `first` to step `last`; returns the reservation's index.
  mutating func reserve(_ count: Int, from first: Int, through last: Int) -> Int {
    precondition(first <= last, "a reservation ends before it begins")
    reservations.append(Reservation(count: (count + 15) / 16 * 16, first: first, last: last))
    return reservations.count - 1
  }

  /// Places the reservations, largest first, each at the lowest offset that is free all its life.
  mutating func place() {
    let order = reservations.indices.sorted {
      (reservations[$1].count, $0) < (reservations[$0].count, $1)
    }
    var placed: [Int] = []
    for index in order {
      let wanted = reservations[index]
      let taken = placed.map { reservations[$0] }
        .filter { $0.first <= wanted.last && wanted.first <= $0.last }
        .sorted { $0.offset < $1.offset }
      var offset = 0
      for other in taken {
        if other.offset >= offset + wanted.count { break }
        offset = max(offset, other.offset + other.count)
      }
      reservations[index].offset = offset
      total = max(total, offset + wanted.count)
      placed.append(index)
    }
  }

  /// The offset of a reservation, after `place`.
  func offset(of reservation: Int) -> Int { reservations[reservation].offset }
}
