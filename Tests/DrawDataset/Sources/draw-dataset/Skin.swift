import Glibc

/// Colours of everything on an animal that is not fur, and how all of it takes the light.
struct Skin {
  var coat: Coat
  var nose: V3
  var inner: V3
  var iris: V3
  var collar: V3
  /// Width and height of the pupil as shares of the eye.
  var pupil: V2
  /// How far the lids are apart, 0 shut to 1.
  var lids: Float
  /// Whether the whole eye is iris.
  var fullIris: Bool

  init(_ species: Species, coat: Coat, asleep: Bool, _ random: inout RandomStream) {
    self.coat = coat
    let dark = V3(0.1, 0.08, 0.08)
    let pink = V3(0.78, 0.5, 0.48)
    inner = mix(random.near(pink, 0.06), coat.base, random.between(0.1, 0.6))
    collar = random.pick([
      V3(0.75, 0.15, 0.15), V3(0.15, 0.3, 0.7), V3(0.15, 0.5, 0.3), V3(0.15, 0.13, 0.13),
      V3(0.85, 0.6, 0.15), V3(0.6, 0.25, 0.6),
    ])
    lids = asleep ? 0 : random.between(0.7, 0.95)
    let light = [
      V3(0.55, 0.68, 0.25), V3(0.8, 0.65, 0.2), V3(0.8, 0.48, 0.15), V3(0.4, 0.62, 0.8),
      V3(0.45, 0.62, 0.42),
    ]
    let brown = [V3(0.3, 0.17, 0.08), V3(0.4, 0.24, 0.1), V3(0.2, 0.12, 0.07), V3(0.5, 0.33, 0.14)]
    switch species {
    case .cat:
      nose = random.chance(0.5) ? random.near(pink, 0.06) : random.near(dark, 0.04)
      iris = random.near(random.pick(light), 0.06)
      // A slit in bright light, nearly round in the dark.
      pupil = V2(random.pick(weighted: [2: Float(0.16), 1: 0.3, 1: 0.55]), 0.72)
      fullIris = true
    case .dog:
      nose = random.near(random.chance(0.85) ? dark : V3(0.4, 0.25, 0.2), 0.03)
      iris = random.chance(0.1) ? V3(0.5, 0.68, 0.8) : random.near(random.pick(brown), 0.04)
      pupil = V2(0.42, 0.42)
      fullIris = false
    }
  }

  /// The colour that leaves a point of a piece towards the viewer.
  func shade(
    _ p: V3, contact: Contact, solid: Solid, normal: V3, openness: Float, scene: SceneFrames,
    light: Light
  ) -> V3 {
    let model = scene.model(p)
    switch solid.surface {
    case .fur:
      return fur(p, model, contact, normal, openness, scene, light)
    case .ear:
      let q = solid.frame.local(p)
      let n = solid.frame.localDirection(normal)
      guard case .triangle(let w, let height, _, _) = solid.form, n.z > 0.2 else {
        return fur(p, model, contact, normal, openness, scene, light)
      }
      let edge = 1 - abs(q.x) / (w * max(1 - q.y / height, 0.02))
      let skin = smoothstep(0.1, 0.35, edge) * smoothstep(-0.1, 0.1, q.y)
      let outer = fur(p, model, contact, normal, openness, scene, light)
      let depth = 0.55 + 0.45 * clamp(q.y / height)
      let within = light.matt(inner * depth, normal: normal, openness: openness, fuzz: 0)
      return mix(outer, within, skin)
    case .nose:
      let wet = light.gloss(normal: normal, sharpness: 4)
      return light.matt(nose, normal: normal, openness: openness, fuzz: 0) + wet * 0.5
    case .eye:
      return eye(solid.frame.local(p), solid, normal, light)
    case .tongue:
      return light.matt(V3(0.86, 0.42, 0.45), normal: normal, openness: openness, fuzz: 0)
        + light.gloss(normal: normal, sharpness: 4) * 0.2
    case .mouth:
      return V3(0.16, 0.06, 0.06)
    case .collar:
      return light.matt(collar, normal: normal, openness: openness, fuzz: 0)
    }
  }

  private func fur(
    _ p: V3, _ model: V3, _ contact: Contact, _ normal: V3, _ openness: Float,
    _ scene: SceneFrames, _ light: Light
  ) -> V3 {
    let h = scene.head.local(p)
    let onHead = scene.headSolids.contains(contact.solid)
    // Tufts tilt the surface.
    let q = model * mix(9, 5, coat.length)
    let noise = coat.noise
    let tilt = V3(noise.value(q), noise.value(q + 40), noise.value(q + 80)) - 0.5
    let n = normalize(normal + tilt * mix(0.35, 0.8, coat.length))
    var color = coat.color(
      model, head: h, onHead: onHead, normal: scene.camera.localDirection(normal),
      tone: contact.tone)
    color *= 0.9 + 0.2 * noise.value(q * 2.5)
    var result = light.matt(color, normal: n, openness: openness, fuzz: 0.35)
    if onHead {
      let dark = scene.creases.reduce(Float(0)) { max($0, $1.darkness(h)) }
      result = mix(result, result * 0.15 + 0.02, dark * 0.9)
      // A dark rim makes eyes stand out on any coat.
      result *= 1 - 0.55 * scene.eyeRim(p)
    }
    return result
  }

  private func eye(_ p: V3, _ solid: Solid, _ normal: V3, _ light: Light) -> V3 {
    guard case .ellipsoid(let radii) = solid.form else { return .zero }
    let q = p / radii
    let uv = V2(q.x, q.y)
    let lidLine = lids * (1 - 0.65 * uv.x * uv.x)
    if lids == 0 {
      let line = smoothstep(0.16, 0.08, abs(uv.y + 0.25 - 0.3 * uv.x * uv.x))
      return light.matt(
        mix(coat.base * 0.8, V3(repeating: 0.05), line), normal: normal, openness: 1, fuzz: 0)
    }
    guard abs(uv.y) < lidLine else { return V3(0.06, 0.05, 0.05) }
    let r = length(uv)
    let reach: Float = fullIris ? 0.93 : 0.72
    var color = V3(0.85, 0.83, 0.8) * (fullIris ? 0.3 : 0.7)
    color = mix(color, iris * (0.7 + 0.5 * clamp(0.5 - uv.y)), smoothstep(reach, reach - 0.12, r))
    color = mix(color, V3(repeating: 0.03), smoothstep(1.05, 0.9, length(uv / pupil)))
    // Eyes shine by themselves a little: they must read in dim light too.
    var result = light.matt(color, normal: normal, openness: 1, fuzz: 0) * 0.7 + color * 0.4
    let spark = smoothstep(0.2, 0.1, length(uv - V2(-0.22, 0.3)))
    result = mix(result, V3(repeating: 0.95), spark)
    return result
  }
}

/// Where things are in the view, for shading.
struct SceneFrames {
  /// From the animal to the view.
  let camera: Frame
  /// From the head to the view.
  let head: Frame
  let headSolids: Range<Int>
  let creases: [Crease]
  /// Eyes in view axes.
  let eyes: [Solid]

  init(_ sculpture: Sculpture, _ placed: [Solid], camera: Frame) {
    self.camera = camera
    head = camera.containing(sculpture.head)
    headSolids = sculpture.headSolids
    creases = sculpture.creases
    eyes = placed.filter { $0.surface == .eye }
  }

  /// A point of the view in the animal's axes.
  func model(_ p: V3) -> V3 { camera.local(p) }

  /// 1 at the edge of an eye, 0 away from it.
  func eyeRim(_ p: V3) -> Float {
    let d = eyes.reduce(Float.infinity) { min($0, $1.distance(p)) }
    return smoothstep(0.09 * head.scale, 0.02 * head.scale, d)
  }
}
