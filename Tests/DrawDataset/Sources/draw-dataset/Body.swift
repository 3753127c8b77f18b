import Glibc

extension Sculpture {
  /// Builds a posed animal; `headTurn` is the head's frame without its place and size.
  init(
    _ breed: Breed, _ body: Physique, _ skeleton: Skeleton, headTurn: Frame, mood: Mood,
    collar: Bool
  ) {
    let model = Frame()
    addTorso(body, skeleton, model)
    for leg in skeleton.forelegs { addForeleg(body, leg, model) }
    for (k, leg) in skeleton.hindlegs.enumerated() {
      addHindleg(body, leg, folded: k < skeleton.thighs.count, model)
    }
    for thigh in skeleton.thighs {
      ball(
        model, thigh, V3(body.hips * 0.55, body.hips * 0.72, body.hips * 0.85),
        tone: Tone(point: 0.2, white: 0.1), joint: 0.2)
    }
    addTail(body, skeleton, model)
    head = headTurn
    head.origin = skeleton.head
    head.scale = body.head
    let nape = head.point(V3(0, -0.2, -0.3))
    limb(
      model, skeleton.neckBase, nape, body.neckRadius * 1.15, body.neckRadius * 0.92,
      tone: Tone(point: 0.1, white: 0.55), joint: 0.35)
    if collar {
      let along = normalize(nape - skeleton.neckBase)
      let middle = mix(skeleton.neckBase, nape, 0.5)
      let frame = Frame.along(along, at: middle, across: V3(0, 0, 1))
      let r = body.neckRadius * 1.18
      add(.ellipsoid(radii: V3(r, 0.14, r)), frame, .collar, joint: 0)
    }
    asHead { breed.addHead(to: &$0, mood: mood) }
  }

  private mutating func addTorso(_ body: Physique, _ skeleton: Skeleton, _ model: Frame) {
    let tones = [
      Tone(point: 0.15, white: 0.05), Tone(white: 0.1), Tone(point: 0, white: 0.35),
    ]
    let spine = skeleton.spine
    chain(
      model, spine, skeleton.spineRadii, tone: spine.indices.map { tones[min($0, 2)] }, joint: 0.3)
    // Breast and belly, where white coats begin.
    let chest = spine[spine.count - 1]
    let forward = normalize(skeleton.head - chest) * V3(1, 0.2, 1)
    ball(
      model, chest + forward * body.chest * 0.35 + V3(0, -body.chest * 0.2, 0),
      V3(0.72, 0.8, 0.7) * body.chest, tone: Tone(white: 0.95), joint: 0.3)
    if spine.count == 3 {
      ball(
        model, mix(spine[0], spine[2], 0.62) + V3(0, -body.chest * 0.38, 0),
        V3(0.62 * body.chest, 0.6 * body.chest, body.torso * 0.22), tone: Tone(white: 0.9),
        joint: 0.35)
    }
  }

  private mutating func addForeleg(_ body: Physique, _ leg: [V3], _ model: Frame) {
    let r = body.legRadius
    limb(
      model, leg[0], leg[1], r * 1.5, r * 1.05, tone: Tone(point: 0.2, white: 0.2), joint: 0.25)
    limb(
      model, leg[1], leg[2], r * 1.05, r * 0.88, tone: Tone(point: 0.75, white: 0.6), joint: 0.06)
    addPaw(body, leg[2], model)
  }

  private mutating func addHindleg(_ body: Physique, _ leg: [V3], folded: Bool, _ model: Frame) {
    let r = body.legRadius
    if folded {
      limb(
        model, leg[0], leg[3], r * 1.05, r, tone: Tone(point: 0.7, white: 0.6), joint: 0.08)
    } else {
      limb(
        model, leg[0], leg[1], body.hips * 0.66, r * 1.35, tone: Tone(point: 0.2, white: 0.1),
        joint: 0.25)
      limb(
        model, leg[1], leg[2], r * 1.3, r * 0.85, tone: Tone(point: 0.6, white: 0.3), joint: 0.08)
      limb(
        model, leg[2], leg[3], r * 0.85, r * 0.85, tone: Tone(point: 0.8, white: 0.7), joint: 0.06)
    }
    addPaw(body, leg[3], model)
  }

  private mutating func addPaw(_ body: Physique, _ place: V3, _ model: Frame) {
    let p = body.paw
    ball(
      model, place + V3(0, 0, p * 0.45), V3(p, p * 0.78, p * 1.3), tone: Tone(point: 1, white: 1),
      joint: 0.08)
  }

  private mutating func addTail(_ body: Physique, _ skeleton: Skeleton, _ model: Frame) {
    let tail = body.tail
    let pieces = 9
    var points = [skeleton.tailRoot]
    for k in 0..<pieces {
      let t = Float(k) / Float(pieces)
      let yaw = skeleton.tailYaw + skeleton.tailTurn * t
      let rise = skeleton.tailLies ? 0.02 : tail.lift + tail.curl * t
      let step = V3(-sin(yaw) * cos(rise), sin(rise), -cos(yaw) * cos(rise))
      var next = points[k] + step * tail.length / Float(pieces)
      next.y = max(next.y, tail.radius)
      points.append(next)
    }
    // Full tails are widest in the middle.
    let radii = points.indices.map { k -> Float in
      let t = Float(k) / Float(pieces)
      return mix(tail.radius, tail.tip, t) * (1 + 0.25 * sin(t * .pi))
    }
    let tones = points.indices.map { k -> Tone in
      let t = Float(k) / Float(pieces)
      return Tone(point: 0.5 + 0.5 * t, white: t > 0.8 ? 0.9 : 0)
    }
    chain(model, points, radii, tone: tones, joint: 0.2)
  }
}
