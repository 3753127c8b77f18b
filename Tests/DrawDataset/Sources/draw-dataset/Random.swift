/// What part of a picture a stream decides: a change to one part leaves the others as they were.
enum Facet: Int {
  case format
  case scene
  case animal
  case pose
  case coat
  case background
  case fur
  case light
}

extension RandomStream {
  /// The stream of one facet of one picture.
  init(seed: UInt64, picture: Int, facet: Facet) {
    self.init(seed: seed, purpose: .drawing, epoch: facet.rawValue, sample: picture)
  }

  /// True with the given probability.
  mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  /// A number between the bounds.
  mutating func between(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * uniform()
  }

  /// -1 or 1.
  mutating func sign() -> Float { chance(0.5) ? 1 : -1 }

  /// One of the elements, all equally likely.
  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[index(below: elements.count)]
  }

  /// One of the values, as likely as the weight before it.
  mutating func pick<Value>(weighted values: KeyValuePairs<Float, Value>) -> Value {
    var left = uniform() * values.reduce(0) { $0 + $1.key }
    for (weight, value) in values {
      left -= weight
      if left < 0 { return value }
    }
    return values[values.count - 1].value
  }

  /// A colour near the given one.
  mutating func near(_ color: V3, _ spread: Float = 0.06) -> V3 {
    let shared = between(-spread, spread)
    let own = V3(uniform(), uniform(), uniform()) * spread - spread / 2
    return (color + own + shared).clamped(
      lowerBound: V3(repeating: 0), upperBound: V3(repeating: 1))
  }
}
