/// Disjoint sets of numbers.
struct Groups {
  private var parents: [Int]

  /// Numbers below `count`, each alone.
  init(count: Int) { parents = Array(0..<count) }

  /// Puts the groups of two numbers together.
  mutating func join(_ a: Int, _ b: Int) {
    let first = leader(a)
    let second = leader(b)
    // The smallest number leads.
    parents[max(first, second)] = min(first, second)
  }

  /// The groups of more than one, members in order, by their first members.
  mutating func all() -> [[Int]] {
    var members: [Int: [Int]] = [:]
    for number in parents.indices { members[leader(number), default: []].append(number) }
    return members.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }

  /// The smallest number of the group of a number.
  mutating func leader(_ number: Int) -> Int {
    var number = number
    while parents[number] != number {
      parents[number] = parents[parents[number]]
      number = parents[number]
    }
    return number
  }
}
