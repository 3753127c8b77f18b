internal import Classifier
internal import Primitives
internal import Sorting

/// The photos put into each folder: `sorted 812 photos: 402 cats, 396 dogs, 9 unsure, 5 none of
/// these`.
struct SortTally {
  private var counts: [SortFolder: Int] = [:]
  private(set) var sorted = 0
  private var there = 0
  /// The photos that stay where they are, and why.
  private(set) var left: [SkippedImage] = []

  /// Classes that the line names; those that follow are one number.
  private static let most = 10

  mutating func add(_ photo: SortedPhoto, _ outcome: SortOutcome) {
    switch outcome {
    case .placed:
      counts[photo.folder, default: 0] += 1
      sorted += 1
    case .alreadyThere: there += 1
    case .left(let reason):
      left.append(SkippedImage(path: photo.path, code: "left", message: reason))
    }
  }

  mutating func add(unreadable image: SkippedImage) { left.append(image) }

  /// The line; `verb` is what was done, or would be.
  func line(_ verb: String, classes: [String]) -> String {
    let found = classes.indices.map { (index: $0, count: counts[.label(classes[$0])] ?? 0) }
      .filter { $0.count > 0 }.sorted { ($1.count, $0.index) < ($0.count, $1.index) }
    var parts = found.prefix(SortTally.most).map { "\(grouped($0.count)) \(classes[$0.index])" }
    let rest = found.dropFirst(SortTally.most)
    if !rest.isEmpty {
      let photos = rest.reduce(0) { $0 + $1.count }
      parts.append("\(grouped(photos)) of \(counted(rest.count, "other class", "other classes"))")
    }
    if let unsure = counts[.unsure] { parts.append("\(grouped(unsure)) unsure") }
    if let rejected = counts[.rejected] { parts.append("\(grouped(rejected)) none of these") }
    var line = "\(verb) \(counted(sorted, "photo"))"
    if !parts.isEmpty { line += ": " + parts.joined(separator: ", ") }
    if there > 0 {
      line += "; \(grouped(there)) of the same bytes \(there == 1 ? "was" : "were") there"
    }
    if !left.isEmpty { line += "; \(grouped(left.count)) not sorted" }
    return line
  }
}
