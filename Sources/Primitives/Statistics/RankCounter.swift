/// Ranks a class's members among the others, one other score at a time.
///
/// It holds the members' scores alone, so that a thousand classes of many images take no more
/// memory than the images.
package struct RankCounter {
  /// The members' distinct scores, the greatest first.
  private let scores: [Double]
  private let members: [Int]
  /// Others above each score and below the one before it; last those below all.
  private var between: [Int]
  /// Others of each score.
  private var ties: [Int]

  /// A counter of others among these members; scores that are not finite are omitted.
  package init(members all: [Double]) {
    var scores: [Double] = []
    var members: [Int] = []
    for score in all.filter(\.isFinite).sorted(by: >) {
      if score == scores.last {
        members[members.count - 1] += 1
      } else {
        scores.append(score)
        members.append(1)
      }
    }
    self.scores = scores
    self.members = members
    between = [Int](repeating: 0, count: scores.count + 1)
    ties = [Int](repeating: 0, count: scores.count)
  }

  /// Counts an image of another class; a score that is not finite is omitted.
  package mutating func add(other score: Double) {
    guard score.isFinite else { return }
    // Where a class is told apart at all, most others are below all of its members.
    if let least = scores.last, score < least {
      between[scores.count] += 1
      return
    }
    let place = scores.indices.partitioningIndex { scores[$0] <= score }
    if place < scores.count, scores[place] == score {
      ties[place] += 1
    } else {
      between[place] += 1
    }
  }

  /// The steps at the members' scores; nil without members or without others.
  ///
  /// Thresholds between them change the others alone, and are omitted.
  package var ranks: RankSteps? {
    var steps: [RankSteps.Step] = []
    var step = RankSteps.Step(members: 0, others: 0)
    func add(_ members: Int, _ others: Int) {
      guard members + others > 0 else { return }
      step.members += members
      step.others += others
      steps.append(step)
    }
    for place in scores.indices {
      add(0, between[place])
      add(members[place], ties[place])
    }
    add(0, between[scores.count])
    return RankSteps(steps)
  }

  /// A counter for each class of predictions: a probability per class for each image, and its true
  /// class.
  package static func classes(
    probabilities: [[Double]], truths: [Int], count: Int
  ) -> [RankCounter] {
    classes(0..<count, probabilities: probabilities, truths: truths)
  }

  /// The counters of some of the classes.
  package static func classes(
    _ range: Range<Int>, probabilities: [[Double]], truths: [Int]
  ) -> [RankCounter] {
    var members = [[Double]](repeating: [], count: range.count)
    for (row, truth) in zip(probabilities, truths) where range.contains(truth) {
      members[truth - range.lowerBound].append(row[truth])
    }
    var counters = members.map(RankCounter.init)
    for (row, truth) in zip(probabilities, truths) {
      for index in range where index != truth {
        counters[index - range.lowerBound].add(other: row[index])
      }
    }
    return counters
  }
}
