/// The files that a walk through folders has not taken for images, counted by ending.
package struct PassedOver: Sendable, Hashable {
  private struct Group: Hashable {
    /// As the first of them had it; without an ending the kind, if it is known.
    var label: String
    /// Without the dot; nil if the names have none.
    var ending: String?
    var kind: ForeignKind?
    /// Whether they are images that lie outside the class folders.
    var isLoose: Bool
    var count: Int
  }

  /// By ending in lower case.
  private var groups: [String: Group] = [:]

  package init() {}

  init(_ parts: [PassedOver]) {
    for part in parts { add(part) }
  }

  package var count: Int { groups.values.reduce(0) { $0 + $1.count } }

  package var isEmpty: Bool { groups.isEmpty }

  /// The number of files per extension, in lower case with the dot; `""` for names without one.
  package var countsByEnding: [(ending: String, count: Int)] {
    var counts: [String: Int] = [:]
    for group in groups.values {
      counts[group.ending.map { "." + $0.lowercased() } ?? "", default: 0] += group.count
    }
    return counts.map { ($0.key, $0.value) }.sorted {
      ($1.count, $0.ending) < ($0.count, $1.ending)
    }
  }

  /// Counts a file; `isLoose`: an image outside the class folders.
  mutating func add(_ name: String, _ kind: ForeignKind?, isLoose: Bool = false) {
    let ending = ImageName.ending(of: name).map(String.init)
    let key = (isLoose ? "/" : "") + (ending.map { "." + $0.lowercased() } ?? kind?.name ?? "")
    let group = Group(
      label: ending.map { "." + $0 } ?? "", ending: ending, kind: kind, isLoose: isLoose, count: 0)
    groups[key, default: group].count += 1
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
  package var list: String { PassedOver.list(ordered) }

  private static func list(_ groups: [Group]) -> String {
    let most = 6
    let parts = groups.map { group in
      group.ending != nil
        ? "\(group.count) \(group.label)"
        : "\(group.count) without an ending" + (group.kind.map { " (\($0.name))" } ?? "")
    }
    let rest = groups.dropFirst(most).reduce(0) { $0 + $1.count }
    return parts.prefix(most).joined(separator: ", ") + (rest > 0 ? ", \(rest) others" : "")
  }

  /// The commands that make images of them, for the most frequent kinds; nil if none would.
  package var conversion: String? {
    var commands: [String] = []
    for group in ordered {
      guard let command = group.kind?.command(ending: group.ending), !commands.contains(command)
      else { continue }
      commands.append(command)
    }
    return commands.isEmpty ? nil : commands.prefix(4).joined(separator: ", ")
  }

  /// One line about them; nil if there are none.
  package var line: String? {
    let parts = [
      (noun: "image", place: " outside the class folders", groups: ordered.filter(\.isLoose)),
      (noun: "file", place: "", groups: ordered.filter { !$0.isLoose }),
    ]
    .filter { !$0.groups.isEmpty }
    .map {
      counted($0.groups.reduce(0) { $0 + $1.count }, $0.noun) + $0.place
        + " (\(PassedOver.list($0.groups)))"
    }
    guard !parts.isEmpty else { return nil }
    return "ignored " + parts.joined(separator: " and ")
      + (ordered.allSatisfy(\.isLoose) ? "" : "; only \(FileKind.names) are read")
      + (conversion.map { "; to convert: " + $0 } ?? "")
  }
}
