internal import Classifier
internal import Primitives
internal import Sorting

/// What taking a sort back has done: `undone: 812 photos put back`.
struct UndoTally {
  private var removed = 0
  private var putBack = 0
  /// The photos that stay in the target, and why.
  private(set) var left: [SkippedImage] = []
  /// Whether some of them can still be put back.
  private(set) var isBlocked = false

  mutating func add(_ step: SortUndo.Step) {
    switch step.outcome {
    case .removed: removed += 1
    case .putBack: putBack += 1
    case .kept(let reason):
      left.append(SkippedImage(path: step.path, code: "kept", message: reason))
    case .blocked(let reason):
      isBlocked = true
      left.append(SkippedImage(path: step.path, code: "blocked", message: reason))
    }
  }

  var line: String {
    var parts: [String] = []
    if putBack > 0 { parts.append("\(counted(putBack, "photo")) put back") }
    if removed > 0 {
      parts.append("\(counted(removed, "copy or link", "copies or links")) removed")
    }
    if !left.isEmpty { parts.append("\(grouped(left.count)) kept") }
    return "undone: " + (parts.isEmpty ? "nothing was left to undo" : parts.joined(separator: ", "))
  }
}

extension SortUndo.Step {
  var json: JSON {
    let (action, reason): (String, String?) =
      switch outcome {
      case .removed: ("removed", nil)
      case .putBack: ("moved", nil)
      case .kept(let reason): ("kept", reason)
      case .blocked(let reason): ("blocked", reason)
      }
    return [
      "from": .string(path), "to": .string(source), "action": .string(action),
      "error": .optional(reason),
    ]
  }
}
