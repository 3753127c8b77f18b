internal import Classifier
internal import Drawing
internal import Primitives
internal import Training

extension RunContents {
  /// Every setting under the name of its option; one that has none, as the options are spelt.
  var settings: [(title: String, facts: [Fact])] {
    guard let configuration,
      case .object(let members) = try? JSON.parse(configuration.encoded()[...], depth: 32)
    else { return [] }
    var own: [Fact] = []
    var groups: [(title: String, facts: [Fact])] = []
    for member in members {
      if case .object = member.value {
        groups.append((RunContents.optionName(member.key), RunContents.facts("", member.value)))
      } else {
        own += RunContents.facts(member.key, member.value)
      }
    }
    return [("run", own)] + groups
  }

  /// A value's facts: one, or one a member.
  private static func facts(_ name: String, _ value: JSON) -> [Fact] {
    guard case .object(let members) = value else {
      return [(name.isEmpty ? "" : optionName(name), text(value))]
    }
    if members.map(\.key) == ["lower", "upper"] {
      return [(optionName(name), members.map { text($0.value) }.joined(separator: ":"))]
    }
    return members.flatMap { facts(name.isEmpty ? $0.key : name + "." + $0.key, $0.value) }
  }

  /// Options that config.json knows by another name.
  private static let options = [
    "learning-rate": "lr", "max-seconds": "max-time", "tta": "tta", "backbone-rate": "backbone-lr",
  ]

  /// `labelSmoothing` is `label-smoothing`, as on the command line.
  static func optionName(_ key: String) -> String {
    let name = key.split(separator: ".").map { part in
      part.reduce(into: "") { name, letter in
        name += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
      }
    }
    return name.map { options[$0] ?? $0 }.joined(separator: ".")
  }

  /// Longer texts, such as a whole network, are cut.
  private static let longestText = 300

  /// Six digits say as much as sixteen.
  private static func short(_ number: String) -> String {
    guard number.count > 10, number.contains("."), let value = Double(number) else { return number }
    let digits = fixed(value, 6)
    return value.magnitude < 1e-3 ? number : String(digits.reversed().drop { $0 == "0" }.reversed())
  }

  private static func text(_ value: JSON) -> String {
    switch value {
    case .string(let text):
      text.count > longestText ? text.prefix(longestText) + "…" : text
    case .number(let text): short(text)
    case .bool(let value): value ? "yes" : "no"
    case .null: "–"
    case .array(let values): values.map(text).joined(separator: ", ")
    case .object(let members): members.map { "\($0.key) \(text($0.value))" }.joined(separator: ", ")
    }
  }

  /// The time spent in each part of the run.
  ///
  /// Parts follow one another, but for the last: images are decoded and augmented beside training.
  var seconds: [(name: String, seconds: Double)] {
    guard let epochs = events?.epochs, !epochs.isEmpty else { return [] }
    func sum(_ part: (EpochMetrics) -> Double) -> Double { epochs.reduce(0) { $0 + part($1) } }
    let parts = [
      ("forward", sum(\.forwardSeconds)), ("backward", sum(\.backwardSeconds)),
      ("optimizer", sum(\.optimizerSeconds)), ("waiting for images", sum(\.waitSeconds)),
    ]
    let rest = sum(\.seconds) - parts.reduce(0) { $0 + $1.1 }
    func others(_ names: [RunRecord.Part]) -> [(String, Double)] {
      names.compactMap { part in record?.parts?[part.rawValue].map { (part.rawValue, $0) } }
    }
    // A test set that is lacking, or a temperature that is not fitted, takes no time worth a bar.
    let after = others([.calibration, .test]).filter { $0.1 >= 0.001 }
    return others([.start, .reading, .features]) + parts
      + [("validation and the rest", max(0, rest))] + after
      + [
        ("decoding (in parallel)", sum(\.decodeSeconds)),
        ("augmentation (in parallel)", sum(\.augmentSeconds)),
      ]
  }

  /// More about time and memory.
  var timing: [Fact] {
    var facts: [Fact] = []
    if let record { facts.append(("whole run", BarChart.duration(record.seconds))) }
    if !metrics.isEmpty {
      let epochs = events?.start.map { " of \(grouped($0.epochs))" } ?? ""
      facts.append(("epochs", grouped(metrics.count) + epochs))
      let seconds = RunContents.median(metrics.map(\.seconds))
      facts.append(("median epoch", BarChart.duration(seconds)))
      let rate = RunContents.median(metrics.map(\.imagesPerSecond))
      if rate.isFinite {
        facts.append(("training images per second, median", fixed(rate, rate < 10 ? 1 : 0)))
      }
    }
    if let start = events?.start {
      let steps = "\(grouped(start.stepsPerEpoch)) of " + counted(start.batchSize, "image")
      facts += [("steps per epoch", steps), ("images kept in", start.cache)]
    }
    if let peak = record?.peakMemoryBytes { facts.append(("peak memory", byteCount(peak))) }
    return facts
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
