/// The shape of a cat's head: wide, with a short muzzle and triangular ears set apart.
struct CatHead {
  var width: Float = 1
  var muzzle: Float = 1
  var cheeks: Float = 1
  var earHeight: Float = 0.88
  var earWidth: Float = 0.42
  var earSpread: Float = 0.36
  var eyes: Float = 0.25

  /// A breed's head and body.
  static func breed(_ random: inout RandomStream) -> (CatHead, Physique) {
    let common = Physique(
      torso: 2.7, chest: 0.78, waist: 0.7, hips: 0.82, leg: 1.35, legRadius: 0.26, paw: 0.27,
      neck: 0.75, neckRadius: 0.55, neckRise: 0.75, head: 0.92,
      tail: TailShape(
        length: 2.9, radius: 0.17, tip: 0.12, lift: random.between(-0.7, 1.5),
        curl: random.between(-0.6, 1.4)))
    var head = CatHead()
    var body = common
    switch random.pick(weighted: [3: 0, 2: 1, 1.2: 2, 1.5: 3, 1.3: 4]) {
    case 1:  // oriental: slim, wedge-shaped, large ears
      head.width = 0.9
      head.cheeks = 0.8
      head.muzzle = 1.15
      head.earHeight = 1.08
      head.earWidth = 0.5
      head.earSpread = 0.5
      head.eyes = 0.23
      body.torso = 3
      body.chest = 0.68
      body.waist = 0.55
      body.hips = 0.7
      body.leg = 1.6
      body.legRadius = 0.21
      body.neck = 0.95
      body.neckRadius = 0.42
      body.tail.length = 3.3
    case 2:  // persian: round and flat, small ears
      head.cheeks = 1.18
      head.muzzle = 0.82
      head.earHeight = 0.68
      head.earWidth = 0.36
      head.earSpread = 0.5
      head.eyes = 0.28
      body.leg = 1.05
      body.chest = 0.9
      body.hips = 0.92
      body.tail.radius = 0.3
      body.tail.tip = 0.24
    case 3:  // forest cat: strong, tall ears, full tail
      head.muzzle = 1.12
      head.earHeight = 1
      body.torso = 3
      body.chest = 0.86
      body.tail.radius = 0.28
      body.tail.tip = 0.2
    case 4:  // kitten: large head and eyes
      head.eyes = 0.29
      head.earHeight = 0.9
      body.torso = 1.9
      body.leg = 1.05
      body.chest = 0.66
      body.waist = 0.62
      body.hips = 0.68
      body.neck = 0.6
      body.tail.length = 1.8
      body.head = 1.05
    default: break
    }
    return (head, body)
  }

  /// The same head with every size a few percent off.
  func varied(_ random: inout RandomStream) -> CatHead {
    var head = self
    head.width *= random.between(0.95, 1.06)
    head.muzzle *= random.between(0.93, 1.1)
    head.cheeks *= random.between(0.9, 1.1)
    head.earHeight *= random.between(0.92, 1.1)
    head.earSpread += random.between(-0.08, 0.08)
    head.eyes *= random.between(0.92, 1.08)
    return head
  }

  func add(to s: inout Sculpture, mood: Mood) {
    let h = s.head
    let muzzleTone = Tone(point: 0.9, white: 0.95)
    s.ball(h, .zero, V3(0.98 * width, 0.86, 0.86), tone: Tone(point: 0.2, white: 0.1), joint: 0.3)
    for side: Float in [-1, 1] {
      s.ball(
        h, V3(0.42 * side * width, -0.27, 0.3), V3(0.5, 0.42, 0.44) * cheeks,
        tone: Tone(point: 0.3, white: 0.6), joint: 0.25)
      s.ball(
        h, V3(0.19 * side, -0.36, 0.66 + 0.14 * muzzle), V3(0.26, 0.2, 0.22), tone: muzzleTone,
        joint: 0.1)
    }
    s.ball(
      h, V3(0, -0.54, 0.52 + 0.12 * muzzle), V3(0.24, 0.17, 0.22), tone: muzzleTone, joint: 0.12)
    let tip = V3(0, -0.16, 0.72 + 0.2 * muzzle)
    s.limb(
      h, V3(0, 0.25, 0.62), tip, 0.22, 0.13, tone: Tone(point: 0.9, white: 0.8), joint: 0.25)
    for side: Float in [-1, 1] {
      addEar(h, side, mood, to: &s)
      let eye = Frame.turned(
        yaw: 0.32 * side, pitch: -0.04, roll: 0.2 * side,
        at: V3(0.41 * side * width, 0.06, 0.61))
      s.add(
        .ellipsoid(radii: V3(eyes, eyes, eyes * 0.85)), h.containing(eye), .eye, joint: 0)
    }
    s.ball(h, tip + V3(0, -0.04, 0.09), V3(0.12, 0.085, 0.08), .nose, joint: 0)
    s.creases = [
      Crease(
        side: .front, points: [V2(0, -0.24), V2(0, -0.4), V2(0.13, -0.48), V2(0.3, -0.42)],
        width: 0.05)
    ]
    s.whiskerRoots = [-0.28, -0.34, -0.4].flatMap { y in
      [V3(0.26, y, 0.66 + 0.3 * muzzle), V3(0.36, y + 0.02, 0.6 + 0.26 * muzzle)]
    }
  }

  private func addEar(_ h: Frame, _ side: Float, _ mood: Mood, to s: inout Sculpture) {
    let frame = Frame.turned(
      yaw: side * (0.3 + mood.ears), pitch: -0.06, roll: -side * (earSpread + mood.ears * 0.4),
      at: V3(0.54 * side * width, 0.5, 0.02))
    s.add(
      .triangle(halfWidth: earWidth, height: earHeight, thickness: 0.08, cup: 0.3),
      h.containing(frame), .ear, tone: Tone(point: 1), joint: 0.12 * h.scale)
    // The muscle that makes the base of the ear wide.
    s.ball(
      h, V3(0.5 * side * width, 0.5, -0.05), V3(0.36, 0.3, 0.26), tone: Tone(point: 0.5), joint: 0.2
    )
  }
}
