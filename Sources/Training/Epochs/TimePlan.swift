/// Fits a run into the time that it was given (`--max-time`), by what its parts have taken so far.
///
/// The time counts from where the command began to its end: reading, training, validation, the test
/// and the report. The first steps are timed, and the epochs that fit are chosen; where the rest
/// turns out to take longer, fewer are. Each choice is a `PlanChange`, so that who repeats the run
/// needs no clock. Of several processes the first one decides.
struct TimePlan {
  /// Seconds for the whole command.
  let limit: Double
  /// Seconds since the command began.
  let clock: () -> Double
  /// Epochs that were asked for; never more are chosen.
  let asked: Int
  let stepsPerEpoch: Int
  /// The relative cost of a step of an epoch, in a run of the given number of epochs; the unit is
  /// arbitrary.
  let work: (_ epoch: Int, _ epochs: Int) -> Double
  /// Seconds that are needed after the last epoch: the temperature, the test, the report.
  let ending: Double

  /// Seconds of a unit of work.
  private var pace: Pace
  /// Seconds from an epoch's last step to the next one's first: validation and writing.
  private var between: Double
  private var isBetweenMeasured = false
  /// The end of the last step; nil if the time since then belongs to no step.
  private var stepEnded: Double?
  private var checked = -Double.infinity
  private var isPlanned = false

  /// The position of a run between two steps.
  struct Place {
    /// Finished epochs.
    var done: Int
    /// Steps of the one under way.
    var inEpoch: Int
    var steps: Int
    var length: RunLength
  }

  /// The mean time of the last steps or so.
  private struct Pace {
    private(set) var seconds = 0.0
    private(set) var count = 0
    private var skipped = 0
    /// The first steps touch memory for the first time.
    private static let warmUp = 2
    /// Of how many steps the mean is, about.
    private static let memory = 24

    mutating func add(_ duration: Double, work: Double) {
      // One step of those is better than none.
      if skipped < Pace.warmUp {
        skipped += 1
        seconds = duration / work
        return
      }
      count += 1
      let weight = 1 / Double(min(count, Pace.memory))
      seconds += weight * (duration / work - seconds)
    }

    var isKnown: Bool { skipped > 0 }
  }

  /// A plan for a run that is about to make its first step in this process.
  ///
  /// - between: what validation is likely to take, until it is measured.
  init(
    limit: Double, clock: @escaping () -> Double, asked: Int, stepsPerEpoch: Int, between: Double,
    ending: Double, work: @escaping (_ epoch: Int, _ epochs: Int) -> Double
  ) {
    self.limit = limit
    self.clock = clock
    self.asked = asked
    self.stepsPerEpoch = stepsPerEpoch
    self.between = between
    self.ending = ending
    self.work = work
    pace = Pace()
  }

  /// The part of the time that is left which a choice leaves free for what cannot be foreseen.
  private static let margin = 0.06
  /// The part of the time left that goes by between two looks at the plan.
  private static let interval = 0.02
  /// Timed steps that the first choice needs, unless the time is short.
  private static let enough = 6

  /// Takes note that steps are about to be made.
  mutating func beginSteps() { stepEnded = clock() }

  /// Takes note of a step of an epoch, counted from 0, in a run of so many.
  mutating func noteStep(epoch: Int, of epochs: Int) {
    let now = clock()
    if let stepEnded { pace.add(max(0, now - stepEnded), work: work(epoch, epochs)) }
    stepEnded = now
  }

  /// Takes note that an epoch has ended, and validated.
  mutating func noteEpoch() {
    if let stepEnded {
      let seconds = clock() - stepEnded
      between = isBetweenMeasured ? max(seconds, (between + seconds) / 2) : seconds
      isBetweenMeasured = true
    }
    stepEnded = nil
  }

  /// The change that the time asks for, if any; asked after each step and each epoch.
  mutating func change(at place: Place) -> PlanChange? {
    let now = clock()
    guard pace.isKnown, place.steps > 0 else { return nil }
    let isEpochOver = place.inEpoch == 0
    // Seconds left for steps and validation.
    let left = limit - now - ending
    if !isPlanned {
      let isEnough = pace.count >= TimePlan.enough || isEpochOver
      // A choice from few steps, the first of which are slow, is better than one after the time.
      let awaited = Double(TimePlan.enough) * pace.seconds * work(place.done, place.length.epochs)
      guard isEnough || left < 2 * awaited else { return nil }
      isPlanned = true
      return choose(place, left: left)
    }
    // Short steps and epochs tell little each, and the sum goes over all epochs.
    guard now - checked > max(0.1, left * TimePlan.interval) else { return nil }
    checked = now
    let needed = seconds(place, epochs: place.length.epochs, steps: place.length.steps)
    if needed > left { return choose(place, left: left) }
    // What was too careful is put right while the rate is still high, or if not even an epoch fitted.
    let isHigh = isEpochOver && 2 * place.steps <= place.length.steps
    let isCut = place.length.steps < steps(at: place, epochs: place.length.epochs)
    guard isCut || isHigh && place.length.epochs < asked,
      let change = choose(place, left: left)
    else { return nil }
    // Within an epoch the pace of single steps decides, which varies: a little more is not worth a
    // change, unless it is the rest of the epoch.
    if isCut, change.steps == nil { return change }
    let longer = Double(change.steps ?? steps(at: place, epochs: change.epochs))
    return longer >= (isCut ? 1.25 : 1.1) * Double(place.length.steps) ? change : nil
  }

  /// The steps of a run of the given number of whole epochs.
  private func steps(at place: Place, epochs: Int) -> Int {
    place.steps - place.inEpoch + (epochs - place.done) * stepsPerEpoch
  }

  /// The longest run that fits; nil if that is the one that is planned.
  private func choose(_ place: Place, left: Double) -> PlanChange? {
    let room = left * (1 - TimePlan.margin)
    let begun = place.done + (place.inEpoch > 0 ? 1 : 0)
    var (least, most) = (begun, max(begun, asked))
    guard least > 0, seconds(place, epochs: least) <= room else { return cut(place, room) }
    while least < most {
      let middle = (least + most + 1) / 2
      if seconds(place, epochs: middle) <= room { least = middle } else { most = middle - 1 }
    }
    // An epoch more is not started where it would not be whole, but for the first.
    return change(place, epochs: least, steps: nil)
  }

  /// The end within the epoch under way, after as many steps as there is time for.
  private func cut(_ place: Place, _ room: Double) -> PlanChange? {
    guard place.inEpoch > 0 else { return change(place, epochs: place.done, steps: nil) }
    let epochs = place.done + 1
    let step = pace.seconds * work(place.done, epochs)
    let fitting = step > 0 ? Int(max(0, min(1e9, (room - between) / step))) : 0
    let rest = min(fitting, stepsPerEpoch - place.inEpoch)
    return change(place, epochs: epochs, steps: place.steps + rest)
  }

  private func change(_ place: Place, epochs: Int, steps: Int?) -> PlanChange? {
    let whole = self.steps(at: place, epochs: epochs)
    let length = RunLength(epochs: epochs, steps: steps ?? whole)
    guard length != place.length else { return nil }
    return PlanChange(
      step: place.steps, epochs: epochs, steps: length.steps == whole ? nil : steps, reason: .time)
  }

  /// Seconds that the rest of a run of the given number of epochs takes, up to its last validation;
  /// `steps` is where its last epoch ends, if that is cut short.
  private func seconds(_ place: Place, epochs: Int, steps: Int? = nil) -> Double {
    guard epochs > place.done else { return 0 }
    let whole = self.steps(at: place, epochs: epochs)
    var work = 0.0
    for epoch in place.done..<epochs {
      let steps = epoch == place.done ? stepsPerEpoch - place.inEpoch : stepsPerEpoch
      work += Double(steps) * self.work(epoch, epochs)
    }
    if let steps { work -= Double(whole - steps) * self.work(epochs - 1, epochs) }
    return work * pace.seconds + Double(epochs - place.done) * between
  }
}
