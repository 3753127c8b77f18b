/// An animal put together from solids, in units of about half its head.
///
/// Model axes: x to the animal's left, y up from the ground, z forward.
struct Sculpture {
  private(set) var solids: [Solid] = []
  /// From the head (z out of the nose) to the animal.
  var head = Frame()
  /// Lines painted on the head: the mouth.
  var creases: [Crease] = []
  /// Where whiskers grow, on one side, in head units.
  var whiskerRoots: [V3] = []
  /// Solids that belong to the head, for close views.
  private(set) var headSolids: Range<Int> = 0..<0

  mutating func add(
    _ form: Solid.Form, _ frame: Frame, _ surface: Surface = .fur, tone: Tone = Tone(),
    joint: Float = 0.15
  ) {
    solids.append(Solid(form: form, frame: frame, surface: surface, tone: tone, joint: joint))
  }

  /// An ellipsoid with axes along those of `part`.
  mutating func ball(
    _ part: Frame, _ center: V3, _ radii: V3, _ surface: Surface = .fur, tone: Tone = Tone(),
    joint: Float = 0.15
  ) {
    add(
      .ellipsoid(radii: radii), part.containing(Frame(origin: center)), surface, tone: tone,
      joint: joint * part.scale)
  }

  /// A cone with round ends between two points of `part`, squeezed by `flat` along `across`.
  mutating func limb(
    _ part: Frame, _ a: V3, _ b: V3, _ start: Float, _ end: Float, _ surface: Surface = .fur,
    tone: Tone = Tone(), joint: Float = 0.15, flat: Float = 1, across: V3 = V3(1, 0, 0)
  ) {
    let form = Solid.Form.roundCone(start: start, end: end, length: length(b - a), flat: flat)
    let frame = Frame.along(b - a, at: a, across: across)
    add(form, part.containing(frame), surface, tone: tone, joint: joint * part.scale)
  }

  /// Limbs through points, with a radius at each.
  mutating func chain(
    _ part: Frame, _ points: [V3], _ radii: [Float], tone: [Tone], joint: Float = 0.15
  ) {
    for i in 1..<points.count {
      limb(
        part, points[i - 1], points[i], radii[i - 1], radii[i], tone: tone[i],
        joint: i == 1 ? joint : min(joint, 0.1))
    }
  }

  /// Runs `build` and notes what it adds as the head.
  mutating func asHead(_ build: (inout Sculpture) -> Void) {
    let first = solids.count
    build(&self)
    headSolids = first..<solids.count
  }

  /// The sculpture seen through a camera: the same solids in view axes.
  func placed(in camera: Frame) -> [Solid] {
    solids.map { solid in
      var placed = solid
      placed.frame = camera.containing(solid.frame)
      return placed
    }
  }
}

/// A dark line on a head, in head units.
struct Crease {
  enum Side {
    /// Seen from the front: points are (x, y).
    case front
    /// Seen from either side: points are (z, y).
    case sides
  }

  var side: Side
  var points: [V2]
  var width: Float

  /// How dark the line makes a point of the head, 0...1.
  func darkness(_ h: V3) -> Float {
    let p = side == .front ? V2(abs(h.x), h.y) : V2(h.z, h.y)
    guard h.z > 0.35 else { return 0 }
    var best = Float.infinity
    for i in 1..<points.count {
      let along = points[i] - points[i - 1]
      let t = clamp(((p - points[i - 1]) * along).sum() / max((along * along).sum(), 1e-6))
      best = min(best, length(p - points[i - 1] - along * t))
    }
    return smoothstep(width, width * 0.4, best)
  }
}

/// What a ray meets.
struct Contact {
  var distance: Float = .infinity
  var solid = 0
  var tone = Tone()
}

extension Array where Element == Solid {
  /// Distance from a point to the joined surface of the listed solids.
  func distance(_ p: V3, among candidates: [Int]) -> Float {
    var result = Float.infinity
    for i in candidates {
      let d = self[i].distance(p)
      let joint = self[i].joint
      let h = Swift.max(joint - abs(result - d), 0)
      result = Swift.min(result, d) - (joint > 0 ? h * h / (4 * joint) : 0)
    }
    return result
  }

  /// The same, with the nearest solid and the blended tone.
  func contact(_ p: V3, among candidates: [Int]) -> Contact {
    var result = Contact()
    for i in candidates {
      let d = self[i].distance(p)
      let joint = Swift.max(self[i].joint, 1e-4)
      let share =
        result.distance.isFinite ? clamp(0.5 + 0.5 * (result.distance - d) / joint) : 1
      let tone = self[i].tone
      result.tone.point = mix(result.tone.point, tone.point, share)
      result.tone.white = mix(result.tone.white, tone.white, share)
      if d < result.distance { result.solid = i }
      let h = Swift.max(joint - abs(result.distance - d), 0)
      result.distance = Swift.min(result.distance, d) - h * h / (4 * joint)
    }
    return result
  }
}
