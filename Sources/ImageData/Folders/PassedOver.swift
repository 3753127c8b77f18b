/// The files that a walk through folders has not taken for pictures, counted by ending.
package struct PassedOver: Sendable, Hashable {
  /// The files of one ending.
  private struct Group: Hashable {
    /// As the first of them had it; without an ending the kind, if it is known.
    var label: String
    /// Without the dot; nil where the names have none.
    var ending: String?
    var kind: ForeignKind?
    var count: Int
  }

  /// By ending in lower case.
  private var groups: [String: Group] = [:]

  /// Nothing.
  package init() {}

  /// All of these.
  init(_ parts: [PassedOver]) {
    for part in parts { add(part) }
  }

  /// Files.
  package var count: Int { groups.values.reduce(0) { $0 + $1.count } }

  /// Whether there are none.
  package var isEmpty: Bool { groups.isEmpty }

  /// How many there are of each ending, in lower case and with its dot; `""` for names without.
  package var countsByEnding: [(ending: String, count: Int)] {
    var counts: [String: Int] = [:]
    for group in groups.values {
      counts[group.ending.map { "." + $0.lowercased() } ?? "", default: 0] += group.count
    }
    return counts.map { ($0.key, $0.value) }.sorted {
      ($1.count, $0.ending) < ($0.count, $1.ending)
    }
  }

  /// Takes a file into account.
  mutating func add(_ name: String, _ kind: ForeignKind?) {
    let ending = PictureName.ending(of: name).map(String.init)
    let label = ending.map { "." + $0 } ?? ""
    let key = ending.map { "." + $0.lowercased() } ?? kind?.name ?? ""
    groups[key, default: Group(label: label, ending: ending, kind: kind, count: 0)].count += 1
  }

  /// Takes other files into account.
  package mutating func add(_ other: PassedOver) {
    for (key, group) in other.groups {
      if let own = groups[key] {
        groups[key]?.count = own.count + group.count
      } else {
        groups[key] = group
      }
    }
  }

  private var ordered: [Group] {
    groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map(\.value)
  }

  /// The counts, such as `3 .HEIC, 3 .webp, 1 without an ending`.
  package var list: String {
    let most = 6
    let parts = ordered.map { group in
      group.ending != nil
        ? "\(group.count) \(group.label)"
        : "\(group.count) without an ending" + (group.kind.map { " (\($0.name))" } ?? "")
    }
    let rest = ordered.dropFirst(most).reduce(0) { $0 + $1.count }
    return parts.prefix(most).joined(separator: ", ") + (rest > 0 ? ", \(rest) others" : "")
  }

  /// The commands that make pictures of them, for the most frequent kinds; nil where none would.
  package var conversion: String? {
    var commands: [String] = []
    for group in ordered {
      guard let command = group.kind?.command(ending: group.ending), !commands.contains(command)
      else { continue }
      commands.append(command)
    }
    return commands.isEmpty ? nil : commands.prefix(4).joined(separator: ", ")
  }

  /// One line about them; nil where there are none.
  package var line: String? {
    guard count > 0 else { return nil }
    return "passed over: \(count) \(count == 1 ? "file" : "files") (\(list)); JPEG and PNG are read"
      + (conversion.map { "; convert: " + $0 } ?? "")
  }
}
