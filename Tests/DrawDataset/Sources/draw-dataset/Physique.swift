/// A tail as a chain of pieces.
struct TailShape {
  var length: Float
  var radius: Float
  var tip: Float
  /// Angle above the line backwards at the root, in radians.
  var lift: Float
  /// Turn upwards over the whole length, in radians.
  var curl: Float
}

/// Sizes of a body; lengths are in half widths of a head.
struct Physique {
  var torso: Float
  var chest: Float
  var waist: Float
  var hips: Float
  var leg: Float
  var legRadius: Float
  var paw: Float
  var neck: Float
  var neckRadius: Float
  /// Angle of the neck above the horizontal, in radians.
  var neckRise: Float
  var head: Float
  var tail: TailShape

  /// Multiplies all sizes across the limbs, as long hair does.
  func fluffed(_ hair: Float) -> Physique {
    var result = self
    let f = 1 + 0.2 * hair
    result.chest *= f
    result.waist *= f
    result.hips *= f
    result.neckRadius *= 1 + 0.3 * hair
    result.legRadius *= f
    result.tail.radius *= 1 + 0.9 * hair
    result.tail.tip *= 1 + 0.9 * hair
    return result
  }

  /// The same physique with every size a few percent off.
  func varied(_ random: inout RandomStream) -> Physique {
    var result = self
    func vary(_ path: WritableKeyPath<Physique, Float>, _ spread: Float) {
      result[keyPath: path] *= random.between(1 - spread, 1 + spread)
    }
    vary(\.torso, 0.1)
    vary(\.chest, 0.08)
    vary(\.waist, 0.12)
    vary(\.hips, 0.08)
    vary(\.leg, 0.1)
    vary(\.legRadius, 0.1)
    vary(\.head, 0.07)
    vary(\.tail.length, 0.12)
    return result
  }
}

/// What species of animal: decides shapes, never colours.
enum Species: String, CaseIterable {
  case cat
  case dog

  /// The folder of the species in a data set.
  var folder: String { rawValue + "s" }
}

/// One animal without its pose: a body and a head.
enum Breed {
  case cat(CatHead, Physique)
  case dog(DogHead, Physique)

  init(_ species: Species, _ random: inout RandomStream) {
    switch species {
    case .cat:
      let (head, body) = CatHead.breed(&random)
      self = .cat(head.varied(&random), body.varied(&random))
    case .dog:
      let (head, body) = DogHead.breed(&random)
      self = .dog(head.varied(&random), body.varied(&random))
    }
  }

  var physique: Physique {
    switch self {
    case .cat(_, let body), .dog(_, let body): body
    }
  }

  /// Adds the head to a sculpture at its head frame.
  func addHead(to sculpture: inout Sculpture, mood: Mood) {
    switch self {
    case .cat(let head, _): head.add(to: &sculpture, mood: mood)
    case .dog(let head, _): head.add(to: &sculpture, mood: mood)
    }
  }
}

/// What a face does.
struct Mood {
  var mouthOpen: Bool
  var asleep: Bool
  /// Turn of the ears, in radians.
  var ears: Float
}
