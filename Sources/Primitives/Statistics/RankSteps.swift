/// The numbers of positives and negatives of a class with scores above each threshold.
package struct RankSteps: Sendable, Hashable {
  /// The counts at or above one threshold.
  package struct Step: Sendable, Hashable {
    package var members: Int
    package var others: Int
  }

  /// A step a threshold, from the greatest score down; the last one counts all.
  package let steps: [Step]
  package let members: Int
  package let others: Int

  /// The steps of scores and of who is a member; nil without members or without others.
  ///
  /// Equal scores are one threshold. Scores that are not finite are omitted.
  package init?(_ scored: [(score: Double, isMember: Bool)]) {
    let sorted = scored.filter(\.score.isFinite).sorted { $0.score > $1.score }
    members = sorted.count { $0.isMember }
    others = sorted.count - members
    guard members > 0, others > 0 else { return nil }
    var steps: [Step] = []
    var step = Step(members: 0, others: 0)
    for (index, item) in sorted.enumerated() {
      step.members += item.isMember ? 1 : 0
      step.others += item.isMember ? 0 : 1
      if index + 1 < sorted.count, sorted[index + 1].score == item.score { continue }
      steps.append(step)
    }
    self.steps = steps
  }

  /// Steps that were counted, in the order of falling thresholds; nil without members or others.
  init?(_ steps: [Step]) {
    guard let last = steps.last, last.members > 0, last.others > 0 else { return nil }
    (self.steps, members, others) = (steps, last.members, last.others)
  }

  /// The area under the ROC curve by trapezoids.
  ///
  /// It is the chance that a member's score is above another's, ties counted half (Mann and
  /// Whitney 1947).
  package var area: Double {
    var last = Step(members: 0, others: 0)
    var doubled = 0
    for step in steps {
      doubled += (step.others - last.others) * (step.members + last.members)
      last = step
    }
    return Double(doubled) / 2 / (Double(members) * Double(others))
  }
}
