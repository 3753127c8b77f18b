import Glibc

/// How an animal holds itself.
enum Stance: CaseIterable {
  case standing
  case walking
  case sitting
  case lying
  case resting
  case stretching
  case curled
}

/// Joints of a posed body, in units of the animal; the ground is y = 0.
struct Skeleton {
  /// From the hips to the chest, with a radius at each point.
  var spine: [V3] = []
  var spineRadii: [Float] = []
  /// Shoulder, elbow, paw: one for each foreleg.
  var forelegs: [[V3]] = []
  /// Hip, knee, hock, paw: one for each hind leg.
  var hindlegs: [[V3]] = []
  /// Middle of each folded thigh.
  var thighs: [V3] = []
  var neckBase = V3.zero
  var head = V3.zero
  var tailRoot = V3.zero
  /// Level angle of the tail's start from straight back, in radians, and the turn on its way.
  var tailYaw: Float = 0
  var tailTurn: Float = 0
  /// Whether the tail lies on the ground instead of following its lift.
  var tailLies = false
  /// How the head leans by nature of the pose: nose down, in radians.
  var headPitch: Float = 0

  init(_ body: Physique, _ stance: Stance, _ random: inout RandomStream) {
    switch stance {
    case .standing: stand(body, stride: random.between(-0.15, 0.15))
    case .walking: stand(body, stride: random.between(0.35, 0.6) * random.sign())
    case .sitting: sit(body)
    case .lying: lie(body, headUp: true)
    case .resting: lie(body, headUp: false)
    case .stretching: stretch(body)
    case .curled: curl(body)
    }
    let side = random.sign()
    tailYaw = tailLies && stance != .curled ? side * random.between(0.2, 0.8) : tailYaw
    if stance != .curled {
      tailTurn = tailLies ? side * random.between(0.8, 2.2) : random.between(-0.5, 0.5)
    }
  }

  private mutating func raiseHead(_ body: Physique, rise: Float) {
    let chest = spine[spine.count - 1]
    neckBase = chest + V3(0, body.chest * 0.35, body.chest * 0.25)
    let direction = V3(0, sin(rise), cos(rise))
    head = chest + V3(0, body.chest * 0.55, body.chest * 0.35)
    head += direction * (body.neck + body.head * 0.35)
  }

  private mutating func stand(_ body: Physique, stride: Float) {
    let height = body.leg + body.chest * 0.55
    let z = body.torso / 2
    spine = [V3(0, height, -z), V3(0, height + 0.05, 0), V3(0, height, z)]
    spineRadii = [body.hips, body.waist, body.chest]
    for (k, side) in [Float(-1), 1].enumerated() {
      let swing = stride * (k == 0 ? 1 : -1) * body.leg * 0.6
      let x = body.chest * 0.52 * side
      forelegs.append([
        V3(x, height - 0.2, z + 0.05), V3(x, body.leg * 0.58, z - 0.1 + swing * 0.5),
        V3(x, body.paw * 0.8, z + 0.05 + swing),
      ])
      addHindleg(body, x: body.hips * 0.55 * side, hip: V3(0, height, -z), swing: -swing)
    }
    raiseHead(body, rise: body.neckRise)
    tailRoot = V3(0, height + body.hips * 0.45, -z - body.hips * 0.75)
  }

  private mutating func addHindleg(_ body: Physique, x: Float, hip: V3, swing: Float) {
    hindlegs.append([
      V3(x, hip.y - 0.15, hip.z), V3(x * 1.1, body.leg * 0.72, hip.z + 0.3 + swing * 0.4),
      V3(x * 1.1, body.leg * 0.36, hip.z - 0.32 + swing * 0.8),
      V3(x * 1.1, body.paw * 0.8, hip.z - 0.15 + swing),
    ])
  }

  private mutating func sit(_ body: Physique) {
    let hips = V3(0, body.hips * 0.9, -0.4 * body.torso)
    let height = body.leg + body.chest * 0.75
    let rise = height - hips.y
    let span = max(body.torso * body.torso - rise * rise, 0.6).squareRoot()
    let chest = V3(0, height, hips.z + span * 0.85)
    spine = [hips, mix(hips, chest, 0.5) + V3(0, 0, -0.12), chest]
    spineRadii = [body.hips, (body.waist + body.hips) / 2, body.chest * 0.92]
    for side: Float in [-1, 1] {
      let x = body.chest * 0.5 * side
      forelegs.append([
        V3(x, height - 0.3, chest.z + 0.1), V3(x * 0.95, height * 0.5, chest.z + 0.16),
        V3(x * 0.9, body.paw * 0.8, chest.z + 0.3),
      ])
      thighs.append(V3(body.hips * 0.72 * side, body.hips * 0.72, hips.z + 0.4))
      let paw = V3(body.hips * 0.98 * side, body.paw * 0.7, hips.z + 0.6 + body.leg * 0.4)
      hindlegs.append([paw - V3(0, 0, 0.7), paw - V3(0, 0, 0.4), paw - V3(0, 0, 0.2), paw])
    }
    raiseHead(body, rise: 1.25)
    tailRoot = V3(0, body.paw, hips.z - body.hips * 0.85)
    tailLies = true
  }

  private mutating func lie(_ body: Physique, headUp: Bool) {
    let z = body.torso * 0.45
    let rear = V3(0, body.hips * 0.88, -z)
    let chest = V3(0, body.chest * 0.92, z)
    spine = [rear, V3(0, body.waist, 0), chest]
    spineRadii = [body.hips, body.waist * 1.05, body.chest * 0.95]
    for side: Float in [-1, 1] {
      let x = body.chest * 0.68 * side
      forelegs.append([
        V3(x, chest.y * 0.8, z), V3(x, body.legRadius * 1.3, z - 0.1),
        V3(x * 0.9, body.paw * 0.7, z + body.leg * 0.45 + body.chest * 0.5),
      ])
      thighs.append(V3(body.hips * 0.75 * side, body.hips * 0.6, rear.z + 0.3))
      let paw = V3(body.hips * 1.05 * side, body.paw * 0.7, rear.z + 1)
      hindlegs.append([paw - V3(0, 0, 0.7), paw - V3(0, 0, 0.4), paw - V3(0, 0, 0.2), paw])
    }
    if headUp {
      raiseHead(body, rise: 1.15)
    } else {
      neckBase = chest + V3(0, 0.1, body.chest * 0.4)
      head = V3(0, body.head * 0.78, z + body.chest * 0.7 + body.head * 0.95)
    }
    tailRoot = V3(0, body.paw * 0.9, rear.z - body.hips * 0.85)
    tailLies = true
  }

  private mutating func stretch(_ body: Physique) {
    let z = body.torso / 2
    let rear = V3(0, body.leg + body.hips * 0.55, -z * 0.8)
    let chest = V3(0, body.chest * 0.95, z * 0.9)
    spine = [rear, mix(rear, chest, 0.5) + V3(0, -0.1, 0), chest]
    spineRadii = [body.hips, body.waist, body.chest]
    for side: Float in [-1, 1] {
      let x = body.chest * 0.65 * side
      forelegs.append([
        V3(x, chest.y * 0.7, chest.z), V3(x, body.legRadius * 1.2, chest.z + 0.3),
        V3(x, body.paw * 0.7, chest.z + 0.5 + body.leg * 0.7),
      ])
      addHindleg(body, x: body.hips * 0.55 * side, hip: rear, swing: 0)
    }
    raiseHead(body, rise: 0.7)
    tailRoot = rear + V3(0, body.hips * 0.55, -body.hips * 0.7)
  }

  private mutating func curl(_ body: Physique) {
    let ring = body.torso * 0.33 + body.hips * 0.35
    for (k, angle) in stride(from: Float(1.15), through: 5.3, by: 0.83).enumerated() {
      let t = Float(k) / 5
      let r = mix(body.hips, body.chest, t)
      spine.append(V3(sin(angle) * ring, r * 0.85, cos(angle) * ring))
      spineRadii.append(r * 0.95)
    }
    let chest = spine[spine.count - 1]
    neckBase = chest + V3(0.1, 0.1, 0.2)
    head = V3(sin(6.05) * ring * 1.15, body.head * 0.85, cos(6.05) * ring * 1.3 + 0.15)
    thighs = [V3(sin(0.95) * ring, body.hips * 0.7, cos(0.95) * ring + 0.1)]
    tailRoot = V3(sin(0.8) * ring, body.paw * 0.9, cos(0.8) * ring + body.hips * 0.6)
    tailLies = true
    // Straight back is -z; the tail runs in front of the body to the head.
    tailYaw = 1.75
    tailTurn = 0.5
    headPitch = -0.1
  }
}
