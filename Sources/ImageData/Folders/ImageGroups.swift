internal import Glibc
internal import Primitives
internal import Synchronization

/// Names the group of an image: what belongs together, such as all photos of one animal or patient,
/// and must not be divided between training and its test.
package struct ImageGroups {
  private let expression: Regex<AnyRegexOutput>

  /// Groups by what a regular expression captures from a path below the dataset's folder, or if it
  /// captures nothing by what it matches.
  ///
  /// Error: no regular expression.
  package init(_ pattern: String) throws { expression = try Regex(pattern) }

  /// The group of an image; nil where the expression finds nothing in its path.
  package func name(of path: String) -> String? {
    guard let match = path.firstMatch(of: expression) else { return nil }
    let captures = match.output.dropFirst().compactMap(\.substring)
    // A separator that no path has keeps ("ab", "c") from looking like ("a", "bc").
    return captures.isEmpty ? String(path[match.range]) : captures.joined(separator: "\0")
  }

  /// What a dataset's training images are when grouped.
  package struct Survey: Sendable {
    /// Groups of more than nothing.
    package var groups: Set<String> = []
    /// The first of the images that belong to no group.
    package var ungrouped: String?
    package var ungroupedCount = 0
    /// Classes of several images, all of one group.
    package var wholeClasses: [(classIndex: Int, group: String)] = []
  }

  /// Looks at the groups that an expression makes of images; nil if it was to stop.
  ///
  /// On a thread of its own, as a match may take for ever and nothing interrupts it: the thread is left
  /// behind, to end with the process.
  package static func survey(
    _ samples: ImageList, by pattern: String, shouldStop: () -> Bool
  ) -> Survey? {
    final class Answer: Sendable { let survey = Mutex<Survey?>(nil) }
    let answer = Answer()
    let work: @Sendable () -> Void = {
      let survey = (try? ImageGroups(pattern))?.survey(samples) ?? Survey()
      answer.survey.withLock { $0 = survey }
    }
    if !Platform.detachThread(work) { work() }
    while true {
      if let survey = answer.survey.withLock({ $0 }) { return survey }
      if shouldStop() { return nil }
      usleep(1_000)
    }
  }

  /// Looks at the groups of images.
  package func survey(_ samples: some Sequence<Sample>) -> Survey {
    var survey = Survey()
    var members: [Int: (count: Int, groups: Set<String?>)] = [:]
    for sample in samples {
      let name = name(of: sample.relativePath)
      if let name {
        survey.groups.insert(name)
      } else {
        survey.ungrouped = survey.ungrouped ?? sample.relativePath
        survey.ungroupedCount += 1
      }
      members[sample.classIndex, default: (0, [])].count += 1
      members[sample.classIndex]?.groups.insert(name)
    }
    for (classIndex, (count, groups)) in members.sorted(by: { $0.key < $1.key }) {
      if count > 1, groups.count == 1, let group = groups.first ?? nil {
        survey.wholeClasses.append((classIndex, group))
      }
    }
    return survey
  }
}
