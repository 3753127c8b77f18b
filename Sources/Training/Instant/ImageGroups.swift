package import Primitives

/// The images that belong together: equal files, and those with the same captures of a regular
/// expression in their paths.
package struct ImageGroups: Sendable {
  /// A key per image, the same for all images of a group: the least digest among them.
  package private(set) var keys: [[UInt8]]
  /// Images in whose paths the expression does not match: each is a group of its own.
  package private(set) var unmatched = 0

  /// Groups of images with paths below the dataset's folder and with digests of their files.
  ///
  /// Without groups in the expression the whole match counts. Errors: an expression that is none, or
  /// that matches no path.
  package init(
    paths: [String], digests: [[UInt8]], pattern: String? = nil
  ) throws(TrainingError) {
    precondition(paths.count == digests.count, "a digest per image")
    keys = digests
    guard let pattern else { return }
    let captures = try ImageGroups.captures(pattern, paths)
    unmatched = captures.count { $0 == nil }
    guard unmatched < paths.count || paths.isEmpty else {
      throw TrainingError(
        .badData, "--group-by matches no training image", found: "\(pattern) and \(paths[0])",
        expected: "an expression that matches paths below the dataset's folder")
    }
    // Equal files may join groups, so that what belongs together is followed to its end.
    var first: [String: Int] = [:]
    var parents = Array(paths.indices)
    func root(_ image: Int) -> Int {
      var image = image
      while parents[image] != image {
        parents[image] = parents[parents[image]]
        image = parents[image]
      }
      return image
    }
    func join(_ key: String, _ image: Int) {
      guard let other = first[key] else {
        first[key] = image
        return
      }
      parents[root(image)] = root(other)
    }
    for image in paths.indices {
      join("file " + hexadecimal(digests[image]), image)
      if let capture = captures[image] { join("path " + capture, image) }
    }
    var least: [Int: [UInt8]] = [:]
    for image in paths.indices {
      let root = root(image)
      let digest = digests[image]
      if least[root].map({ digest.lexicographicallyPrecedes($0) }) ?? true { least[root] = digest }
    }
    keys = paths.indices.map { least[root($0)] ?? digests[$0] }
  }

  /// The captures of an expression in each path; nil where it does not match.
  private static func captures(
    _ pattern: String, _ paths: [String]
  ) throws(TrainingError) -> [String?] {
    do {
      let expression = try Regex(pattern)
      return try paths.map { path in
        guard let match = try expression.firstMatch(in: path) else { return nil }
        let groups = match.output.dropFirst()
        return (groups.isEmpty ? match.output[...] : groups)
          .map { $0.substring.map(String.init) ?? "" }.joined(separator: "\0")
      }
    } catch {
      throw TrainingError(
        .usage, "--group-by is not a regular expression", found: pattern,
        expected: "an expression such as (patient-[0-9]+)")
    }
  }

  /// Whether a text is a regular expression.
  static func isExpression(_ text: String) -> Bool { (try? Regex(text)) != nil }
}
