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
    let found = classes.map { counts[.label($0)] ?? 0 }
    var parts = mostFrequent(found) { "\(grouped(found[$0])) \(classes[$0])" }
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
