internal import Primitives

/// Commands that bring folders into the layout of a dataset; each is one line for a shell.
enum Renaming {
  /// Folders of splits inside class folders: the splits come outside.
  static func turnedInside(_ path: String, _ classes: [String], _ splits: [String]) -> String {
    let folders = classes.map(shellPath).joined(separator: " ")
    let names = splits.map(shellPath).joined(separator: " ")
    return "(cd \(shellPath(path)) && for c in \(folders); do for s in \(names); do "
      + "mkdir -p \"$s\" && mv \"$c/$s\" \"$s/$c\"; done; rmdir \"$c\"; done)"
  }

  /// Classes that differ from those trained on only by capitals; nil for others.
  static func spelling(_ path: String, _ unknown: [String], _ classes: [String]) -> String? {
    var moves: [String] = []
    for name in unknown {
      guard let same = classes.first(where: { $0.lowercased() == name.lowercased() }) else {
        return nil
      }
      moves.append("mv \(shellPath(joined(path, name))) \(shellPath(joined(path, same)))")
    }
    return moves.joined(separator: " && ")
  }

  /// Several folders for one split: all but the first go beside the dataset.
  ///
  /// Where each is named after a class as well they become its class folders.
  static func oneOfSeveral(_ path: String, _ names: [String], _ others: [String]) -> String {
    let rests = names.map { SplitName($0)?.rest ?? [] }
    if Set(rests).count == names.count, !rests.contains([]) {
      var made: Set<Split> = []
      let moves = (names + others).compactMap { name -> String? in
        guard let meaning = SplitName(name), let split = meaning.split, !meaning.rest.isEmpty else {
          return nil
        }
        made.insert(split)
        let target = joined(path, "\(split.rawValue)/\(meaning.rest.joined(separator: "-"))")
        return "mv \(shellPath(joined(path, name))) \(shellPath(target))"
      }
      let folders = made.sorted().map { shellPath(joined(path, $0.rawValue)) }
      return "mkdir -p \(folders.joined(separator: " ")) && " + moves.joined(separator: " && ")
    }
    return names.dropFirst().map {
      "mv \(shellPath(joined(path, $0))) \(shellPath(beside(path, $0)))"
    }.joined(separator: " && ")
  }

  /// Folders that may mean one thing or another: as splits, the likeliest that have no folder yet.
  static func unclear(_ path: String, _ names: [String], _ splits: [Split]) -> String {
    var taken = Set(splits)
    let moves = names.map { name in
      let likely: [Split] = SplitName(name)?.split.map { [$0] } ?? [.test, .val, .train]
      let split = likely.first { !taken.contains($0) } ?? likely[0]
      let isFree = taken.insert(split).inserted
      let target = isFree ? joined(path, split.rawValue) : beside(path, name)
      return "mv \(shellPath(joined(path, name))) \(shellPath(target))"
    }
    return moves.joined(separator: " && ")
  }

  /// Class folders beside the folders of splits: they go into a training folder.
  static func intoTraining(_ path: String, _ classes: [String]) -> String {
    let training = shellPath(joined(path, Split.train.rawValue))
    let folders = classes.map { shellPath(joined(path, $0)) }.joined(separator: " ")
    return "mkdir \(training) && mv \(folders) \(training)/"
  }

  /// A path beside the dataset's folder.
  private static func beside(_ path: String, _ name: String) -> String {
    let last = path.split(separator: "/").last
    return last == nil || last == "." || last == ".." ? "\(path)/../\(name)" : "\(path)-\(name)"
  }
}
