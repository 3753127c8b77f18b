/// Disjoint sets of numbers.
struct Groups {
  private var parents: [Int32]

  /// Numbers below `count`, each alone.
  init(count: Int) { parents = Array(0..<Int32(count)) }

  /// Puts the groups of two numbers together, and says whether they were two.
  @discardableResult
  mutating func join(_ a: Int, _ b: Int) -> Bool {
    let first = leader(a)
    let second = leader(b)
    // The smallest number leads.
    parents[max(first, second)] = Int32(min(first, second))
    return first != second
  }

  /// The groups of more than one, members in order, by their first members.
  mutating func all() -> [[Int]] {
    var places: [Int: Int] = [:]
    var groups: [[Int]] = []
    // A leader comes before all that it leads.
    for number in parents.indices {
      let leader = leader(number)
      if leader == number { continue }
      if let place = places[leader] {
        groups[place].append(number)
      } else {
        places[leader] = groups.count
        groups.append([leader, number])
      }
    }
    return groups.sorted { $0[0] < $1[0] }
  }

  /// The smallest number of the group of a number.
  mutating func leader(_ number: Int) -> Int {
    var number = number
    while Int(parents[number]) != number {
      parents[number] = parents[Int(parents[number])]
      number = Int(parents[number])
    }
    return number
  }
}
