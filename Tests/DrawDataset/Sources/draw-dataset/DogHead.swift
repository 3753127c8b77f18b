/// The shape of a dog's head: a long muzzle with a large nose, and ears of many kinds.
struct DogHead {
  enum Ears {
    case hanging(length: Float, width: Float)
    case pricked(height: Float)
    case tipped
    case button
  }

  var width: Float = 1
  var muzzle: Float = 0.85
  var muzzleWidth: Float = 1
  var lips: Float = 1
  var ears = Ears.hanging(length: 1, width: 0.3)
  var eyes: Float = 0.16
  /// Hair on the muzzle.
  var beard: Float = 0

  /// The same head with every size a few percent off.
  func varied(_ random: inout RandomStream) -> DogHead {
    var head = self
    head.width *= random.between(0.94, 1.06)
    head.muzzle *= random.between(0.9, 1.12)
    head.muzzleWidth *= random.between(0.92, 1.1)
    head.eyes *= random.between(0.9, 1.12)
    return head
  }

  func add(to s: inout Sculpture, mood: Mood) {
    let h = s.head
    s.ball(
      h, V3(0, 0.05, -0.05), V3(0.82 * width, 0.76, 0.82), tone: Tone(point: 0.2, white: 0.1),
      joint: 0.3)
    addMuzzle(h, mood, to: &s)
    for side: Float in [-1, 1] {
      // Cheek and brow.
      s.ball(
        h, V3(0.42 * side * width, -0.22, 0.15), V3(0.4, 0.42, 0.45),
        tone: Tone(point: 0.4, white: 0.5), joint: 0.25)
      s.ball(
        h, V3(0.33 * side, 0.36, 0.48), V3(0.22, 0.16, 0.2), tone: Tone(point: 0.2, white: 0.1),
        joint: 0.2)
      addEar(h, side, mood, to: &s)
      let eye = Frame.turned(
        yaw: 0.32 * side, roll: -0.12 * side, at: V3(0.36 * side * width, 0.17, 0.61))
      s.add(.ellipsoid(radii: V3(eyes, eyes, eyes)), h.containing(eye), .eye, joint: 0)
    }
  }

  private func addMuzzle(_ h: Frame, _ mood: Mood, to s: inout Sculpture) {
    let tone = Tone(point: 0.9, white: 0.95)
    let tip = 0.58 + 0.8 * muzzle
    let w = muzzleWidth
    s.limb(
      h, V3(0, -0.1, 0.42), V3(0, -0.16, tip), 0.45 * w, 0.3 * w, tone: tone, joint: 0.25)
    for side: Float in [-1, 1] where lips > 0 {
      s.ball(
        h, V3(0.16 * side * w, -0.32 - 0.05 * lips, tip - 0.12), V3(0.2, 0.2 * lips, 0.3),
        tone: tone, joint: 0.12)
    }
    if beard > 0 {
      s.ball(
        h, V3(0, -0.4, tip - 0.1), V3(0.4, 0.36, 0.36) * beard, tone: tone, joint: 0.2)
    }
    let drop: Float = mood.mouthOpen ? 0.3 : 0
    s.limb(
      h, V3(0, -0.42, 0.25), V3(0, -0.44 - drop, tip - 0.22), 0.3, 0.17 * w,
      tone: Tone(point: 0.7, white: 0.95), joint: 0.08)
    if mood.mouthOpen {
      s.ball(h, V3(0, -0.46, tip - 0.25), V3(0.2 * w, 0.16, 0.28), .mouth, joint: 0)
      s.limb(
        h, V3(0, -0.5, tip - 0.2), V3(0, -0.62, tip + 0.05), 0.15, 0.16, .tongue, joint: 0.03)
      s.limb(
        h, V3(0, -0.62, tip + 0.05), V3(0, -1, tip + 0.06), 0.16, 0.13, .tongue, joint: 0.05,
        flat: 0.4, across: V3(0, 0, 1))
    }
    s.ball(
      h, V3(0, -0.02, tip + 0.24 * w), V3(0.21 * w, 0.155, 0.15), .nose, joint: 0)
    let front = [V2(0, -0.1), V2(0, -0.34)]
    s.creases = [Crease(side: .front, points: front, width: 0.045)]
    if !mood.mouthOpen {
      let low = -0.34 - 0.16 * lips
      s.creases.append(
        Crease(
          side: .sides,
          points: [V2(0.42, low + 0.2), V2(tip - 0.3, low + 0.03), V2(tip + 0.3, low + 0.06)],
          width: 0.06))
    }
  }

  private func addEar(_ h: Frame, _ side: Float, _ mood: Mood, to s: inout Sculpture) {
    let tone = Tone(point: 1)
    switch ears {
    case .hanging(let length, let earWidth):
      let swing = mood.ears * 0.5
      let root = V3(0.6 * side * width, 0.5, -0.1)
      let bend = V3((0.86 + swing * 0.3) * side * width, 0.36, 0)
      let end = V3((0.98 + swing) * side * width, 0.42 - length, 0.14)
      s.limb(
        h, root, bend, 0.2, earWidth * 0.8, tone: tone, joint: 0.12, flat: 0.6,
        across: V3(side, 0.6, 0))
      s.limb(
        h, bend, end, earWidth * 0.75, earWidth, tone: tone, joint: 0.06, flat: 0.34,
        across: V3(side, 0, 0))
    case .pricked(let height):
      let frame = Frame.turned(
        yaw: side * (0.3 + mood.ears), pitch: -0.08, roll: -side * 0.16,
        at: V3(0.44 * side * width, 0.5, -0.1))
      s.add(
        .triangle(halfWidth: 0.28, height: height, thickness: 0.12, cup: 0.2),
        h.containing(frame), .ear, tone: tone, joint: 0.12 * h.scale)
    case .tipped:
      let bend = V3(0.68 * side * width, 0.98, 0)
      s.limb(
        h, V3(0.5 * side * width, 0.48, -0.1), bend, 0.3, 0.2, tone: tone, joint: 0.1, flat: 0.4,
        across: V3(0, 0, 1))
      s.limb(
        h, bend, V3(0.84 * side * width, 0.62, 0.36), 0.21, 0.09, tone: tone, joint: 0.04,
        flat: 0.4, across: V3(0, 0.6, 1))
    case .button:
      let bend = V3(0.66 * side * width, 0.68, 0.05)
      s.limb(
        h, V3(0.5 * side * width, 0.5, -0.05), bend, 0.24, 0.2, tone: tone, joint: 0.1, flat: 0.5,
        across: V3(0, 1, 0.4))
      s.limb(
        h, bend, V3(0.9 * side * width, 0.22, 0.34), 0.22, 0.1, tone: tone, joint: 0.04,
        flat: 0.4, across: V3(side, 0.2, 0.6))
    }
  }
}
