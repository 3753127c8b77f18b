internal import Primitives

/// Classes that the names of files begin with, as in `cat.0.jpg` and `dog_12.jpg`.
struct LabelledNames {
  /// The classes and the number of files of each, in byte order.
  let classes: [(name: String, count: Int)]

  /// The classes of such names; nil if the names of images do not fall into a few groups.
  init?(_ names: [String]) {
    let images = names.filter(Dataset.isCandidate)
    let groups = Dictionary(grouping: images.compactMap(LabelledNames.label)) { $0 }
    guard groups.count > 1, groups.values.reduce(0, { $0 + $1.count }) == images.count,
      images.count >= 2 * groups.count
    else { return nil }
    classes = groups.map { ($0.key, $0.value.count) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// A description in one line.
  var summary: String {
    "names that begin with "
      + list(classes.map { "\($0.name) (\($0.count))" })
  }

  /// The part of a file's name that tells its class: what comes before its first digit, without
  /// digits at the beginning and signs at the end; nil if that is nothing.
  ///
  /// `moving` does the same in the shell.
  static func label(_ name: String) -> String? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    func isSign(_ character: Character) -> Bool { " ._-(".contains(character) }
    func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
    var label = name[..<dot].drop { isSign($0) || isDigit($0) }
    label = label.prefix { !isDigit($0) }
    while let last = label.last, isSign(last) { label.removeLast() }
    return label.isEmpty ? nil : String(label)
  }

  /// The command that moves the images of folders into class folders in them.
  static func moving(_ folders: [String]) -> String {
    let files = folders.map { shellPath($0) + "/*.*" }.joined(separator: " ")
    // s: the name without its ending, then without digits and signs before the first letter;
    // c: what comes before the next digit, without the signs at its end.
    return "for f in \(files); do n=${f##*/}; s=${n%.*}; s=${s#\"${s%%[!0-9 ._(-]*}\"}; "
      + "c=${s%%[0-9]*}; c=${c%\"${c##*[! ._(-]}\"}; "
      + "[ -f \"$f\" ] && [ -n \"$c\" ] && mkdir -p \"${f%/*}/$c\" && mv \"$f\" \"${f%/*}/$c/\"; "
      + "done"
  }
}
